"""How the loss went: whether it falls, where it leapt, how much it swings."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relume.diagnosis.learning import loss_falls
from relume.types import PerUnit, Readings, Steps

Course = Literal["unknown", "not finite", "grows", "flat", "falls"]

MINIMUM_LOSSES = 5  # fewer are no curve
GROWTH = 1.0  # of the loss at the start: twice of it at the end
FIRST_SHARE, LAST_SHARE = 0.1, 0.25  # of the steps, whose median loss is the level there


@dataclass(frozen=True, slots=True)
class Leap:
    """Where the loss rose most above all that had been seen."""

    step: int  # whose update raised it
    before: float  # the greatest loss until then
    after: float
    share_before: float  # of all examples, those seen up to and with that step

    @property
    def factor(self) -> float:
        """How many times higher it went; inf if it was not finite."""
        return abs(self.after) / self.before if self.before > 0 else math.inf


def known(steps: Steps) -> PerUnit:
    """The losses that were given."""
    return steps.losses[~np.isnan(steps.losses)]


def course(readings: Readings) -> Course:
    """Where the loss went from its start to its end."""
    if not np.isfinite(known(readings.steps)).all():
        return "not finite"
    falls = loss_falls(readings)
    if falls is None:
        return "unknown"
    start, end = levels(readings.steps)
    if end - start > GROWTH * abs(start):
        return "grows"
    # A loss that leapt at once and came back ends where it began.
    return "falls" if falls and end < start else "flat"


def levels(steps: Steps) -> tuple[float, float]:
    """The median loss of the first tenth of the steps, and of the last quarter; nan where none was given."""
    losses = known(steps)
    if not len(losses):
        return math.nan, math.nan
    first = losses[: max(1, round(len(losses) * FIRST_SHARE))]
    last = losses[-max(1, round(len(losses) * LAST_SHARE)) :]
    # The lower of two in the middle: of a first loss and one that leapt, the first is the start.
    return float(np.sort(first)[(len(first) - 1) // 2]), float(np.median(last))


def worst_leap(steps: Steps) -> Leap | None:
    """The step after which the loss rose most above the greatest before it; None if it never did."""
    given = ~np.isnan(steps.losses)
    sizes, numbers = np.abs(steps.losses[given]), steps.numbers[given]
    if len(sizes) < 2:
        return None
    highest = np.maximum.accumulate(sizes)[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.nan_to_num(sizes[1:] / highest, nan=0.0, posinf=np.inf)
    worst = int(np.argmax(factors))
    if factors[worst] <= 1:
        return None
    step = int(numbers[worst])
    return Leap(step, float(highest[worst]), float(sizes[worst + 1]), _share_until(steps, step))


def swing(steps: Steps) -> float:
    """The median change from one loss to the next over the median loss; nan where there is no curve."""
    losses = known(steps)
    if len(losses) < MINIMUM_LOSSES or not np.isfinite(losses).all():
        return math.nan
    level = float(np.median(np.abs(losses)))
    return float(np.median(np.abs(np.diff(losses)))) / level if level > 0 else math.nan


def _share_until(steps: Steps, step: int) -> float:
    until = steps.numbers <= step
    if steps.examples.sum() == 0:
        return float(until.mean())
    return float(steps.examples[until].sum() / steps.examples.sum())
