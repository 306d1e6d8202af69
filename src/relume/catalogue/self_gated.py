"""Self-gated activations: x times a smooth step of x, so a rectifier with a dip below zero."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import ClosedFunction, finite, finite_below, in_single, slopes, vanishing_wins

aten = torch.ops.aten
INFINITY = float("inf")

# x -> t(x), t'(x), t''(x) of the step t that gates x.
Step = Callable[..., tuple[Tensor, Tensor, Tensor]]

QUICK = 1.702  # makes the logistic function nearest to the normal one
CUBE = 0.044715  # the same for the cubic inside tanh
WEAVE = 2 * math.sqrt(2 / math.pi)  # (1 + tanh(z)) / 2 = sigmoid(2 z)

GELU_CITATION = Citation("Hendrycks & Gimpel", 2016, "Gaussian error linear units (GELUs)")
MOBILE_NET = Citation("Howard et al.", 2019, "Searching for MobileNetV3")


def _value(step: Step) -> ClosedFunction:
    gate = vanishing_wins(lambda x, **parameters: step(x, **parameters)[0])
    return in_single(lambda x, **parameters: finite_below(x) * gate(x, **parameters))


def _slope(step: Step) -> ClosedFunction:
    def derivative(x: Tensor, **parameters: Tensor | float) -> Tensor:
        t, dt, _ = step(x, **parameters)
        return t + x * dt

    return vanishing_wins(derivative)


def _bend(step: Step) -> ClosedFunction:
    def second_derivative(x: Tensor, **parameters: Tensor | float) -> Tensor:
        _, dt, ddt = step(x, **parameters)
        return 2 * dt + x * ddt

    return vanishing_wins(second_derivative)


def _normal_step(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return torch.special.ndtr(x), density, -x * density


def _logistic_step(x: Tensor, beta: Tensor | float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    s, rest = (beta * x).sigmoid(), (-beta * x).sigmoid()
    dt = beta * s * rest
    return s, dt, beta * dt * (rest - s)


def _woven_step(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    z, dz, ddz = WEAVE * (x + CUBE * x**3), WEAVE * (1 + 3 * CUBE * x * x), WEAVE * 6 * CUBE * x
    s, rest = z.sigmoid(), (-z).sigmoid()
    return s, s * rest * dz, s * rest * ((rest - s) * dz * dz + ddz)


def _softplus(x: Tensor) -> Tensor:
    return -F.logsigmoid(-x)  # F.softplus drops the last 2e-9 from x = 20


def _mish_step(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    t = _softplus(x).tanh()
    dt = _softplus(x).cosh() ** -2 * x.sigmoid()
    return t, dt, dt * ((-x).sigmoid() - 2 * t * x.sigmoid())


def _tanh_exp_step(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    e = x.clamp(max=5).exp()  # tanh(exp(5)) is 1 in every precision, and cosh(exp(7)) is infinite
    t, dt = e.tanh(), e * e.cosh() ** -2
    return t, dt, dt * (1 - 2 * e * t)


def _serf_step(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    z = _softplus(x)
    dt = 2 / math.sqrt(math.pi) * torch.exp(-z * z) * x.sigmoid()
    return z.erf(), dt, dt * ((-x).sigmoid() - 2 * z * x.sigmoid())


def self_gated(  # noqa: PLR0913  what differs between them, and no more
    name: str,
    formula: str,
    step: Step,
    lowest: float,
    citation: Citation,
    *,
    value: ClosedFunction | None = None,
    aliases: tuple[Alias, ...] = (),
    elsewhere: tuple[str, ...] = (),
    chain: Callable[[Tensor, Tensor, Tensor, Tensor], object] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Activation:
    """Build x t(x) for a smooth step t from 0 to 1; `value` is torch's kernel where there is one."""
    return Activation(
        name=name,
        formula=formula,
        value=value or _value(step),
        derivative=_slope(step),
        second_derivative=_bend(step),
        range=(lowest, INFINITY),
        limits=(0.0, INFINITY),
        flat_ends="left",
        symmetry="none",
        monotonicity="non-monotone",
        parameters=parameters or {},
        aliases=aliases,
        elsewhere=elsewhere,
        chain=chain,
        citation=citation,
    )


gelu = self_gated(
    "gelu",
    "x Phi(x), Phi the normal distribution function",
    _normal_step,
    -0.16997120747990366,
    GELU_CITATION,
    # Torch's kernel answers NaN at both infinities.
    value=lambda x: torch.where(x == INFINITY, x, F.gelu(finite(x))),
    aliases=(Alias(nn.GELU, {"approximate": "none"}), Alias(F.gelu)),
    chain=lambda grad, x, y, out: aten.gelu_backward.grad_input(grad, x, approximate="none", grad_input=out),
    elsewhere=(
        "transformers.activations.GELUActivation",
        "timm.layers.activations.GELU",
    ),
)
gelu_tanh = self_gated(
    "gelu_tanh",
    "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2",
    _woven_step,
    -0.17004075057125405,
    GELU_CITATION,
    value=lambda x: F.gelu(finite_below(x), approximate="tanh"),
    aliases=(Alias(nn.GELU, {"approximate": "tanh"}), Alias(F.gelu, {"approximate": "tanh"})),
    chain=lambda grad, x, y, out: aten.gelu_backward.grad_input(grad, x, approximate="tanh", grad_input=out),
    elsewhere=(
        "transformers.activations.GELUTanh",
        "transformers.activations.NewGELUActivation",
        "transformers.activations.FastGELUActivation",
        "transformers.activations.AccurateGELUActivation",
        "transformers.models.bloom.modeling_bloom.BloomGelu",
        "timm.layers.activations.GELUTanh",
    ),
)
quick_gelu = self_gated(
    "quick_gelu",
    "x sigmoid(1.702 x)",
    lambda x: _logistic_step(x, QUICK),
    -0.16361018963635358,
    GELU_CITATION,
    elsewhere=(
        "transformers.activations.QuickGELUActivation",
        "timm.layers.activations.QuickGELU",
    ),
)
silu = self_gated(
    "silu",
    "x sigmoid(x)",
    _logistic_step,
    -0.27846454276107380,
    Citation(
        "Elfwing, Uchibe & Doya",
        2018,
        "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning",
    ),
    value=lambda x: F.silu(finite_below(x)),
    aliases=(Alias(nn.SiLU), Alias(F.silu)),
    chain=lambda grad, x, y, out: aten.silu_backward.grad_input(grad, x, grad_input=out),
    elsewhere=(
        "transformers.activations.SiLUActivation",
        "timm.layers.activations.Swish",
        "timm.layers.activations_me.SwishMe",
    ),
)
swish = self_gated(
    "swish",
    "x sigmoid(beta x)",
    _logistic_step,
    -0.27846454276107380,
    Citation("Ramachandran, Zoph & Le", 2017, "Searching for activation functions"),
    parameters={"beta": 1.0},
)
mish = self_gated(
    "mish",
    "x tanh(log(1 + exp(x)))",
    _mish_step,
    -0.30884341301725040,
    Citation("Misra", 2019, "Mish: A self regularized non-monotonic activation function"),
    value=lambda x: F.mish(finite_below(x)),
    aliases=(Alias(nn.Mish), Alias(F.mish)),
    elsewhere=(
        "transformers.activations.MishActivation",
        "timm.layers.activations.Mish",
        "timm.layers.activations_me.MishMe",
    ),
)
tanhexp = self_gated(
    "tanhexp",
    "x tanh(exp(x))",
    _tanh_exp_step,
    -0.35328577784821127,
    Citation(
        "Liu & Di",
        2020,
        "TanhExp: A smooth activation function with high convergence speed for lightweight neural networks",
    ),
)
serf = self_gated(
    "serf",
    "x erf(log(1 + exp(x)))",
    _serf_step,
    -0.34843745875960642,
    Citation(
        "Nag & Bhattacharyya",
        2021,
        "SERF: Towards better training of deep neural networks using log-Softplus ERror activation Function",
    ),
)
hardswish = Activation(
    name="hardswish",
    formula="x min(max(0, x / 6 + 1 / 2), 1)",
    value=lambda x: F.hardswish(finite_below(x)),
    derivative=in_single(lambda x: torch.where(x.abs() < 3, x / 3 + 0.5, slopes(x, x > 0, 1.0, 0.0))),
    second_derivative=lambda x: slopes(x, x.abs() < 3, 1 / 3, 0.0),
    range=(-0.375, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="non-monotone",
    zero_region=(-INFINITY, -3.0),
    kinks=(Kink(-3.0, 0.0), Kink(3.0, 1.0)),
    aliases=(Alias(nn.Hardswish), Alias(F.hardswish)),
    chain=lambda grad, x, y, out: aten.hardswish_backward.out(grad, x, out=out),
    elsewhere=(
        "timm.layers.activations.HardSwish",
        "timm.layers.activations_me.HardSwishMe",
    ),
    citation=MOBILE_NET,
)
