"""Which units are dead: never above 0 in the window, or never again since training silenced them."""

import numpy as np
from numpy.typing import NDArray

from relume.diagnosis.feeding import before
from relume.diagnosis.losses import LEAP, Leap, course, share_until, worst_leap
from relume.types import Reading, Readings, Sums

# Before it, at most: later, what fires rarely and what died cannot be told apart.
SHARE_BEFORE_LEAP = 0.25
# Of the gradients that leave a site, the share it has to lose. A layer of eight living units is silent as a
# whole on 1 example in 256; a pooling behind a site leaves it most gradients 0 too, but not its units silent.
BLOCKED = 0.5


def silenced(readings: Readings, reading: Reading) -> NDArray[np.bool_]:
    """Which units [units] are dead, as far as sums over the whole window tell.

    A unit whose every value is 0 is. One that fired before it died shows by what happened around it: the
    loss leapt early and it fired no more often than it was asked until then; or its whole layer has let none
    of the gradient through for most examples.
    """
    value = reading.value
    dead: NDArray[np.bool_] = (value.count > 0) & (value.zeros == value.count)
    for lived in (_share_before_leap(readings, reading), 1 - blocked_share(readings, reading)):
        if lived < 1:
            dead |= np.isfinite(value.sum) & (value.fired <= lived * value.count)
    return dead


def fatal_leap(readings: Readings) -> Leap | None:
    """The worst leap of the loss, if it is one."""
    leap = worst_leap(readings.steps)
    return leap if leap and leap.factor >= LEAP else None


def blocked_share(readings: Readings, reading: Reading) -> float:
    """For which share of examples a site let no gradient through as a whole; 0 if it may be by design.

    What arrives at the site before is exactly 0 wherever all units of this one are silent.
    """
    source = before(readings, reading)
    if source is None or source is readings.input or course(readings) not in ("flat", "grows", "not finite"):
        return 0.0
    share = _zero_share(source.gradient)
    value = reading.value
    is_own = _zero_share(reading.gradient) < BLOCKED <= share
    return share if is_own and bool((value.fired <= (1 - share) * value.count).all()) else 0.0


def _share_before_leap(readings: Readings, reading: Reading) -> float:
    """The share of the examples up to an early leap of the loss; 1 if there was none."""
    leap = fatal_leap(readings)
    if leap is None or leap.step not in reading.steps:
        return 1.0
    share = share_until(readings.steps, leap.step, reading.steps)
    return share if share <= SHARE_BEFORE_LEAP else 1.0


def _zero_share(gradient: Sums) -> float:
    count = float(gradient.count.sum())
    return float(gradient.zeros.sum()) / count if count else 0.0
