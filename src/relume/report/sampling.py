"""Points of an activation's curves, for drawing."""

from typing import Literal

import numpy as np
import torch

from relume.catalogue.activation import Activation
from relume.types import PerUnit

Order = Literal["value", "derivative", "second_derivative"]
BESIDE = 1e-6  # how near to a kink the curve is drawn


def inputs(activation: Activation, *, points: int = 801) -> PerUnit:
    """Choose [points] inputs about zero, beyond every kink, with a nan at each: curves may break there."""
    kinks = sorted(kink.at for kink in activation.kinks)
    reach = max([4.0, *(1.5 * abs(kink) for kink in kinks)])
    x = np.linspace(-reach, reach, points)
    pieces = np.split(x, np.searchsorted(x, kinks))
    joined = [pieces[0]]
    for kink, piece in zip(kinks, pieces[1:], strict=True):
        joined += [np.array([kink - BESIDE, np.nan, kink + BESIDE]), piece[piece != kink]]
    return np.concatenate(joined)


def sample(activation: Activation, x: PerUnit, order: Order) -> PerUnit:
    """[points] -> [points, parts]: a gated pair at v = 1; a concatenated form has two parts."""
    function = getattr(activation, order)
    at = torch.as_tensor(x, dtype=torch.float64)
    if activation.form == "gated":
        y = function(at, torch.ones_like(at))
    else:
        y = function(at[:, None] if activation.form == "concatenated" else at)
    drawn: PerUnit = y.detach().reshape(len(x), -1).numpy().astype(np.float64)
    drawn[np.isnan(x)] = np.nan
    return drawn
