"""How the loss went: whether it falls, where it leapt, how much it swings."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relume.diagnosis.learning import loss_falls
from relume.types import PerUnit, Readings, Steps

Course = Literal["unknown", "not finite", "grows", "flat", "falls"]

MINIMUM_LOSSES = 9  # fewer are no curve
HALVED = 0.5
RECOVERED = 0.25  # the last level over the first loss: what was large at first has done no harm then
GROWTH = 1.0  # of the loss at the start: twice of it at the end
# The loss of one batch is rarely three times the greatest of all batches before it.
LEAP = 3.0
FEWEST_STILL = 10  # steps: fewer are no loss of time
STANDSTILL = 0.2  # of the loss: it falls by more in the first third, where anything is learnt
FIRST_SHARE, LAST_SHARE = 0.1, 0.25  # of the steps, whose median loss is the level there


@dataclass(frozen=True, slots=True)
class Leap:
    """Where the loss rose most above all that had been seen."""

    step: int  # whose update raised it
    before: float  # the greatest loss until then
    after: float

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
    # A loss that leapt at once and came back ends where it began. One that is half of what it was has fallen,
    # however much it swings.
    losses = known(readings.steps)
    halved = losses[-len(losses) // 3 :].mean() < HALVED * start
    return "falls" if end < start and (falls or halved) else "flat"


def is_idle(readings: Readings) -> bool:
    """Whether the loss stood still at first and came to nothing later: hardly a training that works does."""
    return stood_still(readings.steps) and course(readings) == "flat"


def has_recovered(steps: Steps) -> bool:
    """Whether the loss has come down to a quarter of its first, whatever it did in between."""
    return has_curve(steps) and bool(levels(steps)[1] < RECOVERED * known(steps)[0])


def levels(steps: Steps) -> tuple[float, float]:
    """The median loss of the first tenth of the steps, and of the last quarter; nan where none was given.

    Where the loss leapt within that tenth, it began before the leap. Where it fell so fast that most of the
    tenth is low, it began at the first one.
    """
    losses = known(steps)
    if not len(losses):
        return math.nan, math.nan
    first = losses[: max(1, round(len(losses) * FIRST_SHARE))]
    leaps = np.flatnonzero(np.abs(first[1:]) > LEAP * np.maximum.accumulate(np.abs(first))[:-1])
    first = first[: int(leaps[0]) + 1] if len(leaps) else first
    last = losses[-max(1, round(len(losses) * LAST_SHARE)) :]
    start = float(np.median(first))
    fell = start < HALVED * abs(losses[0])
    return float(losses[0]) if fell else start, float(np.median(last))


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
    return Leap(int(numbers[worst]), float(highest[worst]), float(sizes[worst + 1]))


def has_curve(steps: Steps) -> bool:
    """Whether enough losses were given, and all of them numbers."""
    losses = known(steps)
    return len(losses) >= MINIMUM_LOSSES and bool(np.isfinite(losses).all())


def swing(steps: Steps) -> float:
    """The median change from one loss to the next over the median loss; nan where there is no curve."""
    losses = known(steps)
    if not has_curve(steps):
        return math.nan
    level = float(np.median(np.abs(losses)))
    return float(np.median(np.abs(np.diff(losses)))) / level if level > 0 else math.nan


def stood_still(steps: Steps) -> bool:
    """Whether the loss did not fall by a fifth over the first third of the steps."""
    losses = known(steps)
    early = losses[: len(losses) // 3]
    if len(early) < FEWEST_STILL or not np.isfinite(losses).all():
        return False
    start, end = np.median(early[: len(early) // 3]), np.median(early[-(len(early) // 3) :])
    return bool(start - end < STANDSTILL * abs(start))


def rebound(steps: Steps) -> tuple[float, float]:
    """The level the loss ended at over the lowest before, and the share of its fall that is lost again.

    Levels are medians of a tenth of the steps; (1, 0) where it never rose for long, nan where there is no
    curve.
    """
    losses = known(steps)
    tenth = len(losses) // 10
    if tenth < 2 or not np.isfinite(losses).all():
        return math.nan, math.nan
    levels_ = np.median(losses[: 10 * tenth].reshape(10, tenth), axis=1)
    lowest, end, fall = float(levels_.min()), float(levels_[-3:].min()), float(levels_[0] - levels_.min())
    return (end / lowest if lowest > 0 else math.nan), (end - lowest) / fall if fall > 0 else 0.0
