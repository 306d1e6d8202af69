"""Rectifiers: zero, or nearly, on one side and linear on the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import keep_nan, slopes, zero

aten = torch.ops.aten
INFINITY = float("inf")

LEAKY_SLOPE = 0.01  # torch's default, and the value of Maas, Hannun & Ng
# RReLU draws its slope from [1/8, 1/3] in training; in evaluation it is the mean of the two.
RANDOM_SLOPE = (1 / 8 + 1 / 3) / 2
THRESHOLD = 1.0  # theta of Konda, Memisevic & Krueger

DELVING = Citation(
    "He, Zhang, Ren & Sun",
    2015,
    "Delving deep into rectifiers: Surpassing human-level performance on ImageNet classification",
)


def rectifier(name: str, *, derivative_at_zero: float, aliases: tuple[Alias, ...] = ()) -> Activation:
    """ReLU with a chosen member of its subdifferential [0, 1] as the derivative at zero.

    References
    ----------
    Bertoin, Bolte, Gerchinovitz, Pauwels (2021), Numerical influence of ReLU'(0) on backpropagation.
    """
    # Torch's kernel has 0 at zero built in.
    is_torchs_own = derivative_at_zero == 0
    return Activation(
        name=name,
        formula="max(0, x)",
        value=torch.relu,
        derivative=lambda x: torch.where(x == 0, derivative_at_zero, slopes(x, x > 0, 1.0, 0.0)),
        second_derivative=zero,
        range=(0.0, INFINITY),
        limits=(0.0, INFINITY),
        flat_ends="left",
        symmetry="none",
        monotonicity="non-decreasing",
        zero_region=(-INFINITY, 0.0),
        kinks=(Kink(0.0, derivative_at_zero),),
        aliases=aliases,
        chain=_chain_of_relu if is_torchs_own else None,
        overwrite=torch.relu_ if is_torchs_own else None,
        citation=Citation(
            "Nair & Hinton", 2010, "Rectified linear units improve restricted Boltzmann machines"
        ),
    )


def _chain_of_relu(grad: Tensor, x: Tensor, y: Tensor, out: Tensor) -> object:
    return aten.threshold_backward.grad_input(grad, y, 0, grad_input=out)


def leaky(name: str, slope: float, citation: Citation, aliases: tuple[Alias, ...]) -> Activation:
    """Build the identity above zero, and a fixed slope below."""
    return Activation(
        name=name,
        formula=f"x if x > 0 else {slope:.3g} x",
        value=lambda x: F.leaky_relu(x, slope),
        derivative=lambda x: slopes(x, x > 0, 1.0, slope),
        second_derivative=zero,
        range=(-INFINITY, INFINITY),
        limits=(-INFINITY, INFINITY),
        flat_ends="none",
        symmetry="none",
        monotonicity="increasing",
        kinks=(Kink(0.0, slope),),
        aliases=aliases,
        # The slope is positive, so the sign of y tells the sign of x.
        chain=lambda grad, x, y, out: aten.leaky_relu_backward.grad_input(
            grad, y, slope, True, grad_input=out
        ),
        overwrite=lambda x: F.leaky_relu_(x, slope),
        citation=citation,
    )


relu = rectifier(
    "relu",
    derivative_at_zero=0.0,
    aliases=(
        Alias(nn.ReLU),
        Alias(nn.Threshold, {"threshold": 0, "value": 0}),
        Alias(F.relu),
        Alias(torch.relu),
        Alias(torch.relu_),
        Alias(Tensor.relu),
        Alias(Tensor.relu_),
        Alias(F.threshold, {"threshold": 0, "value": 0}),
        Alias(torch.threshold, {"threshold": 0, "value": 0}),
    ),
)
relu_half_at_zero = rectifier("relu_half_at_zero", derivative_at_zero=0.5)
relu_one_at_zero = rectifier(
    "relu_one_at_zero",
    derivative_at_zero=1.0,
    aliases=(  # unlike relu, clamp lets the gradient through at its ends
        Alias(torch.clamp, {"min": 0}),
        Alias(torch.clamp_, {"min": 0}),
        Alias(torch.clamp_min, {"min": 0}),
        Alias(torch.clamp_min_, {"min": 0}),
        Alias(Tensor.clamp, {"min": 0}),
        Alias(Tensor.clamp_, {"min": 0}),
        Alias(Tensor.clamp_min, {"min": 0}),
        Alias(Tensor.clamp_min_, {"min": 0}),
    ),
)
leaky_relu = leaky(
    "leaky_relu",
    LEAKY_SLOPE,
    Citation("Maas, Hannun & Ng", 2013, "Rectifier nonlinearities improve neural network acoustic models"),
    (Alias(nn.LeakyReLU), Alias(F.leaky_relu), Alias(F.leaky_relu_)),
)
rrelu = leaky(
    "rrelu",
    RANDOM_SLOPE,
    Citation(
        "Xu, Wang, Chen & Li", 2015, "Empirical evaluation of rectified activations in convolutional network"
    ),
    (
        Alias(nn.RReLU),
        Alias(F.rrelu),
        Alias(F.rrelu_),
        Alias(torch.rrelu),
    ),
)
prelu = Activation(
    name="prelu",
    formula="x if x > 0 else weight x",
    value=lambda x, weight=0.25: torch.where(x > 0, x, weight * x).to(x.dtype),
    derivative=lambda x, weight=0.25: slopes(x, x > 0, 1.0, weight),
    second_derivative=lambda x, weight=0.25: zero(x),
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, 0.25),),
    parameters={"weight": 0.25},
    aliases=(Alias(nn.PReLU),),
    citation=DELVING,
)
relu6 = Activation(
    name="relu6",
    formula="min(max(0, x), 6)",
    value=F.relu6,
    derivative=lambda x: slopes(x, (x > 0) & (x < 6), 1.0, 0.0),
    second_derivative=zero,
    range=(0.0, 6.0),
    limits=(0.0, 6.0),
    flat_ends="both",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, 0.0),
    kinks=(Kink(0.0, 0.0), Kink(6.0, 0.0)),
    aliases=(
        Alias(nn.ReLU6),
        Alias(nn.Hardtanh, {"min_val": 0, "max_val": 6}),
        Alias(F.relu6),
        Alias(F.hardtanh, {"min_val": 0, "max_val": 6}),
    ),
    # 0 < y < 6 exactly where 0 < x < 6, so y is enough.
    chain=lambda grad, x, y, out: aten.hardtanh_backward.grad_input(grad, y, 0, 6, grad_input=out),
    overwrite=lambda x: F.hardtanh_(x, 0, 6),
    citation=Citation("Krizhevsky", 2010, "Convolutional deep belief networks on CIFAR-10"),
)
crelu = Activation(
    name="crelu",
    formula="[max(0, x), max(0, -x)]",
    form="concatenated",
    value=lambda x: torch.cat([x.relu(), (-x).relu()], -1),
    derivative=lambda x: torch.cat([slopes(x, x > 0, 1.0, 0.0), slopes(x, x < 0, -1.0, 0.0)], -1),
    second_derivative=lambda x: torch.cat([zero(x), zero(x)], -1),
    range=(0.0, INFINITY),
    limits=(float("nan"), float("nan")),  # the halves go to different ends
    flat_ends="none",  # where one half is flat, the other is not
    symmetry="none",
    monotonicity="non-monotone",
    kinks=(Kink(0.0, 0.0),),
    citation=Citation(
        "Shang, Sohn, Almeida & Lee",
        2016,
        "Understanding and improving convolutional neural networks via concatenated rectified linear units",
    ),
)
squared_relu = Activation(
    name="squared_relu",
    formula="max(0, x)^2",
    value=lambda x: x.relu().square(),
    derivative=lambda x: 2 * x.relu(),
    second_derivative=lambda x: slopes(x, x > 0, 2.0, 0.0),
    range=(0.0, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, 0.0),
    kinks=(Kink(0.0, 0.0, "curvature"),),
    elsewhere=("transformers.activations.ReLUSquaredActivation",),
    citation=Citation(
        "So, Mańke, Liu, Dai, Shazeer & Le",
        2021,
        "Primer: Searching for efficient transformers for language modeling",
    ),
)
shifted_relu = Activation(
    name="shifted_relu",
    formula="max(-1, x)",
    value=lambda x: x.clamp(min=-1),
    derivative=lambda x: slopes(x, x > -1, 1.0, 0.0),
    second_derivative=zero,
    range=(-1.0, INFINITY),
    limits=(-1.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="non-decreasing",
    kinks=(Kink(-1.0, 0.0),),
    citation=Citation(
        "Clevert, Unterthiner & Hochreiter",
        2016,
        "Fast and accurate deep network learning by exponential linear units (ELUs)",
    ),
)
thresholded_relu = Activation(
    name="thresholded_relu",
    formula="x if x > 1 else 0",
    value=lambda x: F.threshold(x, THRESHOLD, 0),
    derivative=lambda x: slopes(x, x > THRESHOLD, 1.0, 0.0),
    second_derivative=zero,
    range=(0.0, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, THRESHOLD),
    kinks=(Kink(THRESHOLD, 0.0, "jump"),),
    aliases=(
        Alias(nn.Threshold, {"threshold": THRESHOLD, "value": 0}),
        Alias(F.threshold, {"threshold": THRESHOLD, "value": 0}),
        Alias(torch.threshold, {"threshold": THRESHOLD, "value": 0}),
        Alias(torch.threshold_, {"threshold": THRESHOLD, "value": 0}),
    ),
    citation=Citation(
        "Konda, Memisevic & Krueger", 2015, "Zero-bias autoencoders and the benefits of co-adapting features"
    ),
)
absolute = Activation(
    name="abs",
    formula="|x|",
    value=torch.abs,
    derivative=lambda x: keep_nan(x, x.sign()),
    second_derivative=zero,
    range=(0.0, INFINITY),
    limits=(INFINITY, INFINITY),
    flat_ends="none",
    symmetry="even",
    monotonicity="non-monotone",
    kinks=(Kink(0.0, 0.0),),
    aliases=(Alias(torch.abs), Alias(torch.abs_), Alias(Tensor.abs), Alias(Tensor.abs_)),
    citation=Citation(
        "Jarrett, Kavukcuoglu, Ranzato & LeCun",
        2009,
        "What is the best multi-stage architecture for object recognition?",
    ),
)
