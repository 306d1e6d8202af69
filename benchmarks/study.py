"""Networks x steps per second: the stacked engine against the plain PyTorch loop, side by side in one run.

    python benchmarks/study.py                                      # momentum, as relume why; ReLU
    python benchmarks/study.py --optimizer adam --activations relu,tanh,gelu --inputs 784

Each round times a step of all networks by the plain loop, then by the stacked engine, so that a slow moment
of the machine hits both. The figures are medians over the rounds; of the ratio, the smallest and the largest
round too.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.studies.initialisation import initialise
from relume.studies.mlp import MLP
from relume.studies.optimizers import STACKED_OPTIMIZERS, torch_optimizer
from relume.studies.protocol import OPTIMIZERS, OptimizerName, weight_generator
from relume.studies.stack import Stack, StackTraining
from relume.studies.stacked import cut

WIDTHS = (32, 64, 128, 256)
NETWORKS, DEPTH, BATCH, CLASSES = 64, 10, 128, 10
LEARNING_RATE = 0.01


def plain_step(models: list[nn.Module], optimizer: OptimizerName, x: Tensor, y: Tensor) -> Callable[[], None]:
    optimizers = [torch_optimizer(optimizer, list(model.parameters()), LEARNING_RATE) for model in models]

    def step() -> None:
        for model, one in zip(models, optimizers, strict=True):
            one.zero_grad()
            F.cross_entropy(model(x), y).backward()
            one.step()

    return step


def stacked_step(
    network: MLP,
    models: list[nn.Module],
    used: list[Activation],
    optimizer: OptimizerName,
    x: Tensor,
    y: Tensor,
) -> Callable[[], None]:
    stacks = [
        StackTraining(
            Stack([models[i] for i in part], [used[i] for i in part], [0] * len(part)),
            [LEARNING_RATE] * len(part),
            STACKED_OPTIMIZERS[optimizer],
        )
        for part in cut(range(len(models)), network, BATCH)
    ]

    def step() -> None:
        for stack in stacks:
            stack.step(x[None], y[None])

    return step


def seconds(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def compare(
    width: int, inputs: int, names: list[str], optimizer: OptimizerName, rounds: int
) -> tuple[float, float, list[float]]:
    """Networks x steps per second, plain and stacked, and the ratio of every round."""
    network = MLP(DEPTH, width)
    used = sorted((activations[names[i % len(names)]] for i in range(NETWORKS)), key=lambda a: a.name)
    models: list[nn.Module] = []
    for seed, activation in enumerate(used):
        models.append(network.build(activation, inputs=inputs, classes=CLASSES))
        initialise(models[-1], "he", activation, generator=weight_generator(seed))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, inputs, generator=generator)
    y = torch.randint(CLASSES, (BATCH,), generator=generator)
    stacked, plain = stacked_step(network, models, used, optimizer, x, y), plain_step(models, optimizer, x, y)
    times = [(seconds(plain), seconds(stacked)) for _ in range(rounds + 2)][2:]  # two to warm up
    plain_median, stacked_median = (statistics.median(column) for column in zip(*times, strict=True))
    return NETWORKS / plain_median, NETWORKS / stacked_median, [p / s for p, s in times]


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor()
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="momentum")
    parser.add_argument("--activations", default="relu", help="names, separated by commas")
    parser.add_argument("--inputs", type=int, help="input features; as many as the width if not given")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console()
    table = Table(
        title=f"{NETWORKS} MLPs of depth {DEPTH}, batch {BATCH}, {options.optimizer}, {options.activations}, "
        f"{options.inputs or 'width'} inputs",
        caption=f"{processor()}, {options.threads} thread(s), torch {torch.__version__}, "
        f"{options.rounds} rounds",
    )
    for heading in (
        "width",
        "plain, networks x steps / s",
        "stacked",
        "stacked / plain",
        "smallest - largest",
    ):
        table.add_column(heading, justify="right")
    names = options.activations.split(",")
    with console.status("measuring"):
        for width in WIDTHS:
            plain, stacked, ratios = compare(
                width, options.inputs or width, names, options.optimizer, options.rounds
            )
            table.add_row(
                str(width),
                f"{plain:,.0f}",
                f"{stacked:,.0f}",
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f} - {max(ratios):.2f}",
            )
    console.print(table)


if __name__ == "__main__":
    main()
