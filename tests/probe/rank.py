"""One rank of two: trains under DistributedDataParallel, and leaves what both saw. Run by test_ranks.py."""

import os
import pickle
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import TensorDataset

import relume
from relume.probe.watch import Watch
from relume.types import Readings

STEPS, BATCH = 5, 8


def network() -> nn.Sequential:
    torch.manual_seed(0)
    convolution = [nn.Conv2d(2, 4, 3), nn.ReLU(inplace=True), nn.Flatten()]
    return nn.Sequential(*convolution, nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 1)).double()


def data() -> TensorDataset:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(STEPS * BATCH, 2, 6, 6, generator=generator, dtype=torch.float64)
    return TensorDataset(inputs, inputs.sum((1, 2, 3)))


def train(model: nn.Module, watch: Watch, batches: list[tuple[Tensor, Tensor]]) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = (model(inputs).squeeze(1) - targets).square().mean()
        watch.loss(loss)
        loss.backward()
        optimizer.step()


def main(rank: int, store: Path, result: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    model = DistributedDataParallel(network())
    batches = [data()[start + rank : start + BATCH : 2] for start in range(0, STEPS * BATCH, BATCH)]
    with relume.watch(model) as watch:
        train(model, watch, batches)
    readings: Readings = watch.gathered()
    # The first rank keeps what the ranks meet in, so it goes last; and nobody waits for threads of gloo.
    left = result.with_suffix(".left")
    if rank == 0:
        result.write_bytes(pickle.dumps(readings))
        while not left.exists():
            time.sleep(0.05)
    else:
        left.touch()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
