"""Layers with ways past them, over crystals and mushrooms."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, he, initialised, squared_error, xavier
from tests.faults.drawn.cedar.tasks import SPECIES, crystals, mushrooms
from tests.faults.eighth.making import GROWTH, RATE, WEIGHTS, filled, normal, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """A branch of two layers; its sum with what came in is taken times some number."""

    def __init__(self, activation: Make = nn.ReLU, *, branch: float = 1.0, both: float = 1.0) -> None:
        super().__init__()
        self.one, self.act, self.two = nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH)
        self.branch, self.both = branch, both

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.both * (x + self.branch * self.two(self.act(self.one(x))))
        return out


def row(inputs: int, outputs: int, *blocks: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, outputs))


def gapped(branch: float) -> Job:
    """Blocks without norms, whose branches are scaled by their number or are not (Zhang et al., 2019)."""
    model = initialised(row(8, 1, *(Block(branch=branch) for _ in range(14))), he, normal(0.03))
    return trained(model, crystals(), Adam, squared_error, lr=3e-3)


def told_apart(both: float = math.sqrt(0.5), decay: float = 0.85) -> Job:
    """Ten blocks whose sums are kept on one scale, or shrunk as if they were branches.

    Each layer learns somewhat slower than the one after it (Howard & Ruder, 2018).
    """
    model = row(10, SPECIES, *(Block(nn.Tanh, both=both) for _ in range(10)))
    filled(model, xavier)
    groups = [
        {"params": [*part.parameters()], "lr": 6e-3 * decay**place}
        for place, part in enumerate(reversed(list(model)))
    ]
    return Job(model, Adam(groups), mushrooms(), cross_entropy)


# Healthy trainings that look odd


class Weighed(nn.Module):
    """A branch times one number that starts at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU())
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.share * self.branch(x)
        return out


class Carried(nn.Module):
    """A gate that starts nearly shut says how much is changed (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.change, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.shut = nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = torch.lerp(x, self.change(x).relu(), self.shut(self.gate(x)))
        return out


programs = (
    healthy("residual-crystals-fourteen-over-their-number", lambda: gapped(14**-0.5)),
    healthy("residual-mushrooms-ten-over-root-2", told_apart),
    healthy(
        "residual-mushrooms-weighed-from-0",
        lambda: trained(row(10, SPECIES, *(Weighed() for _ in range(8))), mushrooms(), Adam, lr=6e-3),
    ),
    healthy(
        "residual-crystals-carried",
        lambda: trained(row(8, 1, *(Carried() for _ in range(6))), crystals(), AdamW, squared_error, lr=6e-3),
    ),
    faulty(
        "residual-crystals-fourteen-whole",
        "exploding-activation",
        lambda: gapped(1.0),
        cause=GROWTH + "|scale|sum",
        twin="residual-crystals-fourteen-over-their-number",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-mushrooms-ten-shrunk",
        "vanishing-gradient",
        lambda: told_apart(both=0.3),
        cause=WEIGHTS + "|scale|residual|shortcut|skip|branch|depth",
        twin="residual-mushrooms-ten-over-root-2",
        also=("stalled-layer",),
    ),
    faulty(
        "residual-mushrooms-rates-of-a-tenth-each",
        "stalled-layer",
        lambda: told_apart(decay=0.1),
        cause=RATE,
        twin="residual-mushrooms-ten-over-root-2",
    ),
)
