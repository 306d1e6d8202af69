"""Tables of vectors: readers and their books, and the mood of short messages."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, SparseAdam

from tests.faults.building import Make, chain
from tests.faults.eighth.making import INPUT, RATE, STEP, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import EMPTY, told
from tests.faults.twelfth.tasks import BOOKS, READERS, VOCABULARY, lent, tweets

WIDTH = 10


class Starred(nn.Module):
    """Vectors of a reader and a book, with two numbers of the book, through layers."""

    def __init__(self, activation: Make = nn.ReLU, std: float = 1.0) -> None:
        super().__init__()
        self.who, self.what = nn.Embedding(READERS, WIDTH), nn.Embedding(BOOKS, WIDTH)
        self.rest = chain([2 + 2 * WIDTH, 48, 48, 1], activation)
        for table in (self.who, self.what):
            nn.init.normal_(table.weight, std=std)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.who(ids[:, 0]), self.what(ids[:, 1])], 1))
        return out


def in_print(*, is_scaled: bool, lr: float = 1e-2) -> Job:
    """The year a book came out and its pages as they are, or both about their means on unit scale."""
    units = torch.tensor([120.0, 25.0]), torch.tensor([340.0, 1990.0])
    batches = [(x if is_scaled else x * units[0] + units[1], ids, y) for x, ids, y in lent()]
    return trained(Starred(), batches, Adam, told, lr=lr)


def tables(*, are_known: bool) -> Job:
    """The optimiser was given the layers alone, or the tables as well; these start small."""
    model = Starred(nn.Tanh, std=0.05)
    known = model.parameters() if are_known else model.rest.parameters()
    return Job(model, Adam(known, lr=1e-2), lent(), told)


class Factors(nn.Module):
    """A product of two vectors, a level of each (Koren, Bell & Volinsky, 2009)."""

    def __init__(self) -> None:
        super().__init__()
        self.who = nn.Embedding(READERS, WIDTH + 1, sparse=True)
        self.what = nn.Embedding(BOOKS, WIDTH + 1, sparse=True)
        for table in (self.who, self.what):
            nn.init.normal_(table.weight, std=0.2)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        who, what = self.who(ids[:, 0]), self.what(ids[:, 1])
        both = (who[:, :-1] * what[:, :-1]).sum(1, keepdim=True)
        out: Tensor = both + who[:, -1:] + what[:, -1:]
        return out


class Mood(nn.Module):
    """The mean of the vectors of a message's words, through layers; an empty message has no words."""

    def __init__(self, least: float, activation: Make = nn.ReLU, rows: int = VOCABULARY + 1) -> None:
        super().__init__()
        self.word, self.least = nn.Embedding(rows, 16, padding_idx=0), least
        self.rest = chain([16, 48, 3], activation)

    def pooled(self, x: Tensor) -> Tensor:
        known = (x > 0).float()[..., None]
        mean: Tensor = (self.word(x) * known).sum(1) / known.sum(1).clamp(min=self.least)
        return mean

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(2 * self.pooled(x))
        return out


class Weighed(Mood):
    """Words are weighed by a softmax over what a layer says of each; padding is far below."""

    def __init__(self) -> None:
        super().__init__(1.0, nn.GELU)
        self.ask = nn.Linear(16, 1)

    def pooled(self, x: Tensor) -> Tensor:
        vectors = self.word(x)
        scores = self.ask(vectors).masked_fill((x == 0)[..., None], -1e4)
        mean: Tensor = (scores.softmax(1) * vectors).sum(1)
        return mean


def read(model: nn.Module, lr: float = 1e-2, kind: type = Adam) -> Job:
    return trained(model, tweets(), kind, lr=lr)


programs = (
    healthy("embedding-lent-on-scale", lambda: in_print(is_scaled=True)),
    healthy("embedding-lent-tables-known", lambda: tables(are_known=True)),
    healthy("embedding-moods-one-word-at-least", lambda: read(Mood(1.0))),
    healthy(
        "embedding-lent-factors-sparse",
        lambda: trained(Factors(), lent(), SparseAdam, told, lr=3e-2),
    ),
    healthy("embedding-moods-weighed", lambda: read(Weighed())),
    healthy("embedding-moods-rows-never-met", lambda: read(Mood(1.0, nn.GELU, 2000), kind=AdamW)),
    faulty(
        "embedding-lent-in-years",
        "unscaled-input",
        lambda: in_print(is_scaled=False),
        cause=INPUT + "|scale",
        twin="embedding-lent-on-scale",
        also=("exploding-activation", "unstable-updates", "dead-units", "stalled-layer"),
    ),
    faulty(
        "embedding-lent-adam-of-one",
        "unstable-updates",
        lambda: in_print(is_scaled=True, lr=1.0),
        cause=STEP,
        twin="embedding-lent-on-scale",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "embedding-lent-tables-not-known",
        "stalled-layer",
        lambda: tables(are_known=False),
        cause=RATE,
        twin="embedding-lent-tables-known",
    ),
    faulty(
        "embedding-moods-of-no-word",
        "non-finite",
        lambda: read(Mood(0.0)),
        cause=OPERATION + EMPTY,
        twin="embedding-moods-one-word-at-least",
    ),
)
