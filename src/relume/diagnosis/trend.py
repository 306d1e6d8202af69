"""How a quantity changes over the depth of a network, whatever a few branches beside the trunk do."""

import math
from collections.abc import Sequence

import numpy as np

FEWEST = 3  # layers a trend has


def growth_over_depth(values: Sequence[float]) -> float:
    """By how much the values grow from first to last: steadily, or at once; 1 where there is no trend.

    The larger one of two measures that heed no single layer: the median slope over all pairs of layers
    (Theil-Sen: three tenths of the layers may be anything), and the median of the last third over the
    largest of the first.
    """
    known = np.array([value for value in values if math.isfinite(value) and value > 0])
    if len(known) < FEWEST:
        return 1.0
    third = len(known) // 3
    at_once = float(np.median(known[-third:]) / known[:third].max())
    return max(_steadily(np.log(known)), at_once)


def _steadily(logs: np.ndarray) -> float:
    first, second = np.triu_indices(len(logs), k=1)
    slope = float(np.median((logs[second] - logs[first]) / (second - first)))
    return math.exp(min(slope * (len(logs) - 1), 700.0))
