"""How often a unit is exactly 0."""

from relume.probe.statistics.statistic import Statistic, ratio

zero_fraction = Statistic(
    name="zero_fraction",
    of=lambda reading: ratio(reading.value.zeros, reading.value.count),
    unit="1",
    definition="share of a unit's values that are exactly 0; 0.5 for ReLU of a centred input",
)
