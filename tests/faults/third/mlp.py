"""Multilayer perceptrons whose fault is in the network."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, NAdam, RMSprop

from tests.faults.building import Make, chain, initialised, squared_error, weighted
from tests.faults.program import Job, faulty
from tests.faults.third.making import CUT, GROWTH, WEIGHTS, refilled, trained
from tests.faults.third.tasks import arcs, friedman, glyphs, opinions, regimes

DEEP = [10, *[40] * 6, 1]


def over(power: float, gain: float = 2.0) -> Callable[[Tensor], None]:
    """A normal distribution of variance gain / inputs, if the power is a half."""

    def fill(weight: Tensor) -> None:
        nn.init.normal_(weight, std=gain**0.5 / weight.shape[1] ** power)

    return fill


def deep_regression(power: float) -> Job:
    """The deviation of weights is one over the root of the inputs, or the root was forgotten."""
    return trained(
        initialised(chain(DEEP), over(power)), friedman(), SGD, squared_error, lr=0.02, momentum=0.8
    )


def drawn(fill: Callable[[Tensor], object], activation: Make = nn.ReLU, layers: int = 3) -> Job:
    """As NumPy's tutorials draw weights."""
    model = refilled(chain([10, *[64] * layers, 1], activation), fill)
    return trained(model, friedman(), NAdam, squared_error, lr=2e-3)


def from_0_to_1(weight: Tensor) -> None:
    with torch.no_grad():
        weight.copy_(torch.rand_like(weight))


def about_0(weight: Tensor) -> None:
    """The same of mean 0 and of the variance that ReLU wants."""
    with torch.no_grad():
        weight.copy_((torch.rand_like(weight) - 0.5) * (24 / weight.shape[1]) ** 0.5)


def wide_sigmoid(power: float) -> Job:
    """Unit normal weights in hidden layers of sigmoids, with or without their division by a root."""
    model = initialised(chain([144, 96, 96, 4], nn.Sigmoid), over(power, 6.0 if power else 1.0))
    return trained(model, [(x.flatten(1), y) for x, y in glyphs(redrawn=0.05)], SGD, lr=0.15, momentum=0.9)


def judged(*, is_first: bool) -> Job:
    """Order within a block: the activation before its layer, which the first block must not have."""
    layers = list(chain([12, 32, 32, 4]).children())
    model = nn.Sequential(*([nn.ReLU()] if is_first else []), *layers)
    return trained(model, opinions(), NAdam, lr=3e-3)


class Both(nn.Module):
    """What is above 0 and what is below, as units of their own (CReLU; Shang et al., 2016)."""

    def __init__(self, *, is_cut_before: bool) -> None:
        super().__init__()
        self.activation, self.is_cut_before = nn.ReLU(), is_cut_before

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x) if self.is_cut_before else x
        out: Tensor = self.activation(torch.cat([x, -x], -1))
        return out


def of_both(*, is_cut_before: bool) -> Job:
    def half() -> nn.Module:
        return Both(is_cut_before=is_cut_before)

    model = nn.Sequential(nn.Linear(2, 2), half(), nn.Linear(4, 3), half(), nn.Linear(6, 2))
    return trained(model, arcs(), NAdam, lr=3e-2)


class Experts(nn.Module):
    """Linear experts: the likeliest alone, or all by how likely they are."""

    def __init__(self, *, is_hard: bool) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 4)
        self.experts = nn.ModuleList(nn.Linear(8, 1) for _ in range(4))
        self.is_hard = is_hard

    def forward(self, x: Tensor) -> Tensor:
        said = torch.stack([expert(x) for expert in self.experts], -1)
        chances = self.gate(x).softmax(-1)
        if self.is_hard:
            chances = F.one_hot(chances.argmax(-1), 4).float()
        out: Tensor = (said * chances[:, None]).sum(-1)
        return out


def routed(*, is_hard: bool) -> Job:
    return trained(Experts(is_hard=is_hard), regimes(), Adam, squared_error, lr=3e-2)


def shut(bias: float) -> Job:
    """The first of two layers begins below the reach of its inputs, as when 0 to 255 was meant."""
    model = chain([8, 48, 24, 1])
    offset = weighted(model)[0].bias
    assert offset is not None
    nn.init.constant_(offset, bias)
    return trained(model, regimes(), RMSprop, squared_error, lr=2e-3)


programs = (
    faulty(
        "mlp-deviation-without-root",
        "vanishing-gradient",
        lambda: deep_regression(1.0),
        cause=WEIGHTS,
        twin="mlp-deviation-with-root",
    ),
    faulty(
        "mlp-weights-from-0-to-1",
        "exploding-activation",
        lambda: drawn(from_0_to_1),
        cause=GROWTH + "|positive|mean of the weights",
        twin="mlp-weights-about-0",
        also=("exploding-gradient",),
    ),
    faulty(
        "mlp-unit-normal-sigmoid",
        "saturated-units",
        lambda: wide_sigmoid(0.0),
        cause=WEIGHTS,
        twin="mlp-wide-sigmoid",
    ),
    faulty(
        "mlp-activation-before-negative-input",
        "dead-units",
        lambda: judged(is_first=True),
        cause="\\binputs?\\b.*(negative|below|never|sign|same|constant)|negative|same for every example",
        twin="mlp-opinions",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-halves-cut-before-they-are-told-apart",
        "dead-units",
        lambda: of_both(is_cut_before=True),
        cause="negative|\\bsign|never (positive|above)|at or below 0|born dead|before any (update|step)"
        "|from the (start|first)|whatever",
        twin="mlp-halves",
    ),
    faulty(
        "mlp-bias-of-minus-twelve",
        "dead-units",
        lambda: shut(-12.0),
        cause="bias",
        twin="mlp-regimes",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-hard-routing",
        "stalled-layer",
        lambda: routed(is_hard=True),
        cause=CUT + "|argmax|one_hot|rout|discrete",
        twin="mlp-soft-routing",
        also=("vanishing-gradient",),
    ),
)
