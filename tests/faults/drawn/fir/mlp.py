"""Plain layers over invoices and slopes of vineyards."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, deep, he, squared_error, xavier
from tests.faults.drawn.fir.tasks import PAID, invoices, vineyards
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    INPUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    Fill,
    constant,
    filled,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy


def billed(activation: Make = nn.ReLU, fill: Fill = he) -> Job:
    """Seven hidden layers over an invoice."""
    model = filled(chain(deep(7, 40, inputs=9, outputs=PAID), activation), fill)
    return trained(model, invoices(), Adam, lr=3e-3)


def amounts(fill: Fill = xavier, unit: float = 1.0, offset: float = 0.0) -> Job:
    """Two tanh layers; the third number is the amount, standardised or in whole cents."""
    scale, shift = torch.ones(9), torch.zeros(9)
    scale[2], shift[2] = unit, offset
    model = filled(chain([9, 48, 48, PAID], nn.Tanh), fill)
    return trained(model, seen_through(lambda x: x * scale + shift, invoices()), Adam, lr=6e-3)


def grown(lr: float) -> Job:
    """Adam, at a rate of its own or at the one that plain descent had."""
    return trained(chain([8, 64, 64, 1]), vineyards(), Adam, squared_error, lr=lr)


class LogError:
    """The squared error of logarithms, of an output that is kept above 0 or is not."""

    def __init__(self, *, is_kept: bool) -> None:
        self.is_kept = is_kept

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        said = model(batch[0])
        said = F.softplus(said) if self.is_kept else said
        return F.mse_loss(said.log(), batch[1].log())


def harvested(*, is_kept: bool) -> Job:
    """Tons of grapes, which are above 0 and of a long tail."""
    batches = [(x, torch.exp(1.2 * y)) for x, y in vineyards()]
    return trained(chain([8, 64, 64, 1], nn.GELU), batches, Adam, LogError(is_kept=is_kept), lr=6e-3)


def wide_open(weight: Tensor) -> None:
    """As old scripts of numpy drew them: rand of some range, whatever the layer's width."""
    nn.init.uniform_(weight, -2.0, 2.0)


# Healthy trainings that look odd


def pinball(model: nn.Module, batch: Batch) -> Tensor:
    """The loss of three quantiles, which no network brings near 0 (Koenker & Bassett, 1978)."""
    level = torch.tensor([0.1, 0.5, 0.9])
    short = batch[1] - model(batch[0])
    return torch.maximum(level * short, (level - 1) * short).mean()


class Gated(nn.Module):
    """A layer times gates of its own, twice; a gate that is shut is meant to be."""

    def __init__(self) -> None:
        super().__init__()
        self.say, self.gate = nn.Linear(9, 64), nn.Linear(9, 64)
        self.say_more, self.gate_more = nn.Linear(64, 48), nn.Linear(64, 48)
        self.shut, self.last = nn.Sigmoid(), nn.Linear(48, PAID)

    def forward(self, x: Tensor) -> Tensor:
        x = self.say(x) * self.shut(3 * self.gate(x))
        x = self.say_more(x) * self.shut(3 * self.gate_more(x))
        out: Tensor = self.last(x)
        return out


class Banked(nn.Module):
    """Eight small networks side by side in one tensor each, whose answers are averaged."""

    def __init__(self, members: int = 8, width: int = 16) -> None:
        super().__init__()
        self.enter = nn.Parameter(torch.randn(members, 8, width) / 8**0.5)
        self.shift = nn.Parameter(torch.zeros(members, 1, width))
        self.leave = nn.Parameter(torch.randn(members, width, 1) / width**0.5)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.silu(torch.einsum("bi,mio->mbo", x, self.enter) + self.shift)
        out: Tensor = (inner @ self.leave).mean(0)
        return out


programs = (
    healthy("mlp-invoices-seven-by-he", billed),
    healthy("mlp-invoices-amounts-standardised", amounts),
    healthy("mlp-vineyards-adam-at-its-rate", lambda: grown(4e-3)),
    healthy("mlp-harvests-above-nothing", lambda: harvested(is_kept=True)),
    healthy(
        "mlp-vineyards-three-quantiles",
        lambda: trained(chain([8, 64, 64, 3]), vineyards(), AdamW, pinball, lr=3e-3),
    ),
    healthy("mlp-invoices-gates-steep", lambda: trained(Gated(), invoices(), Adam, lr=6e-3)),
    healthy(
        "mlp-vineyards-sixteen-slopes-a-batch",
        lambda: trained(chain([8, 48, 1], nn.Tanh), vineyards(16), SGD, squared_error, lr=0.03, momentum=0.6),
    ),
    healthy(
        "mlp-vineyards-bank-of-eight", lambda: trained(Banked(), vineyards(), Adam, squared_error, lr=1e-2)
    ),
    faulty(
        "mlp-invoices-seven-squashed",
        "vanishing-gradient",
        lambda: billed(nn.Sigmoid, xavier),
        cause=SIGMOID,
        twin="mlp-invoices-seven-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-invoices-seven-of-nothing",
        "symmetric-units",
        lambda: billed(fill=constant(0.0)),
        cause=ALIKE,
        twin="mlp-invoices-seven-by-he",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-invoices-amounts-in-cents",
        "unscaled-input",
        lambda: amounts(unit=900.0, offset=2400.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-invoices-amounts-standardised",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-invoices-from-minus-two-to-two",
        "saturated-units",
        lambda: amounts(wide_open),
        cause=ENDS,
        twin="mlp-invoices-amounts-standardised",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-vineyards-adam-at-rate-of-descent",
        "unstable-updates",
        lambda: grown(0.2),
        cause=STEP,
        twin="mlp-vineyards-adam-at-its-rate",
        also=("exploding-activation", "dead-units", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-harvests-logarithm-of-any-number",
        "non-finite",
        lambda: harvested(is_kept=False),
        cause=UNDEFINED + "|negative",
        twin="mlp-harvests-above-nothing",
    ),
)
