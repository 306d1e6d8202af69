"""Exponential activations and their algebraic kin: linear on one side, a smooth end on the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import finite, in_single

aten = torch.ops.aten
INFINITY = float("inf")

ELU_CITATION = Citation(
    "Clevert, Unterthiner & Hochreiter",
    2016,
    "Fast and accurate deep network learning by exponential linear units (ELUs)",
)
# The fixed point (mean 0, variance 1) of Klambauer et al., equation 14; the digits are torch's.
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def _left(x: Tensor, left: Tensor, right: float) -> Tensor:
    return torch.where(x > 0, right, left)


def _hypotenuse(x: Tensor, leg: float) -> Tensor:
    # sqrt(x^2 + leg^2) would overflow from |x| = 2e19 in single precision.
    return torch.hypot(x, torch.full_like(x, leg))


def _squareplus_tail(x: Tensor) -> Tensor:
    # (x + h) / 2 cancels on the left; multiplied by its conjugate it does not.
    return 2 / (_hypotenuse(x, 2.0) + x.abs())


def _squareplus_slope(x: Tensor) -> Tensor:
    tail = _squareplus_tail(x) / _hypotenuse(x, 2.0)
    return torch.where(x > 0, 1 - tail, tail)


def _isrlu(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, finite(x) / _hypotenuse(finite(x), 1.0))


softplus = Activation(
    name="softplus",
    formula="log(1 + exp(x))",
    value=F.softplus,
    derivative=torch.sigmoid,
    second_derivative=in_single(lambda x: x.sigmoid() * (-x).sigmoid()),
    range=(0.0, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    aliases=(Alias(nn.Softplus), Alias(F.softplus)),
    chain=lambda grad, x, y, out: aten.softplus_backward.grad_input(grad, x, 1, 20, grad_input=out),
    citation=Citation(
        "Dugas, Bengio, Bélisle, Nadeau & Garcia",
        2001,
        "Incorporating second-order functional knowledge for better option pricing",
    ),
)
elu = Activation(
    name="elu",
    formula="x if x > 0 else exp(x) - 1",
    value=F.elu,
    derivative=in_single(lambda x: x.clamp(max=0).exp()),
    second_derivative=in_single(lambda x: _left(x, x.clamp(max=0).exp(), 0.0)),
    range=(-1.0, INFINITY),
    limits=(-1.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, 1.0, "curvature"),),
    aliases=(Alias(nn.ELU), Alias(F.elu), Alias(F.elu_)),
    chain=lambda grad, x, y, out: aten.elu_backward.grad_input(grad, 1, 1, 1, True, y, grad_input=out),
    overwrite=F.elu_,
    citation=ELU_CITATION,
)
selu = Activation(
    name="selu",
    formula="1.0507 (x if x > 0 else 1.6733 (exp(x) - 1))",
    value=F.selu,
    derivative=in_single(
        lambda x: SELU_SCALE * _left(x, SELU_ALPHA * x.clamp(max=0).exp(), 1.0),
    ),
    second_derivative=in_single(lambda x: SELU_SCALE * _left(x, SELU_ALPHA * x.clamp(max=0).exp(), 0.0)),
    range=(-SELU_SCALE * SELU_ALPHA, INFINITY),
    limits=(-SELU_SCALE * SELU_ALPHA, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, SELU_SCALE * SELU_ALPHA),),
    aliases=(Alias(nn.SELU), Alias(F.selu), Alias(torch.selu), Alias(torch.selu_)),
    chain=lambda grad, x, y, out: aten.elu_backward.grad_input(
        grad, SELU_ALPHA, SELU_SCALE, 1, True, y, grad_input=out
    ),
    overwrite=torch.selu_,
    citation=Citation("Klambauer, Unterthiner, Mayr & Hochreiter", 2017, "Self-normalizing neural networks"),
)
celu = Activation(
    name="celu",
    formula="max(0, x) + min(0, alpha (exp(x / alpha) - 1)), alpha = 1",
    value=F.celu,
    derivative=elu.derivative,
    second_derivative=elu.second_derivative,
    range=(-1.0, INFINITY),
    limits=(-1.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, 1.0, "curvature"),),
    aliases=(Alias(nn.CELU), Alias(F.celu), Alias(torch.celu), Alias(torch.celu_)),
    citation=Citation("Barron", 2017, "Continuously differentiable exponential linear units"),
)
isrlu = Activation(
    name="isrlu",
    formula="x if x > 0 else x / sqrt(1 + x^2)",
    value=in_single(_isrlu),
    derivative=in_single(lambda x: _hypotenuse(x.clamp(max=0), 1.0) ** -3),
    second_derivative=in_single(
        lambda x: -3 * _isrlu(x.clamp(max=0)) * _hypotenuse(x.clamp(max=0), 1.0) ** -4,
    ),
    range=(-1.0, INFINITY),
    limits=(-1.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    citation=Citation(
        "Carlile, Delamarter, Kinney, Marti & Whitney",
        2017,
        "Improving deep learning by inverse square root linear units (ISRLUs)",
    ),
)
squareplus = Activation(
    name="squareplus",
    formula="(x + sqrt(x^2 + 4)) / 2",
    value=in_single(lambda x: x.relu() + _squareplus_tail(x)),
    derivative=in_single(_squareplus_slope),
    second_derivative=in_single(lambda x: 2 * _hypotenuse(x, 2.0) ** -3),
    range=(0.0, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    citation=Citation("Barron", 2021, "Squareplus: A softplus-like algebraic rectifier"),
)
logsigmoid = Activation(
    name="logsigmoid",
    formula="-log(1 + exp(-x))",
    value=F.logsigmoid,
    derivative=lambda x: (-x).sigmoid(),
    second_derivative=in_single(lambda x: -x.sigmoid() * (-x).sigmoid()),
    range=(-INFINITY, 0.0),
    limits=(-INFINITY, 0.0),
    flat_ends="right",
    symmetry="none",
    monotonicity="increasing",
    aliases=(Alias(nn.LogSigmoid), Alias(F.logsigmoid)),
    citation=Citation(
        "Mikolov, Sutskever, Chen, Corrado & Dean",
        2013,
        "Distributed representations of words and phrases and their compositionality",
    ),
)
