"""How often no error signal arrives at a unit."""

from relume.probe.statistics.statistic import Statistic, ratio

gradient_zero_fraction = Statistic(
    name="gradient_zero_fraction",
    of=lambda reading: ratio(reading.gradient.zeros, reading.gradient.count),
    unit="1",
    definition="share of the gradients arriving at a unit that are exactly 0",
)
