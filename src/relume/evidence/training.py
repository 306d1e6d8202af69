"""Trains one network for a claim, in a chosen precision, at the best learning rate of a grid."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from relume.studies.data import Dataset
from relume.studies.optimizers import MOMENTUM
from relume.studies.protocol import Training, batch_order

Precision = Literal["float32", "bfloat16", "float16"]
# Rates are chosen on seeds of their own, so that what is reported was not selected.
SELECTION_SEEDS = (1_000_000, 1_000_001)
FINAL_SHARE = 0.1  # of the steps: the loss at the end is the mean over these


@dataclass(frozen=True, slots=True)
class History:
    """The loss of every step's batch, in nats; it ends where one was not finite."""

    losses: tuple[float, ...]
    diverged: bool

    @property
    def final_loss(self) -> float:
        """The mean over the last tenth of the steps; infinite where training diverged.

        >>> History((4.0, 2.0, 1.0), diverged=False).final_loss
        1.0
        """
        if self.diverged:
            return math.inf
        last = self.losses[-max(1, round(FINAL_SHARE * len(self.losses))) :]
        return sum(last) / len(last)


def train(  # noqa: PLR0913 - each is one choice of an experiment
    model: nn.Module,
    data: Dataset,
    *,
    seed: int,
    rate: float,
    training: Training,
    precision: Precision = "float32",
    weight_decay: float = 0.0,
    after_step: Callable[[nn.Module], object] | None = None,
) -> History:
    """Train `model` in place by SGD with momentum, on the batches of the seed.

    Weights and updates are float32; with another precision the forward and the backward pass run under
    autocast, as mixed-precision training is usually done, for float16 with a scaled loss.

    Parameters
    ----------
    training
        Of it the steps and the batch size.
    after_step
        Called with the model after each update, as for a constraint on its weights.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM, weight_decay=weight_decay)
    scaler = torch.amp.GradScaler("cpu", enabled=precision == "float16")
    losses: list[float] = []
    model.train()
    for batch in batch_order(len(data.train_y), training, seed):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=getattr(torch, precision), enabled=precision != "float32"):
            logits = model(data.train_x[batch])
        loss = F.cross_entropy(logits.float(), data.train_y[batch])
        if not math.isfinite(loss.item()):
            return History(tuple(losses), diverged=True)
        losses.append(loss.item())
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        if after_step is not None:
            after_step(model)
    return History(tuple(losses), diverged=False)


def best_rate(final_loss: Callable[[float, int], float], rates: Sequence[float]) -> float:
    """The learning rate of the lowest final loss, on average over seeds that are not reported.

    Parameters
    ----------
    final_loss
        Called with a rate and a seed; infinite where training diverges.

    >>> best_rate(lambda rate, seed: abs(rate - 0.1), [0.01, 0.1, 1.0])
    0.1
    """
    return min(rates, key=lambda rate: sum(final_loss(rate, seed) for seed in SELECTION_SEEDS))


def thinned(losses: Sequence[float], *, points: int) -> Iterator[tuple[int, float]]:
    """The step in the middle of each stretch of the training, and the mean loss over it.

    >>> list(thinned([4.0, 2.0, 2.0, 1.0], points=2))
    [(1, 3.0), (3, 1.5)]
    """
    size = max(1, len(losses) // points)
    for start in range(0, len(losses) - size + 1, size):
        yield start + size // 2, mean(losses[start : start + size])


def guessing_loss(data: Dataset) -> float:
    """The loss of an answer that ignores its input: the entropy of the training labels, in nats."""
    shares = torch.bincount(data.train_y).double() / len(data.train_y)
    return float(-torch.special.xlogy(shares, shares).sum())
