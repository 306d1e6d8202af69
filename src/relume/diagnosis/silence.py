"""Which units are dead: never above 0 in all that was seen, or silent in all of the last window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relume.diagnosis.losses import LEAP, Leap, worst_leap
from relume.types import Reading, Readings, Sums

# A unit that fires on 1 example in 1000 is missed by 3000 examples with probability e^-3, 5 %. Examples are
# counted, not values: the thousands of positions of one image are too alike to be so many trials.
UNIT_EXAMPLES = 3000
# A layer through which 1 example in 100 passes is missed by 300 with the same probability.
LAYER_EXAMPLES = 300
NEARLY_ALL = 0.95  # of its units: a layer is then judged as a whole


@dataclass(frozen=True, slots=True)
class Silence:
    """Units that do not fire, and on how many examples they did not."""

    units: NDArray[np.bool_]  # [units]
    examples: int
    began: bool  # whether some of them fired before: they died while it was watched

    @property
    def share(self) -> float:
        """Of all units."""
        return float(self.units.mean()) if len(self.units) else 0.0


def silence(readings: Readings, reading: Reading) -> Silence:
    """The dead units of a site: over all examples, or over the last window where more have died by then."""
    always = Silence(_are_silent(reading.value), reading.examples, began=False)
    last = readings.closing.readings.get(str(reading.site)) if readings.closing is not None else None
    if last is None or last.examples < LAYER_EXAMPLES or last.value.units != reading.value.units:
        return always
    units = _are_silent(last.value)
    fired_before = bool((units & (reading.value.fired > 0)).any())
    lately = Silence(units, last.examples, began=fired_before)
    is_enough = lately.share >= NEARLY_ALL or lately.examples >= UNIT_EXAMPLES
    return lately if is_enough and lately.share > always.share else always


def fatal_leap(readings: Readings) -> Leap | None:
    """The worst leap of the loss, if it is one."""
    leap = worst_leap(readings.steps)
    return leap if leap and leap.factor >= LEAP else None


def _are_silent(value: Sums) -> NDArray[np.bool_]:
    silent: NDArray[np.bool_] = (value.count > 0) & (value.zeros == value.count)
    return silent
