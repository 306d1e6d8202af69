"""Tables of sites and plants, and of words of legends, with layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, chain, he
from tests.faults.drawn.hazel.tasks import PLANTS, SITES, WORDS, legends, pollen
from tests.faults.eighth.making import RATE, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.twelfth.making import EMPTY, told

REGIONS = 4


class Counts(nn.Module):
    """Weather beside what the tables of sites and plants have, and layers over all of it."""

    def __init__(self, layers: int = 1, act: Make = nn.ReLU, *, size: int = 8) -> None:
        super().__init__()
        self.site, self.plant = nn.Embedding(SITES, size), nn.Embedding(PLANTS, size)
        self.rest = chain([2 + 2 * size, *[40] * layers, 1], act)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        looked_up = self.site(which[:, 0]), self.plant(which[:, 1])
        out: Tensor = self.rest(torch.cat([x, *looked_up], 1))
        return out


def grown(lr: float = 1e-2, *, is_before: bool = True) -> Job:
    """Tables for new sites and plants, made before the optimiser or after it."""
    model = Counts(2)
    filled(model.rest, he)
    for table in (model.site, model.plant):
        nn.init.normal_(table.weight, std=0.08)
    known = model if is_before else model.rest
    return Job(model, Adam(known.parameters(), lr=lr), pollen(), told)


class Bag(nn.Module):
    """The mean of the vectors of a legend's words, which are counted as one at least, or as they are."""

    def __init__(self, least: float, size: int = 16) -> None:
        super().__init__()
        self.word = nn.Embedding(WORDS + 1, size, padding_idx=0)
        self.rest, self.least = chain([size, 32, REGIONS], nn.SiLU), least

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True).clamp(min=self.least)
        out: Tensor = self.rest(self.word(x).sum(1) / count)
        return out


# Healthy trainings that look odd


class Crossed(nn.Module):
    """Products of what the tables have, and a bias of each row (Koren et al., 2009)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.ModuleList(nn.Embedding(count, 6) for count in (SITES, PLANTS))
        self.biases = nn.ModuleList(nn.Embedding(count, 1) for count in (SITES, PLANTS))
        self.weather = chain([2, 24, 1], nn.Softplus)
        for table in (*self.rows, *self.biases):
            nn.init.normal_(table.weight, std=0.25)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        site, plant = (table(which[:, place]) for place, table in enumerate(self.rows))
        level = sum(table(which[:, place]) for place, table in enumerate(self.biases))
        out: Tensor = (site * plant).sum(1, keepdim=True) + level + self.weather(x)
        return out


class Hashed(nn.Module):
    """Each word is the sum of two rows of a small table that others share (Svenstrup et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.rest = nn.EmbeddingBag(19, 24, mode="sum"), chain([24, 32, REGIONS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(self.rows(torch.cat([x * 7 % 19, x * 11 % 17], 1)) / 4)
        return out


programs = (
    healthy("embedding-pollen-tables-before-optimiser", grown),
    healthy("embedding-legends-one-word-at-least", lambda: trained(Bag(1.0), legends(), Adam, lr=1.2e-2)),
    healthy("embedding-pollen-products-of-rows", lambda: trained(Crossed(), pollen(), Adam, told, lr=2.2e-2)),
    healthy("embedding-legends-rows-shared", lambda: trained(Hashed(), legends(), Adam, lr=1.2e-2)),
    faulty(
        "embedding-pollen-tables-after-optimiser",
        "stalled-layer",
        lambda: grown(is_before=False),
        cause=RATE,
        twin="embedding-pollen-tables-before-optimiser",
    ),
    faulty(
        "embedding-pollen-two-driven-out",
        "dead-units",
        lambda: grown(0.25),
        cause=DRIVEN,
        twin="embedding-pollen-tables-before-optimiser",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "embedding-legends-of-no-word",
        "non-finite",
        lambda: trained(Bag(0.0), legends(), Adam, lr=1.2e-2),
        cause=OPERATION + EMPTY,
        twin="embedding-legends-one-word-at-least",
    ),
)
