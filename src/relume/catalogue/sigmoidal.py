"""Sigmoidal activations: bounded, increasing, flat at both ends."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import finite, in_single, slopes, vanishing_wins, zero

aten = torch.ops.aten
INFINITY = float("inf")

EFFICIENT_BACKPROP = Citation("LeCun, Bottou, Orr & Müller", 1998, "Efficient BackProp")
# LeCun's: f(1) = 1 and f(-1) = -1, where the second derivative is largest.
LECUN_HEIGHT, LECUN_SLOPE = 1.7159, 2 / 3


def _sech2(x: Tensor) -> Tensor:
    # 1 - tanh(x)^2 would cancel to 0 from |x| = 9 in single precision.
    return x.cosh() ** -2


def _logistic_slope(x: Tensor) -> Tensor:
    # s(-x) for 1 - s(x), which would cancel where s(x) is near 1.
    return x.sigmoid() * (-x).sigmoid()


def _hypotenuse(x: Tensor) -> Tensor:
    # sqrt(1 + x^2) would overflow from |x| = 2e19 in single precision.
    return torch.hypot(x, torch.ones_like(x))


def _inverse_root(x: Tensor) -> Tensor:
    return finite(x) / _hypotenuse(finite(x))


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
    elsewhere=("timm.layers.activations.Sigmoid",),
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
    elsewhere=("timm.layers.activations.Tanh",),
    citation=EFFICIENT_BACKPROP,
)
scaled_tanh = Activation(
    name="scaled_tanh",
    formula="1.7159 tanh(2 x / 3)",
    value=in_single(lambda x: LECUN_HEIGHT * (LECUN_SLOPE * x).tanh()),
    derivative=in_single(lambda x: LECUN_HEIGHT * LECUN_SLOPE * _sech2(LECUN_SLOPE * x)),
    second_derivative=in_single(
        lambda x: -2 * LECUN_HEIGHT * LECUN_SLOPE**2 * (LECUN_SLOPE * x).tanh() * _sech2(LECUN_SLOPE * x)
    ),
    range=(-LECUN_HEIGHT, LECUN_HEIGHT),
    limits=(-LECUN_HEIGHT, LECUN_HEIGHT),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    citation=EFFICIENT_BACKPROP,
)
hardsigmoid = Activation(
    name="hardsigmoid",
    formula="min(max(0, x / 6 + 1 / 2), 1)",
    value=F.hardsigmoid,
    derivative=lambda x: slopes(x, x.abs() < 3, 1 / 6, 0.0),
    second_derivative=zero,
    range=(0.0, 1.0),
    limits=(0.0, 1.0),
    flat_ends="both",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, -3.0),
    kinks=(Kink(-3.0, 0.0), Kink(3.0, 0.0)),
    aliases=(Alias(nn.Hardsigmoid), Alias(F.hardsigmoid)),
    chain=lambda grad, x, y, out: aten.hardsigmoid_backward.grad_input(grad, x, grad_input=out),
    elsewhere=(
        "timm.layers.activations.HardSigmoid",
        "timm.layers.activations_me.HardSigmoidMe",
    ),
    citation=Citation("Howard et al.", 2019, "Searching for MobileNetV3"),
)
hardtanh = Activation(
    name="hardtanh",
    formula="min(max(-1, x), 1)",
    value=F.hardtanh,
    derivative=lambda x: slopes(x, x.abs() < 1, 1.0, 0.0),
    second_derivative=zero,
    range=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    flat_ends="both",
    symmetry="odd",
    monotonicity="non-decreasing",
    kinks=(Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    aliases=(
        Alias(nn.Hardtanh),
        Alias(F.hardtanh),
        Alias(F.hardtanh_),
    ),
    # |y| < 1 exactly where |x| < 1, so y is enough.
    chain=lambda grad, x, y, out: aten.hardtanh_backward.grad_input(grad, y, -1, 1, grad_input=out),
    overwrite=F.hardtanh_,
    citation=Citation("Collobert", 2004, "Large scale machine learning"),
)
softsign = Activation(
    name="softsign",
    formula="x / (1 + |x|)",
    value=in_single(lambda x: finite(x) / (1 + finite(x).abs())),
    derivative=in_single(lambda x: (1 + x.abs()) ** -2),
    second_derivative=in_single(lambda x: -2 * x.sign() * (1 + x.abs()) ** -3),
    range=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    kinks=(Kink(0.0, 1.0, "curvature"),),
    aliases=(Alias(nn.Softsign), Alias(F.softsign)),
    citation=Citation(
        "Turian, Bergstra & Bengio", 2009, "Quadratic features and deep architectures for chunking"
    ),
)
arctan = Activation(
    name="arctan",
    formula="arctan(x)",
    value=torch.arctan,
    derivative=in_single(lambda x: 1 / (1 + x * x)),
    second_derivative=in_single(lambda x: -2 * _inverse_root(x) * _hypotenuse(x) ** -3),
    range=(-math.pi / 2, math.pi / 2),
    limits=(-math.pi / 2, math.pi / 2),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    aliases=(
        Alias(torch.arctan),
        Alias(torch.arctan_),
        Alias(torch.atan),
        Alias(torch.atan_),
        Alias(Tensor.arctan),
        Alias(Tensor.atan),
        Alias(Tensor.atan_),
    ),
    citation=Citation("Duch & Jankowski", 1999, "Survey of neural transfer functions"),
)
erf = Activation(
    name="erf",
    formula="erf(x)",
    value=torch.erf,
    derivative=in_single(lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x)),
    second_derivative=vanishing_wins(lambda x: -4 / math.sqrt(math.pi) * x * torch.exp(-x * x)),
    range=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    aliases=(
        Alias(torch.erf),
        Alias(torch.erf_),
        Alias(torch.special.erf),
        Alias(Tensor.erf),
        Alias(Tensor.erf_),
    ),
    citation=Citation("Williams", 1997, "Computing with infinite networks"),
)
isru = Activation(
    name="isru",
    formula="x / sqrt(1 + x^2)",
    value=in_single(_inverse_root),
    derivative=in_single(lambda x: _hypotenuse(x) ** -3),
    second_derivative=in_single(lambda x: -3 * _inverse_root(x) * _hypotenuse(x) ** -4),
    range=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    flat_ends="both",
    symmetry="odd",
    monotonicity="increasing",
    citation=Citation(
        "Carlile, Delamarter, Kinney, Marti & Whitney",
        2017,
        "Improving deep learning by inverse square root linear units (ISRLUs)",
    ),
)
