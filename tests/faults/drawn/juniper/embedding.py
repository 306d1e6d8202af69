"""Tables of readers, books and words."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, SparseAdam

from tests.faults.building import chain
from tests.faults.drawn.juniper.tasks import BOOKS, READERS, ROOMS, WORDS, lendings, notes
from tests.faults.eighth.making import CUT, INPUT, STEP, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.twelfth.making import told


class Loan(nn.Module):
    """What the tables have of a reader and a book, beside numbers of the copy, and layers over all."""

    def __init__(self, *, is_data: bool = False) -> None:
        super().__init__()
        self.reader, self.book = nn.Embedding(READERS, 10), nn.Embedding(BOOKS, 10)
        for table in (self.reader, self.book):
            nn.init.normal_(table.weight, std=0.2)
        self.rest, self.is_data = chain([22, 48, 1]), is_data

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        if self.is_data:
            both = self.reader.weight.data[who[:, 0]], self.book.weight.data[who[:, 1]]
        else:
            both = self.reader(who[:, 0]), self.book(who[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def lent(*, is_data: bool = False, is_raw: bool = False) -> Job:
    """Rows by look-up or by index into data; the year and the price in pence, or both about their means."""
    usual, spread = torch.tensor([1968.0, 850.0]), torch.tensor([22.0, 300.0])
    batches = seen_through(lambda x: usual + spread * x if is_raw else x, lendings())
    return trained(Loan(is_data=is_data), batches, Adam, told, lr=1e-2)


class Bag(nn.Module):
    """The mean of what the table has of a note's words, and layers over it."""

    def __init__(self, words: int = WORDS + 1, width: int = 24) -> None:
        super().__init__()
        self.word = nn.EmbeddingBag(words, width, mode="mean", padding_idx=0)
        self.rest = chain([width, 32, ROOMS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(self.word(x))
        return out


def bagged(lr: float) -> Job:
    return trained(Bag(), notes(), Adam, lr=lr)


# Healthy trainings that look odd


class Tables(nn.Module):
    """A sum of what two sparse tables have; no layer at all."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.book = (nn.Embedding(count, 1, sparse=True) for count in (READERS, BOOKS))

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        out: Tensor = self.reader(who[:, 0]) + self.book(who[:, 1])
        return out


class Preferred(nn.Module):
    """Products of two tables: how much longer this reader keeps this book than that one."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.book, self.bias = (
            nn.Embedding(READERS, 6),
            nn.Embedding(BOOKS, 6),
            nn.Embedding(BOOKS, 1),
        )

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        near = (self.reader(who[:, 0]) * self.book(who[:, 1])).mean(1)
        out: Tensor = near + self.bias(who[:, 1])[:, 0]
        return out


def longer(model: nn.Module, batch: Batch) -> Tensor:
    """Of two loans of a batch, the longer one is to be told (Rendle et al., 2009)."""
    likes, y = model(*batch[:2]), batch[2][:, 0]
    sign = (y - y.flip(0)).sign()
    return F.softplus(-sign * (likes - likes.flip(0))).mean()


programs = (
    healthy("embedding-lendings-tables-looked-up", lent),
    healthy("embedding-notes-bag-at-a-hundredth", lambda: bagged(1e-2)),
    healthy(
        "embedding-lendings-sparse-and-nothing-else",
        lambda: trained(Tables(), lendings(), SparseAdam, told, lr=5e-2),
    ),
    healthy(
        "embedding-lendings-the-longer-of-two",
        lambda: trained(Preferred(), lendings(), Adagrad, longer, lr=0.2),
    ),
    faulty(
        "embedding-lendings-tables-by-data",
        "stalled-layer",
        lambda: lent(is_data=True),
        cause=CUT + r"|\.data",
        twin="embedding-lendings-tables-looked-up",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-lendings-year-as-it-is",
        "unscaled-input",
        lambda: lent(is_raw=True),
        cause=INPUT + "|scale|offset",
        twin="embedding-lendings-tables-looked-up",
        also=(
            "dead-units",
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "embedding-notes-bag-at-one",
        "unstable-updates",
        lambda: bagged(1.0),
        cause=STEP,
        twin="embedding-notes-bag-at-a-hundredth",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
