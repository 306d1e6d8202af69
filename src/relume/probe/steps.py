"""What is known of each watched step of a window: its number, duration, examples, loss and learning rate."""

import time
from math import nan

import numpy as np
import torch
from torch import Tensor

from relume.types import Counts, PerUnit, Steps


class StepLog:
    """Notes steps as they end. Losses stay on their device until they are read."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._seconds: list[float] = []
        self._examples: list[int] = []
        self._learning_rates: list[float] = []
        self._losses: list[Tensor] = []
        self._loss_counts: list[
            int
        ] = []  # of each step: gradients accumulated over four batches are four losses
        self._losses_before = 0
        self._ended_at = nan

    def __len__(self) -> int:
        return len(self._numbers)

    def note_loss(self, loss: Tensor | float) -> None:
        """Note a loss of the step at work."""
        self._losses.append(torch.as_tensor(loss).detach().double().mean().clone())

    def end_step(self, number: int, *, examples: int, learning_rate: float, is_watched: bool) -> None:
        """Note the end of a step."""
        now = time.perf_counter()
        if is_watched:
            self._numbers.append(number)
            self._seconds.append(now - self._ended_at)
            self._examples.append(examples)
            self._learning_rates.append(learning_rate)
            self._loss_counts.append(len(self._losses) - self._losses_before)
        else:
            del self._losses[self._losses_before :]
        self._losses_before = len(self._losses)
        self._ended_at = now

    def read(self) -> Steps:
        """The steps since the last reading."""
        ended, pending = self._losses[: self._losses_before], self._losses[self._losses_before :]
        steps = Steps(
            numbers=np.array(self._numbers, dtype=np.int64),
            seconds=np.array(self._seconds, dtype=np.float64),
            examples=np.array(self._examples, dtype=np.int64),
            losses=_means(ended, np.array(self._loss_counts, dtype=np.int64)),
            learning_rates=np.array(self._learning_rates, dtype=np.float64),
        )
        for noted in (self._numbers, self._seconds, self._examples, self._learning_rates, self._loss_counts):
            noted.clear()
        self._losses, self._losses_before = pending, 0
        return steps


def _means(losses: list[Tensor], counts: Counts) -> PerUnit:
    """The mean loss of each step, in one transfer; nan where none was given."""
    if not losses:
        return np.full(len(counts), nan)
    values = torch.stack([loss.to(losses[0].device) for loss in losses]).cpu().numpy()
    values = np.where(np.isnan(values), np.inf, values)  # NaN already says that no loss was given
    step = np.repeat(np.arange(len(counts)), counts)
    totals = np.bincount(step, weights=values, minlength=len(counts))
    return np.where(counts > 0, totals / np.maximum(counts, 1), nan)
