"""What all networks of a study share: the optimiser, the batches, and the examples they are measured on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from relume.errors import PlanError
from relume.studies.data import Dataset
from relume.types import Setting

OptimizerName = Literal["sgd", "momentum", "adam", "adamw"]
OPTIMIZERS: tuple[OptimizerName, ...] = get_args(OptimizerName)
Advance = Callable[[int], object]  # told after every step how many networks took it
PROBE_EXAMPLES = 512  # enough for a zero fraction to +-0.3 % over a layer of 64 units


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How every network of a study is trained."""

    optimizer: OptimizerName = "momentum"
    batch_size: int = 128
    steps: int = 300

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise PlanError(f"unknown optimiser {self.optimizer!r}: choose one of {', '.join(OPTIMIZERS)}.")
        if self.batch_size < 1 or self.steps < 1:
            raise PlanError(
                "a study needs at least one step and one example a batch: "
                f"got {self.steps} steps of {self.batch_size}."
            )


@dataclass(frozen=True, slots=True)
class Job:
    """One network to train."""

    setting: Setting
    seed: int


def batch_order(examples: int, training: Training, seed: int) -> Tensor:
    """Indices of the training examples of every step, [steps, batch]: epoch after epoch, each shuffled anew.

    An epoch's last, incomplete batch is left out. The order depends on the seed alone, so that all
    networks of a seed see the same batches: their differences are paired.
    """
    generator = torch.Generator().manual_seed(seed)
    batch_size = min(training.batch_size, examples)
    per_epoch = examples // batch_size
    epochs = -(-training.steps // per_epoch)
    shuffled = [
        torch.randperm(examples, generator=generator)[: per_epoch * batch_size] for _ in range(epochs)
    ]
    return torch.cat(shuffled).view(-1, batch_size)[: training.steps]


def orders(examples: int, training: Training, jobs: Sequence[Job]) -> dict[int, Tensor]:
    """The batch order of every seed among the jobs."""
    return {seed: batch_order(examples, training, seed) for seed in sorted({job.seed for job in jobs})}


def probe(data: Dataset) -> tuple[Tensor, Tensor]:
    """The training examples on which a network's layers are measured before and after training."""
    return data.train_x[:PROBE_EXAMPLES], data.train_y[:PROBE_EXAMPLES]


def weight_generator(seed: int) -> torch.Generator:
    """The source of a network's initial weights, apart from that of its batches."""
    return torch.Generator().manual_seed(2**32 + seed)
