"""Where a unit's values are centred."""

from relume.probe.statistics.statistic import Statistic, ratio

mean = Statistic(
    name="mean",
    of=lambda reading: ratio(reading.value.sum, reading.value.count),
    unit="value",
    definition="mean of a unit's values; a large one against the spread slows the layer behind",
)
