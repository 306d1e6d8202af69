"""Blocks with a way around them, on turbines, soils and mosaics."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import cross_entropy, squared_error
from tests.faults.drawn.birch.tasks import MINERALS, PATTERNS, SENSORS, SOILS, mosaics, soils, turbines
from tests.faults.eighth.making import ALIKE, GROWTH, RATE, WEIGHTS, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 40


class Block(nn.Module):
    """Two layers; what comes in is added to what they make some number of times."""

    def __init__(self, skips: int) -> None:
        super().__init__()
        self.one, self.act, self.two = nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
        self.skips = skips

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.two(self.act(self.one(x))) + self.skips * x
        return out


def blocks(inputs: int, outputs: int, made: list[nn.Module]) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *made, nn.Linear(WIDTH, outputs))


def skipping(skips: int, count: int = 15) -> Job:
    """The block adds what comes in; the loop over blocks did so before as well, or no one does any more."""
    model = blocks(SENSORS, 1, [Block(skips) for _ in range(count)])
    return trained(model, turbines(), Adam, squared_error, lr=1e-3)


class Adapted(nn.Module):
    """A layer that is left as it is, and a thin pair that is learned beside it (Hu et al., 2021)."""

    def __init__(self, *, is_down_zero: bool) -> None:
        super().__init__()
        self.kept = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.down, self.up = nn.Linear(WIDTH, 12, bias=False), nn.Linear(12, WIDTH, bias=False)
        nn.init.zeros_(self.up.weight)
        if is_down_zero:
            nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + torch.tanh(self.kept(x) + 4 * self.up(self.down(x)))
        return out


def adapted(*, is_down_zero: bool) -> Job:
    """The pairs and the head are learned, the entry is kept too."""
    model = blocks(MINERALS, SOILS, [Adapted(is_down_zero=is_down_zero) for _ in range(3)])
    model[0].requires_grad_(False)
    return trained(model, soils(), Adam, lr=1e-2)


class Staged(nn.Module):
    """Two stages of convolutions with ways around them."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, width, 3, padding=1)
        self.early = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.narrow = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.late = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.last = nn.Linear(width, PATTERNS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for layer in self.early:
            x = x + layer(x.relu())
        x = self.narrow(x.relu())
        for layer in self.late:
            x = x + layer(x.relu())
        out: Tensor = self.last(x.relu().mean((2, 3)))
        return out


def by_stages(factor: float) -> Job:
    """The rate of the layers before the last, as a share of that of those after them."""
    model = Staged()
    entering = [*model.enter.parameters(), *model.early.parameters(), *model.narrow.parameters()]
    leaving = [*model.late.parameters(), *model.last.parameters()]
    groups = [{"params": entering, "lr": 6e-3 * factor}, {"params": leaving, "lr": 6e-3}]
    return Job(model, Adam(groups), mosaics(), cross_entropy)


# Healthy trainings that look odd


class FromNothing(nn.Module):
    """Each block counts for nothing at first (Bachlechner et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.share * F.relu(self.inner(x))
        return out


class Highway(nn.Module):
    """A gate that lets what comes in pass at first (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.inner = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        nn.init.constant_(self.gate.bias, -2.5)

    def forward(self, x: Tensor) -> Tensor:
        share = torch.sigmoid(self.gate(x))
        return share * F.relu(self.inner(x)) + (1 - share) * x


programs = (
    healthy("residual-turbines-fifteen-added-once", lambda: skipping(1)),
    healthy("residual-soils-adapters-drawn-and-zero", lambda: adapted(is_down_zero=False)),
    healthy("residual-mosaics-stages-at-a-half", lambda: by_stages(0.5)),
    healthy(
        "residual-soils-twelve-from-nothing",
        lambda: trained(blocks(MINERALS, SOILS, [FromNothing() for _ in range(12)]), soils(), AdamW, lr=6e-3),
    ),
    healthy(
        "residual-turbines-five-gates-shut",
        lambda: trained(
            blocks(SENSORS, 1, [Highway() for _ in range(5)]), turbines(), Adam, squared_error, lr=8e-3
        ),
    ),
    faulty(
        "residual-turbines-fifteen-added-never",
        "vanishing-gradient",
        lambda: skipping(0),
        cause=WEIGHTS + "|skip|residual|depth|shortcut",
        twin="residual-turbines-fifteen-added-once",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "residual-turbines-fifteen-added-twice",
        "exploding-gradient",
        lambda: skipping(2),
        cause=GROWTH,
        twin="residual-turbines-fifteen-added-once",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "residual-soils-adapters-zero-and-zero",
        "symmetric-units",
        lambda: adapted(is_down_zero=True),
        cause=ALIKE,
        twin="residual-soils-adapters-drawn-and-zero",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "residual-mosaics-stages-at-a-millionth",
        "stalled-layer",
        lambda: by_stages(1e-6),
        cause=RATE,
        twin="residual-mosaics-stages-at-a-half",
        also=("vanishing-gradient",),
    ),
)
