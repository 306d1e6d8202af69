"""How a quantity changes over the depth of a network, whatever a few branches beside the trunk do."""

import math
from collections.abc import Sequence

import numpy as np

FEWEST = 3  # layers a trend has
# Three orders of magnitude. ReLU by He's rule keeps the signal; weights three times too large reach 2e3 in
# eight layers. Residual sums without normalisation double at most every two layers; fifty plain layers of
# ReLU behind batch normalisation reach 1.4e4 in the gradient; AUTOTRAINER warns from 70, for weights'
# gradients.
LARGEST_GROWTH = 1e3
# Two orders are enough where each layer more than doubles it: depth alone does not do that.
STEEP_GROWTH, STEEP_FACTOR = 1e2, 2.0


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


def is_too_much(growth: float, layers: int, *, fewest: int = FEWEST) -> bool:
    """Whether a signal or a gradient grows by orders of magnitude, or at a rate that soon will."""
    steep = layers >= fewest and growth ** (1 / (layers - 1)) > STEEP_FACTOR
    return growth > (STEEP_GROWTH if steep else LARGEST_GROWTH)


def mean_square_factor(growth: float, layers: int) -> float:
    """By how much each of so many layers multiplies a mean square whose root grew by `growth` over them."""
    return float(growth ** (2 / max(layers - 1, 1)))


def _steadily(logs: np.ndarray) -> float:
    first, second = np.triu_indices(len(logs), k=1)
    slope = float(np.median((logs[second] - logs[first]) / (second - first)))
    return math.exp(min(slope * (len(logs) - 1), 700.0))
