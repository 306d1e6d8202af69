"""Tables of readers, comics and goods of a bakery, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam

from tests.faults.building import chain
from tests.faults.drawn.elder.tasks import COMICS, GOODS, READERS, TILLS, orders, shelves
from tests.faults.eighth.making import INPUT, RATE, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import EMPTY, told


class Taste(nn.Module):
    """What is known of a comic and of its reader, from two tables, and its age and price; layers over it."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.comic = nn.Embedding(READERS, 8), nn.Embedding(COMICS, 8)
        self.rest = chain([18, 40, 40, 1])

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.reader(who[:, 0]), self.comic(who[:, 1])], 1))
        return out


def known(*, is_all: bool = True, is_standard: bool = True) -> Job:
    """The optimiser has the tables too, or not; age and price are about their means, or in days and cents."""
    model = Taste()
    for table in (model.reader, model.comic):
        nn.init.normal_(table.weight, std=0.1)
    batches = shelves() if is_standard else seen_through(lambda x: 140 * x + 600, shelves())
    return Job(model, Adam([*(model if is_all else model.rest).parameters()], lr=1e-2), batches, told)


class Basket(nn.Module):
    """The mean of what is in an order, over at least some number of goods."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.good, self.least = nn.Embedding(GOODS + 1, 16, padding_idx=0), least
        self.rest = chain([16, 32, TILLS])

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True).clamp(min=self.least)
        out: Tensor = self.rest(self.good(x).sum(1) / count)
        return out


def packed(least: float) -> Job:
    return trained(Basket(least), orders(), Adam, lr=1e-2)


# Healthy trainings that look odd


class Asked(nn.Module):
    """Each good says how much it is to count; padding counts nothing, and an empty order has a row."""

    def __init__(self) -> None:
        super().__init__()
        self.good, self.ask = nn.Embedding(GOODS + 1, 16), nn.Linear(16, 1)
        self.rest = nn.Sequential(nn.Linear(16, 32), nn.PReLU(), nn.Linear(32, TILLS))

    def forward(self, x: Tensor) -> Tensor:
        goods = self.good(x)
        hidden = (x == 0) & (torch.arange(x.shape[1]) > 0)
        share = self.ask(goods)[..., 0].masked_fill(hidden, -1e4).softmax(1)
        out: Tensor = self.rest((share[..., None] * goods).sum(1))
        return out


class Shared(nn.Module):
    """Hashed goods: two of them may share a row, and most rows of the table are never asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(997, 24, mode="sum", sparse=False)
        nn.init.normal_(self.bag.weight, std=0.4)
        self.last = nn.Linear(24, TILLS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.softsign(self.bag(x * 7919 % 997)))
        return out


programs = (
    healthy("embedding-shelves-tables-given", known),
    healthy("embedding-orders-of-one-at-least", lambda: packed(1.0)),
    healthy("embedding-orders-goods-asked", lambda: trained(Asked(), orders(), Adam, lr=1e-2)),
    healthy("embedding-orders-hashed", lambda: trained(Shared(), orders(), Adagrad, lr=5e-2)),
    faulty(
        "embedding-shelves-in-days-and-cents",
        "unscaled-input",
        lambda: known(is_standard=False),
        cause=INPUT + "|scale|offset",
        twin="embedding-shelves-tables-given",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-shelves-tables-not-given",
        "stalled-layer",
        lambda: known(is_all=False),
        cause=RATE,
        twin="embedding-shelves-tables-given",
    ),
    faulty(
        "embedding-orders-of-nothing",
        "non-finite",
        lambda: packed(0.0),
        cause=OPERATION + EMPTY,
        twin="embedding-orders-of-one-at-least",
    ),
)
