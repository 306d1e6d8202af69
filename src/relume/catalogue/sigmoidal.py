"""Sigmoidal activations: bounded, increasing, flat at both ends."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import finite, in_single

aten = torch.ops.aten
INFINITY = float("inf")


def _sech2(x: Tensor) -> Tensor:
    # 1 - tanh(x)^2 would cancel to 0 from |x| = 9 in single precision.
    return x.cosh() ** -2


def _logistic_slope(x: Tensor) -> Tensor:
    # s(-x) for 1 - s(x), which would cancel where s(x) is near 1.
    return x.sigmoid() * (-x).sigmoid()


sigmoid = Activation(
    name="sigmoid",
    formula="1 / (1 + exp(-x))",
    value=torch.sigmoid,
    derivative=in_single(_logistic_slope),
    second_derivative=in_single(lambda x: _logistic_slope(x) * ((-x).sigmoid() - x.sigmoid())),
    range=(0.0, 1.0),
    limits=(0.0, 1.0),
    flat_ends="both",
    symmetry="none",
    monotonicity="increasing",
    aliases=(
        Alias(nn.Sigmoid),
        Alias(F.sigmoid),
        Alias(torch.sigmoid),
        Alias(torch.sigmoid_),
        Alias(torch.special.expit),
        Alias(Tensor.sigmoid),
        Alias(Tensor.sigmoid_),
    ),
    chain=lambda grad, x, y, out: aten.sigmoid_backward.grad_input(grad, y, grad_input=out),
    overwrite=torch.sigmoid_,
    citation=Citation(
        "Rumelhart, Hinton & Williams", 1986, "Learning representations by back-propagating errors"
    ),
)
tanh = Activation(
    name="tanh",
    formula="tanh(x)",
    value=torch.tanh,
    derivative=in_single(_sech2),
    second_derivative=in_single(lambda x: -2 * x.tanh() * _sech2(x)),
    range=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    aliases=(
        Alias(nn.Tanh),
        Alias(F.tanh),
        Alias(torch.tanh),
        Alias(torch.tanh_),
        Alias(Tensor.tanh),
        Alias(Tensor.tanh_),
    ),
    chain=lambda grad, x, y, out: aten.tanh_backward.grad_input(grad, y, grad_input=out),
    overwrite=torch.tanh_,
    citation=Citation("LeCun, Bottou, Orr & Müller", 1998, "Efficient BackProp"),
)
