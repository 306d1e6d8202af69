"""Healthy trainings of plain layers over crystals and mushrooms that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, squared_error
from tests.faults.drawn.cedar.tasks import SPECIES, crystals, mushrooms
from tests.faults.eighth.making import filled, trained
from tests.faults.program import Batch, healthy


class Spread(nn.Module):
    """A middle and a breadth for each crystal."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.last = chain([8, 64, 64], nn.SiLU), nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.silu(self.body(x)))
        return out


def laplace(model: nn.Module, batch: Batch) -> Tensor:
    """What a Laplace density makes of the target; the breadth is kept above a twentieth."""
    x, y = batch
    middle, breadth = model(x).chunk(2, 1)
    breadth = F.softplus(breadth) + 0.05
    out: Tensor = ((y - middle).abs() / breadth + torch.log(2 * breadth)).mean()
    return out


def mixed(model: nn.Module, batch: Batch) -> Tensor:
    """Each mushroom is mixed with its neighbour, and so are their labels (Zhang et al., 2018)."""
    x, y = batch
    said = model(0.7 * x + 0.3 * x.roll(1, 0))
    return 0.7 * F.cross_entropy(said, y) + 0.3 * F.cross_entropy(said, y.roll(1, 0))


class Thresholded(nn.Module):
    """Only what is well above 0 comes through: most units are silent on most examples."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = 2 * self.act(x - 0.9)
        return out


class Features(nn.Module):
    """Fixed random waves of the inputs (Rahimi & Recht, 2007), and a linear layer that learns."""

    turn: Tensor
    shift: Tensor

    def __init__(self, waves: int) -> None:
        super().__init__()
        self.register_buffer("turn", 0.45 * torch.randn(8, waves))
        self.register_buffer("shift", 6.28 * torch.rand(waves))
        self.last = nn.Linear(waves, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.cos(x @ self.turn + self.shift))
        return out


programs = (
    healthy("mlp-crystals-laplace-breadth", lambda: trained(Spread(), crystals(), Adam, laplace, lr=6e-3)),
    healthy(
        "mlp-mushrooms-neighbours-mixed",
        lambda: trained(chain([10, 64, 64, SPECIES], nn.GELU), mushrooms(), AdamW, mixed, lr=8e-3),
    ),
    healthy(
        "mlp-crystals-above-a-threshold",
        lambda: trained(
            filled(chain([8, 96, 96, 1], Thresholded), he), crystals(), Adam, squared_error, lr=4e-3
        ),
    ),
    healthy(
        "mlp-crystals-random-waves", lambda: trained(Features(512), crystals(), Adam, squared_error, lr=4e-3)
    ),
)
