"""How much of the arriving gradient an activation passes on."""

import numpy as np

from relume.probe.statistics.statistic import Statistic, ratio
from relume.types import PerUnit, Reading


def _of(reading: Reading) -> PerUnit:
    if reading.passed is None:
        return np.full(reading.value.units, np.nan)
    return np.sqrt(ratio(reading.passed.sum_of_squares, reading.gradient.sum_of_squares))


passed_derivative = Statistic(
    name="passed_derivative",
    of=_of,
    unit="1",
    definition="rms of the gradient behind the activation over that arriving there; nan unless asked for",
)
