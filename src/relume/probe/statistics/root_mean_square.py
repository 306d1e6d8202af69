"""How large a unit's values are."""

import numpy as np

from relume.probe.statistics.statistic import Statistic, ratio

root_mean_square = Statistic(
    name="root_mean_square",
    of=lambda reading: np.sqrt(ratio(reading.value.sum_of_squares, reading.value.count)),
    unit="value",
    definition="root of the mean square of a unit's values; what a depth of layers keeps or loses",
)
