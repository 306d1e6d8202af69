"""Tables of vectors: what readers borrow, and whether reviews praise."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, SparseAdam

from tests.faults.building import Make, chain, he
from tests.faults.eighth.making import CUT, ENDS, Fill, filled, normal, trained
from tests.faults.eleventh.tasks import BOOKS, READERS, VOCABULARY, loans, reviews
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.embedding import heard_wrong
from tests.faults.tenth.making import DRIVEN

WIDTH = 10


class Kept(nn.Module):
    """How long a book is kept, from vectors of reader and book and two numbers."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.reader, self.book = nn.Embedding(READERS, WIDTH), nn.Embedding(BOOKS, WIDTH)
        self.rest = chain([2 + 2 * WIDTH, 48, 48, 1], activation)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.reader(who[:, 0]), self.book(who[:, 1])], 1))
        return out


def kept(lr: float) -> Job:
    return trained(filled(Kept(), he), loans(), SGD, heard_wrong, lr=lr, momentum=0.9)


class Praise(nn.Module):
    """The mean of a review's words through layers; words may be looked up in the table's data."""

    def __init__(
        self, width: int = 2, *, is_data: bool = False, fill: Fill | None = None, rows: int = VOCABULARY + 1
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(rows, width, padding_idx=0)
        self.rest, self.is_data = chain([width, 24, 24, 2], nn.Tanh), is_data
        if fill:
            filled(self.rest, fill)

    def forward(self, x: Tensor) -> Tensor:
        vectors = self.word.weight.data[x] if self.is_data else self.word(x)
        out: Tensor = self.rest(vectors.sum(1) / (x > 0).sum(1, keepdim=True).clamp(min=1))
        return out


def praised(model: nn.Module, lr: float = 2e-2) -> Job:
    return trained(model, reviews(), Adam, lr=lr)


class Products(nn.Module):
    """A product of vectors, with a level of each reader and book, and sparse gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.book = (nn.Embedding(n, WIDTH, sparse=True) for n in (READERS, BOOKS))
        self.levels = nn.ModuleList(nn.Embedding(n, 1, sparse=True) for n in (READERS, BOOKS))
        for table in (self.reader, self.book, *self.levels):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        one, other = who.unbind(1)
        both = (self.reader(one) * self.book(other)).sum(1, keepdim=True)
        out: Tensor = both + self.levels[0](one) + self.levels[1](other)
        return out


class Fixed(Praise):
    """Vectors from elsewhere stay as they are; only layers over them learn."""

    def __init__(self) -> None:
        super().__init__(16)
        with torch.no_grad():
            self.word.weight[:, 0] = 2.0 * (torch.arange(VOCABULARY + 1) % 2) - 1
            self.word.weight[0] = 0
        self.word.requires_grad_(False)


programs = (
    healthy("embedding-loans-descended", lambda: kept(0.02)),
    healthy("embedding-reviews-looked-up", lambda: praised(Praise())),
    healthy("embedding-loans-sparse", lambda: trained(Products(), loans(), SparseAdam, heard_wrong, lr=5e-2)),
    healthy("embedding-reviews-fixed-vectors", lambda: praised(Fixed(), 1e-2)),
    healthy(
        "embedding-reviews-in-3000-rows", lambda: trained(Praise(8, rows=3000), reviews(), AdamW, lr=1e-2)
    ),
    faulty(
        "embedding-loans-descended-at-a-quarter",
        "dead-units",
        lambda: kept(0.25),
        cause=DRIVEN,
        twin="embedding-loans-descended",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "embedding-reviews-in-the-table-s-data",
        "stalled-layer",
        lambda: praised(Praise(is_data=True)),
        cause=CUT,
        twin="embedding-reviews-looked-up",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-reviews-layers-by-fives",
        "saturated-units",
        lambda: praised(Praise(fill=normal(5.0))),
        cause=ENDS,
        twin="embedding-reviews-looked-up",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
