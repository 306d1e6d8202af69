"""Shrinkage: small values are drawn to zero, large ones pass."""

from torch import nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import in_single, slopes, zero

INFINITY = float("inf")
LAMBDA = 0.5  # torch's default

tanhshrink = Activation(
    name="tanhshrink",
    formula="x - tanh(x)",
    value=in_single(lambda x: x - x.tanh()),
    derivative=in_single(lambda x: x.tanh().square()),
    second_derivative=in_single(lambda x: 2 * x.tanh() * x.cosh() ** -2),
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="odd",
    monotonicity="increasing",
    aliases=(Alias(nn.Tanhshrink), Alias(F.tanhshrink)),
    citation=Citation(
        "Collobert, Kavukcuoglu & Farabet", 2011, "Torch7: A Matlab-like environment for machine learning"
    ),
)
softshrink = Activation(
    name="softshrink",
    formula="sign(x) max(0, |x| - 1/2)",
    value=F.softshrink,
    derivative=lambda x: slopes(x, x.abs() > LAMBDA, 1.0, 0.0),
    second_derivative=zero,
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="odd",
    monotonicity="non-decreasing",
    zero_region=(-LAMBDA, LAMBDA),
    kinks=(Kink(-LAMBDA, 0.0), Kink(LAMBDA, 0.0)),
    aliases=(Alias(nn.Softshrink), Alias(F.softshrink)),
    citation=Citation("Donoho", 1995, "De-noising by soft-thresholding"),
)
hardshrink = Activation(
    name="hardshrink",
    formula="x if |x| > 1/2 else 0",
    value=F.hardshrink,
    derivative=lambda x: slopes(x, x.abs() > LAMBDA, 1.0, 0.0),
    second_derivative=zero,
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="odd",
    monotonicity="non-decreasing",
    zero_region=(-LAMBDA, LAMBDA),
    kinks=(Kink(-LAMBDA, 0.0, "jump"), Kink(LAMBDA, 0.0, "jump")),
    aliases=(Alias(nn.Hardshrink), Alias(F.hardshrink)),
    citation=Citation("Donoho & Johnstone", 1994, "Ideal spatial adaptation by wavelet shrinkage"),
)
