"""Healthy trainings of other kinds that look odd."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import chain, squared_error
from tests.faults.eighteenth.scenes import rafts
from tests.faults.eighteenth.tasks import PROFILE, cranes, vases
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, healthy

LEVELS = 9


def at_levels(model: nn.Module, batch: Batch) -> Tensor:
    """Nine levels of what a lever is worth, each by its own slanted errors (Dabney et al., 2018)."""
    x, done, came = batch
    told = model(x).unflatten(1, (3, LEVELS))[torch.arange(len(x)), done]
    far = came[:, None] - told
    level = (torch.arange(LEVELS) + 0.5) / LEVELS
    out: Tensor = (torch.where(far > 0, level, 1 - level) * far.abs()).mean()
    return out


class Drift(nn.Module):
    """Twelve small steps of one layer that can only shrink (E, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.push, self.turn = nn.Linear(8, 32), nn.Linear(32, 8)
        nn.init.zeros_(self.turn.weight)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(12):
            x = x + self.turn(torch.tanh(self.push(x))) / 12
        return x


class Bent(nn.Module):
    """Profiles become normal draws, one half moved and stretched by what the other one says."""

    def __init__(self, layers: int = 4) -> None:
        super().__init__()
        half = PROFILE // 2
        self.steps = nn.ModuleList(chain([half, 32, 2 * half], nn.SiLU) for _ in range(layers))
        for step in self.steps:
            nn.init.zeros_(step[-1].weight)  # type: ignore[index]

    def forward(self, x: Tensor) -> Tensor:
        """The logarithm of how likely each profile is, over its length."""
        one, other = x[:, ::2], x[:, 1::2]
        told = x.new_zeros(len(x))
        for step in self.steps:
            move, stretch = step(one).chunk(2, 1)
            stretch = 1.5 * torch.tanh(stretch)
            one, other = other * stretch.exp() + move, one
            told = told + stretch.sum(1)
        normal = (one.square().sum(1) + other.square().sum(1)) / 2 + PROFILE * math.log(2 * math.pi) / 2
        return (told - normal) / PROFILE


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = -model(batch[0]).mean()
    return out


programs = (
    healthy(
        "values-cranes-nine-levels",
        lambda: trained(chain([5, 64, 64, 3 * LEVELS], nn.SiLU), cranes(), Adam, at_levels, lr=6e-3),
    ),
    healthy(
        "ode-rafts-from-standing-still", lambda: trained(Drift(), rafts(), Adam, squared_error, lr=1.5e-2)
    ),
    healthy("flow-vases-halves-told-by-halves", lambda: trained(Bent(), vases(), Adam, unlikely, lr=6e-3)),
)
