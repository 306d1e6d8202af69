"""How much error signal arrives at a unit."""

import numpy as np

from relume.probe.statistics.statistic import Statistic, ratio

gradient_root_mean_square = Statistic(
    name="gradient_root_mean_square",
    of=lambda reading: np.sqrt(ratio(reading.gradient.sum_of_squares, reading.gradient.count)),
    unit="gradient",
    definition="root of the mean square of the gradient that arrives at a unit",
)
