"""Tables of goods, drinkers and teas, and layers over what is looked up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import CUT, filled, normal, trained
from tests.faults.fifteenth.tasks import DRINKERS, GOODS, SHOPS, TEAS, receipts, teas
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import told


class Basket(nn.Module):
    """The mean or the sum of what the table has of the goods, and a layer of tanh over it."""

    def __init__(self, *, is_mean: bool) -> None:
        super().__init__()
        self.good = nn.Embedding(GOODS + 1, 24, padding_idx=0)
        self.rest, self.is_mean = chain([24, 32, SHOPS], nn.Tanh), is_mean

    def forward(self, x: Tensor) -> Tensor:
        said = self.good(x).sum(1)
        out: Tensor = self.rest(said / (x > 0).sum(1, keepdim=True) if self.is_mean else said)
        return out


def bought(*, is_mean: bool = True, **settings: Any) -> Job:
    model = Basket(is_mean=is_mean)
    filled(model.rest, lambda weight: xavier(weight, 5 / 3))
    return trained(model, receipts(), Adam, lr=4e-3, **settings)


class Unit(nn.Module):
    """Goods as vectors of length 1; the vector of no good is 0, whose length is kept from below or is not."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.good = nn.Embedding(GOODS + 1, 24, padding_idx=0)
        self.rest, self.least = chain([24, 32, SHOPS]), least

    def forward(self, x: Tensor) -> Tensor:
        said = self.good(x)
        said = said / said.square().sum(-1, keepdim=True).add(self.least).sqrt()
        out: Tensor = self.rest(said.sum(1) / 5)
        return out


class Cup(nn.Module):
    """Numbers of a cup beside what tables have of who drank which tea; the tables may be read as data."""

    def __init__(self, *, is_data: bool = False) -> None:
        super().__init__()
        self.drinker, self.tea = nn.Embedding(DRINKERS, 12), nn.Embedding(TEAS, 12)
        self.rest, self.is_data = chain([26, 40, 1], nn.SiLU), is_data
        for table in (self.drinker, self.tea):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        tables = [table.weight.data if self.is_data else table.weight for table in (self.drinker, self.tea)]
        both = [table[rows] for table, rows in zip(tables, who.T, strict=True)]
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def drunk(*, is_data: bool) -> Job:
    return trained(Cup(is_data=is_data), teas(), Adam, told, lr=1e-2)


# Healthy trainings that look odd


class Factors(nn.Module):
    """Pairs of goods by the products of their vectors, without a layer of weights (Rendle, 2010)."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = nn.Embedding(GOODS + 1, SHOPS, padding_idx=0)
        self.good = nn.Embedding(GOODS + 1, SHOPS * 4, padding_idx=0)
        for table in (self.alone, self.good):
            normal(0.1)(table.weight)
            with torch.no_grad():
                table.weight[0] = 0

    def forward(self, x: Tensor) -> Tensor:
        said = self.good(x).unflatten(-1, (SHOPS, 4))
        pairs = (said.sum(1).square() - said.square().sum(1)).sum(-1) / 2
        out: Tensor = self.alone(x).sum(1) + pairs
        return out


class Scored(nn.Module):
    """A drinker's and a tea's vector in one product, and a number of each: no layers (Koren et al., 2009)."""

    def __init__(self) -> None:
        super().__init__()
        self.drinker, self.tea = nn.Embedding(DRINKERS, 9), nn.Embedding(TEAS, 9)
        self.cup = nn.Linear(2, 1)
        for table in (self.drinker, self.tea):
            normal(0.05)(table.weight)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        one, other = self.drinker(who[:, 0]), self.tea(who[:, 1])
        both = (one[:, 1:] * other[:, 1:]).sum(1) + one[:, 0] + other[:, 0]
        out: Tensor = both[:, None] + self.cup(x)
        return out


programs = (
    healthy("embedding-receipts-mean-of-goods", bought),
    healthy("embedding-receipts-length-and-a-bit", lambda: trained(Unit(1e-6), receipts(), Adam, lr=1e-2)),
    healthy("embedding-teas-tables-as-weights", lambda: drunk(is_data=False)),
    healthy("embedding-receipts-products-alone", lambda: trained(Factors(), receipts(), Adam, lr=2e-2)),
    healthy("embedding-teas-one-product", lambda: trained(Scored(), teas(), Adam, told, lr=3e-2)),
    faulty(
        "embedding-receipts-sum-of-goods",
        "saturated-units",
        lambda: bought(is_mean=False),
        cause=r"weights?|initiali[sz]|pre-activation|\bsum|mean|embedding|vectors?|scale",
        twin="embedding-receipts-mean-of-goods",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "embedding-receipts-epsilon-of-0",
        "non-finite",
        lambda: bought(eps=0.0),
        cause=r"\beps|divi|0/0|optimi[sz]er|adam|update",
        twin="embedding-receipts-mean-of-goods",
    ),
    faulty(
        "embedding-receipts-length-of-no-good",
        "non-finite",
        lambda: trained(Unit(0.0), receipts(), Adam, lr=1e-2),
        cause=OPERATION + "|length|padding",
        twin="embedding-receipts-length-and-a-bit",
    ),
    faulty(
        "embedding-teas-tables-as-data",
        "stalled-layer",
        lambda: drunk(is_data=True),
        cause=CUT + r"|\.data\b",
        twin="embedding-teas-tables-as-weights",
    ),
)
