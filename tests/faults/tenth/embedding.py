"""Tables of vectors: what listeners hear, what mails are about."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW

from tests.faults.building import Make, chain, he
from tests.faults.eighth.making import ALIKE, RATE, Fill, constant, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.tenth.tasks import SONGS, USERS, mails, plays

WIDTH, WORDS = 12, 60


class Heard(nn.Module):
    """Vectors of a listener and a song, with two numbers, through layers."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.who, self.what = (nn.Embedding(n, WIDTH) for n in (USERS, SONGS))
        self.rest = chain([2 + 2 * WIDTH, 48, 48, 1], activation)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        vectors = self.who(ids[:, 0]), self.what(ids[:, 1])
        out: Tensor = self.rest(torch.cat([x, *vectors], 1))
        return out


def heard_wrong(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = (model(batch[0], batch[1]) - batch[2]).square().mean()
    return out


def heard(fill: Fill | None = None) -> Job:
    model = Heard()
    if fill:
        filled(model, fill)
    return trained(model, plays(), Adam, heard_wrong, lr=1e-2)


def descended(lr: float) -> Job:
    model = filled(Heard(), he)
    return trained(model, plays(), SGD, heard_wrong, lr=lr, momentum=0.9)


class Factors(nn.Module):
    """Products of vectors, and a bias each."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.who, self.what = nn.Embedding(USERS, WIDTH), nn.Embedding(SONGS, WIDTH)
        self.level = nn.Embedding(SONGS, 1)
        for table in (self.who, self.what):
            nn.init.normal_(table.weight, std=deviation)
        nn.init.zeros_(self.level.weight)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        both = (self.who(ids[:, 0]) * self.what(ids[:, 1])).sum(1, keepdim=True)
        out: Tensor = both + self.level(ids[:, 1])
        return out


class Mail(nn.Module):
    """The mean of a mail's words; an empty mail has none."""

    def __init__(self, least: float, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.word = nn.Embedding(WORDS + 1, WIDTH, padding_idx=0)
        self.rest, self.least = chain([WIDTH, 48, 3], activation), least

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True)
        out: Tensor = self.rest(self.word(x).sum(1) / count.clamp(min=self.least))
        return out


class Lengths(Mail):
    """Vectors of mails are made of length 1, which that of an empty one is not."""

    def __init__(self, least: float) -> None:
        super().__init__(1)
        self.bit = least

    def forward(self, x: Tensor) -> Tensor:
        total = self.word(x).sum(1)
        out: Tensor = self.rest(3 * total / (total.square().sum(1, keepdim=True) + self.bit).sqrt())
        return out


class Bag(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag, self.last = nn.EmbeddingBag(WORDS + 1, 24, mode="sum", padding_idx=0), nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.bag(x))
        return out


class Narrow(nn.Module):
    """Vectors of two numbers, of which everything is told; tables have a rate of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.who, self.what = nn.Embedding(USERS, 2), nn.Embedding(SONGS, 2)
        self.rest = chain([6, 48, 1], nn.Tanh)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.who(ids[:, 0]), self.what(ids[:, 1])], 1))
        return out


def grouped(tables: float) -> Job:
    model = Narrow()
    groups = [
        {"params": model.rest.parameters()},
        {"params": [model.who.weight, model.what.weight], "lr": tables},
    ]
    return Job(model, Adam(groups, lr=2e-2), plays(), heard_wrong)


def squashed(deviation: float) -> Job:
    return trained(filled(Heard(nn.Tanh), normal(deviation)), plays(), Adam, heard_wrong, lr=1e-2)


programs = (
    healthy("embedding-plays-on-scale", heard),
    healthy("embedding-plays-by-he", lambda: heard(fill=he)),
    healthy("embedding-plays-descended", lambda: descended(0.01)),
    healthy("embedding-plays-small-tanh", lambda: squashed(0.2)),
    healthy("embedding-tables-with-a-rate", lambda: grouped(2e-2)),
    healthy("embedding-at-least-one-word", lambda: trained(Mail(1), mails(), Adam, lr=1e-2)),
    healthy("embedding-length-and-a-bit", lambda: trained(Lengths(1e-6), mails(), Adam, lr=1e-2)),
    healthy("embedding-bag-of-sums", lambda: trained(Bag(), mails(), AdamW, lr=1e-2)),
    healthy("embedding-mails-adagrad", lambda: trained(Mail(1, nn.GELU), mails(), Adagrad, lr=5e-2)),
    healthy(
        "embedding-small-factors",
        lambda: trained(Factors(0.3), plays(), Adam, heard_wrong, lr=3e-2),
    ),
    faulty(
        "embedding-plays-from-tenths",
        "symmetric-units",
        lambda: heard(fill=constant(0.1)),
        cause=ALIKE,
        twin="embedding-plays-by-he",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "embedding-plays-descended-too-far",
        "dead-units",
        lambda: descended(0.15),
        cause=DRIVEN,
        twin="embedding-plays-descended",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "embedding-tables-with-no-rate",
        "stalled-layer",
        lambda: grouped(0.0),
        cause=RATE,
        twin="embedding-tables-with-a-rate",
    ),
    faulty(
        "embedding-mean-of-no-words",
        "non-finite",
        lambda: trained(Mail(0), mails(), Adam, lr=1e-2),
        cause=OPERATION + r"|data|batch|empty|padding",
        twin="embedding-at-least-one-word",
    ),
)
