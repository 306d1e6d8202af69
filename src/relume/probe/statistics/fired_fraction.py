"""How often a unit is above 0."""

from relume.probe.statistics.statistic import Statistic, ratio

fired_fraction = Statistic(
    name="fired_fraction",
    of=lambda reading: ratio(reading.value.fired, reading.value.count),
    unit="1",
    definition="share of a unit's values above 0; a rectifier unit where it is 0 is dead over the window",
)
