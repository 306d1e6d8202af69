"""How often a unit sits on a flat end."""

from relume.probe.statistics.statistic import Statistic, ratio

flat_fraction = Statistic(
    name="flat_fraction",
    of=lambda reading: ratio(reading.value.flat, reading.value.count),
    unit="1",
    definition="share of a unit's values on a flat end of the activation, where its slope is below 0.05",
)
