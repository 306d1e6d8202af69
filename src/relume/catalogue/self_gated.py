"""Self-gated activations: x times a smooth step of x, so a rectifier with a dip below zero."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation
from relume.catalogue.precision import finite, in_single, vanishing_wins

aten = torch.ops.aten
INFINITY = float("inf")


def _normal_density(x: Tensor) -> Tensor:
    return torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)


gelu = Activation(
    name="gelu",
    formula="x Phi(x), Phi the normal distribution function",
    # Torch's kernel answers NaN at both infinities.
    value=lambda x: torch.where(x == INFINITY, x, F.gelu(finite(x))),
    derivative=vanishing_wins(lambda x: torch.special.ndtr(x) + x * _normal_density(x)),
    second_derivative=vanishing_wins(lambda x: _normal_density(x) * (2 - x * x)),
    range=(-0.16997120747990369, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="non-monotone",
    aliases=(Alias(nn.GELU, {"approximate": "none"}), Alias(F.gelu)),
    chain=lambda grad, x, y, out: aten.gelu_backward.grad_input(grad, x, approximate="none", grad_input=out),
    citation=Citation("Hendrycks & Gimpel", 2016, "Gaussian error linear units (GELUs)"),
)
