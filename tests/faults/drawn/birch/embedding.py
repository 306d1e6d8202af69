"""Tables: spices of a dish, and car parks by lot and hour."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain
from tests.faults.drawn.birch.tasks import HOURS, KITCHENS, LOTS, dishes, stays
from tests.faults.eighth.making import ALIKE, RATE, Fill, constant, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION

WORDS = 41  # and 0, which is none


class Bag(nn.Module):
    """The mean over the spices that there are, of which there may be none."""

    def __init__(self, least: float, width: int = 24) -> None:
        super().__init__()
        self.words, self.least = nn.Embedding(WORDS, width, padding_idx=0), least
        self.layers = chain([width, 48, 48, KITCHENS])

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True).clamp(min=self.least)
        out: Tensor = self.layers(self.words(x).sum(1) / count)
        return out


def seasoned(*, least: float = 1.0, lr: float = 6e-3) -> Job:
    return trained(Bag(least), dishes(), Adam, lr=lr)


class Park(nn.Module):
    """A row for a lot and one for an hour, beside two numbers."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.lot, self.hour = nn.Embedding(LOTS, width), nn.Embedding(HOURS, width)
        self.layers = chain([2 * width + 2, 40, 40, 1], nn.SiLU)

    def forward(self, x: Tensor, where: Tensor) -> Tensor:
        out: Tensor = self.layers(torch.cat([self.lot(where[:, 0]), self.hour(where[:, 1]), x], 1))
        return out


def full(model: nn.Module, batch: Batch) -> Tensor:
    x, where, y = batch
    return F.mse_loss(model(x, where), y)


def drawn(weight: Tensor) -> None:
    nn.init.normal_(weight, std=0.25)


def stayed(fill: Fill = drawn, table_lr: float = 3e-2) -> Job:
    """The rate of tables is their own."""
    model = Park()
    filled(model.layers, fill)
    for table in (model.lot, model.hour):
        nn.init.normal_(table.weight, std=0.3)
    tables = [model.lot.weight, model.hour.weight]
    groups = [{"params": tables, "lr": table_lr}, {"params": [*model.layers.parameters()], "lr": 5e-3}]
    return Job(model, Adam(groups), stays(), full)


# Healthy trainings that look odd


class Factors(nn.Module):
    """A product of two short rows and a number for each: no layer at all (Koren et al., 2009)."""

    def __init__(self) -> None:
        super().__init__()
        self.lot, self.hour = nn.Embedding(LOTS, 4), nn.Embedding(HOURS, 4)
        self.liked, self.busy = nn.Embedding(LOTS, 1), nn.Embedding(HOURS, 1)
        self.slope = nn.Parameter(torch.zeros(2, 1))
        for table in (self.lot, self.hour, self.liked, self.busy):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, where: Tensor) -> Tensor:
        lot, hour = where.unbind(1)
        both = (self.lot(lot) * self.hour(hour)).sum(1, keepdim=True)
        out: Tensor = both + self.liked(lot) + self.busy(hour) + x @ self.slope
        return out


class Clock(nn.Module):
    """Hours by a table of waves that is not learned, lots by one that is."""

    def __init__(self) -> None:
        super().__init__()
        turn = torch.arange(HOURS)[:, None] / HOURS * 6.2832 * torch.arange(1, 4)
        waves = torch.cat([turn.sin(), turn.cos()], 1)
        self.hour, self.lot = nn.Embedding(HOURS, 6).requires_grad_(False), nn.Embedding(LOTS, 6)
        with torch.no_grad():
            self.hour.weight.copy_(waves)
        self.layers = chain([14, 48, 1], nn.GELU)

    def forward(self, x: Tensor, where: Tensor) -> Tensor:
        out: Tensor = self.layers(torch.cat([self.hour(where[:, 1]), self.lot(where[:, 0]), x], 1))
        return out


programs = (
    healthy("embedding-dishes-divided-by-one-at-least", seasoned),
    healthy("embedding-lots-tables-at-own-rate", stayed),
    healthy("embedding-lots-products-alone", lambda: trained(Factors(), stays(), Adam, full, lr=3e-2)),
    healthy("embedding-lots-clock-fixed", lambda: trained(Clock(), stays(), AdamW, full, lr=1e-2)),
    faulty(
        "embedding-dishes-divided-by-none",
        "non-finite",
        lambda: seasoned(least=0.0),
        cause=OPERATION + "|empty|padding",
        twin="embedding-dishes-divided-by-one-at-least",
    ),
    faulty(
        "embedding-dishes-driven-out",
        "dead-units",
        lambda: seasoned(lr=0.3),
        cause=DRIVEN,
        twin="embedding-dishes-divided-by-one-at-least",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "embedding-lots-layers-of-one-number",
        "symmetric-units",
        lambda: stayed(constant(0.1)),
        cause=ALIKE,
        twin="embedding-lots-tables-at-own-rate",
        also=("exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "embedding-lots-tables-at-a-millionth",
        "stalled-layer",
        lambda: stayed(table_lr=1e-6),
        cause=RATE,
        twin="embedding-lots-tables-at-own-rate",
    ),
)
