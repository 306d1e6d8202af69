"""Between which values an activation is not flat: where saturation shows in the value itself."""

import math
from functools import cache

import torch

from relume.catalogue.activation import Activation

# A slope below this passes less than a twentieth of the gradient: sigmoid beyond |x| = 2.9, tanh beyond 2.2.
FLAT_SLOPE = 0.05
NO_FLAT_ENDS = (math.nan, math.nan)
_REACH = 40.0  # inputs looked at; every activation with a flat end is on it well before


@cache
def flat_bounds(activation: Activation) -> tuple[float, float]:
    """The values at and beyond which the slope is below `FLAT_SLOPE`: below, above; NaN where there is none.

    Only where the value tells: of an activation that is not monotone (GELU), one value belongs to several
    slopes, so both are NaN.

    Examples
    --------
    >>> from relume import activations
    >>> flat_bounds(activations["relu"])
    (0.0, nan)
    >>> [round(bound, 3) for bound in flat_bounds(activations["tanh"])]
    [-0.975, 0.975]
    """
    if activation.form != "elementwise" or activation.monotonicity == "non-monotone":
        return NO_FLAT_ENDS
    x = torch.linspace(-_REACH, _REACH, 800_001, dtype=torch.float64)
    steep = (activation.derivative(x).abs() >= FLAT_SLOPE).nonzero().flatten()
    if not len(steep):
        return NO_FLAT_ENDS
    values = activation.value(x)
    below = values[steep[0] - 1].item() if activation.flat_ends in ("left", "both") else math.nan
    above = values[steep[-1] + 1].item() if activation.flat_ends in ("right", "both") else math.nan
    return below, above
