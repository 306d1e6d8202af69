"""Rectifiers: zero, or nearly, on one side and linear on the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink

aten = torch.ops.aten
INFINITY = float("inf")


def _zero(x: Tensor) -> Tensor:
    return torch.where(x.isnan(), x, 0)


def _slopes(x: Tensor, left: Tensor | float) -> Tensor:
    """`left` up to zero, 1 above, NaN for NaN."""
    return torch.where(x.isnan(), x, torch.where(x > 0, 1, left).to(x.dtype))


def _chain_of_relu(grad: Tensor, x: Tensor, y: Tensor, out: Tensor) -> object:
    return aten.threshold_backward.grad_input(grad, y, 0, grad_input=out)


def rectifier(name: str, *, derivative_at_zero: float, aliases: tuple[Alias, ...] = ()) -> Activation:
    """ReLU with a chosen member of its subdifferential [0, 1] as the derivative at zero.

    References
    ----------
    Bertoin, Bolte, Gerchinovitz, Pauwels (2021), Numerical influence of ReLU'(0) on backpropagation.
    """
    return Activation(
        name=name,
        formula="max(0, x)",
        value=torch.relu,
        derivative=lambda x: torch.heaviside(x, x.new_tensor(derivative_at_zero)).where(~x.isnan(), x),
        second_derivative=_zero,
        range=(0.0, INFINITY),
        limits=(0.0, INFINITY),
        flat_ends="left",
        symmetry="none",
        monotonicity="non-decreasing",
        zero_region=(-INFINITY, 0.0),
        kinks=(Kink(0.0, derivative_at_zero),),
        aliases=aliases,
        # Torch's kernel has 0 at zero built in.
        chain=_chain_of_relu if derivative_at_zero == 0 else None,
        overwrite=torch.relu_ if derivative_at_zero == 0 else None,
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
leaky_relu = Activation(
    name="leaky_relu",
    formula="x if x > 0 else 0.01 x",
    value=F.leaky_relu,
    derivative=lambda x: _slopes(x, 0.01),
    second_derivative=_zero,
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, 0.01),),
    aliases=(Alias(nn.LeakyReLU), Alias(F.leaky_relu), Alias(F.leaky_relu_)),
    # The slope is positive, so the sign of y tells the sign of x.
    chain=lambda grad, x, y, out: aten.leaky_relu_backward.grad_input(grad, y, 0.01, True, grad_input=out),
    overwrite=F.leaky_relu_,
    citation=Citation("Maas, Hannun & Ng", 2013, "Rectifier nonlinearities improve neural network acoustic models"),
)
