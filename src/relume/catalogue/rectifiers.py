"""Rectifiers: zero, or nearly, on one side and linear on the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink

aten = torch.ops.aten
INFINITY = float("inf")


def rectifier(name: str, *, derivative_at_zero: float, aliases: tuple[Alias, ...] = ()) -> Activation:
    """ReLU with a chosen member of its subdifferential [0, 1] as the derivative at zero.

    References
    ----------
    Bertoin, Bolte, Gerchinovitz, Pauwels (2021), Numerical influence of ReLU'(0) on backpropagation.
    """
    return Activation(
        name=name,
        formula="max(0, x)",
        value=lambda x: x.clamp(min=0),
        derivative=lambda x: torch.heaviside(x, x.new_tensor(derivative_at_zero)),
        second_derivative=torch.zeros_like,
        range=(0.0, INFINITY),
        limits=(0.0, INFINITY),
        flat_ends="left",
        symmetry="none",
        monotonicity="non-decreasing",
        zero_region=(-INFINITY, 0.0),
        kinks=(Kink(0.0, derivative_at_zero),),
        aliases=aliases,
        citation=Citation("Nair & Hinton", 2010, "Rectified linear units improve restricted Boltzmann machines"),
    )


relu = rectifier(
    "relu",
    derivative_at_zero=0.0,
    aliases=(
        Alias(nn.ReLU),
        Alias(F.relu),
        Alias(torch.relu),
        Alias(torch.relu_),
        Alias(Tensor.relu),
        Alias(Tensor.relu_),
        Alias(torch.clamp, {"min": 0}),
        Alias(torch.clamp_min, {"min": 0}),
        Alias(Tensor.clamp, {"min": 0}),
        Alias(Tensor.clamp_, {"min": 0}),
        Alias(Tensor.clamp_min, {"min": 0}),
    ),
)
relu_half_at_zero = rectifier("relu_half_at_zero", derivative_at_zero=0.5)
relu_one_at_zero = rectifier("relu_one_at_zero", derivative_at_zero=1.0)
