"""What a reading's sums say, a file a statistic; each is a `Statistic` found by its name."""

from relume._collect import collect
from relume.probe.statistics.statistic import Statistic

statistics = collect(__name__, Statistic, listing="relume.probe.statistics.statistics")
