"""How far a unit ever went."""

from relume.probe.statistics.statistic import Statistic

largest = Statistic(
    name="largest",
    of=lambda reading: reading.value.largest,
    unit="value",
    definition="greatest absolute value of a unit",
)
