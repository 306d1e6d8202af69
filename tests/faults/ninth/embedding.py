"""Tables of vectors: who orders what and when, topics of headlines, and words that are near each other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, cross_entropy, he
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    INPUT,
    UNDEFINED,
    Fill,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.ninth.tasks import (
    CUSTOMERS,
    PRODUCTS,
    TOPICS,
    WORDS,
    headlines,
    near_words,
    orders,
)
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Orders(nn.Module):
    """A vector for each customer and each product, beside two numbers of the order."""

    def __init__(self, fill: Fill = he, rows: int = CUSTOMERS) -> None:
        super().__init__()
        self.customer, self.product = nn.Embedding(rows, CODE), nn.Embedding(PRODUCTS, CODE)
        self.layers = filled(chain([2 * CODE + 2, 48, 32, 1]), fill)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        vectors = [self.customer(ids[:, 0]), self.product(ids[:, 1])]
        out: Tensor = self.layers(torch.cat([x, *vectors], 1))
        return out


def content(model: nn.Module, batch: Batch) -> Tensor:
    x, ids, y = batch
    return F.mse_loss(model(x, ids), y)


def ordered(*, is_unix: bool = False, fill: Fill = he) -> Job:
    return trained(Orders(fill), orders(is_unix=is_unix), Adam, content, lr=8e-3)


class Topic(nn.Module):
    """The mean of the vectors of all words, and layers."""

    def __init__(self, activation: Make = nn.Tanh, fill: Fill | None = None) -> None:
        super().__init__()
        self.word = nn.Embedding(WORDS, 16)
        self.layers = chain([16, 32, 32, TOPICS], activation)
        if fill:
            filled(self.layers, fill)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(2 * self.word(x).mean(1))
        return out


def told(model: nn.Module, lr: float = 1e-2) -> Job:
    return trained(model, headlines(), Adam, cross_entropy, lr=lr)


class Small(nn.Module):
    """A table of small vectors that is read as data, without its gradient, or as it should be."""

    def __init__(self, *, is_data: bool) -> None:
        super().__init__()
        self.word, self.is_data = nn.Embedding(WORDS, 6), is_data
        nn.init.normal_(self.word.weight, std=0.2)
        self.layers = chain([6, 32, TOPICS], nn.ELU)

    def forward(self, x: Tensor) -> Tensor:
        table = self.word.weight.data if self.is_data else self.word.weight
        out: Tensor = self.layers(F.embedding(x, table).mean(1))
        return out


class Near(nn.Module):
    """Two tables, and products of their rows (Mikolov et al., 2013)."""

    def __init__(self, std: float = 1.0) -> None:
        super().__init__()
        self.word, self.around = nn.Embedding(WORDS, 32), nn.Embedding(WORDS, 32)
        for table in (self.word, self.around):
            nn.init.normal_(table.weight, std=std)

    def forward(self, word: Tensor, near: Tensor) -> Tensor:
        out: Tensor = (self.word(word) * self.around(near)).sum(1)
        return out


def sampled(model: nn.Module, batch: Batch) -> Tensor:
    word, near, far = batch
    return -(F.logsigmoid(model(word, near)) + F.logsigmoid(-model(word, far))).mean()


def sampled_by_hand(model: nn.Module, batch: Batch) -> Tensor:
    word, near, far = batch
    one, other = torch.sigmoid(model(word, near)), torch.sigmoid(model(word, far))
    return -(torch.log(one) + torch.log(1 - other)).mean()


class Machine(nn.Module):
    """A number for each row, and products of vectors of all pairs (Rendle, 2010)."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Embedding(CUSTOMERS + PRODUCTS, 1)
        self.vector = nn.Embedding(CUSTOMERS + PRODUCTS, 6)
        nn.init.zeros_(self.one.weight)
        nn.init.normal_(self.vector.weight, std=0.3)
        self.numbers = nn.Linear(2, 7)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        ids = ids + torch.tensor([0, CUSTOMERS])
        number = self.numbers(x)
        vectors = torch.cat([self.vector(ids), number[:, None, 1:]], 1)
        pairs = vectors.sum(1).square() - vectors.square().sum(1)
        out: Tensor = self.one(ids).sum(1) + number[:, :1] + pairs.sum(1, keepdim=True) / 2
        return out


class Hashed(nn.Module):
    """Words and pairs of words share the rows of one large table, most of which are never read."""

    def __init__(self, rows: int = 5000) -> None:
        super().__init__()
        self.rows, self.table = rows, nn.EmbeddingBag(rows, 12, mode="mean")
        self.head = nn.Linear(12, TOPICS)

    def forward(self, x: Tensor) -> Tensor:
        pairs = (x[:, :-1] * 31 + x[:, 1:]) % (self.rows - WORDS) + WORDS
        out: Tensor = self.head(self.table(torch.cat([x, x, pairs], 1)))
        return out


class Some(nn.Module):
    """Words are left out by chance, with all of their vector (Gal & Ghahramani, 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.layers = nn.Embedding(WORDS, 24), chain([24, 32, TOPICS])

    def forward(self, x: Tensor) -> Tensor:
        kept = (torch.rand(*x.shape, 1) < 0.7).float()
        out: Tensor = self.layers((kept * self.word(x)).mean(1))
        return out


programs = (
    healthy("embedding-orders-time-on-scale", lambda: ordered()),
    healthy("embedding-headlines-through-tanh", lambda: told(Topic())),
    healthy("embedding-headlines-table-with-gradient", lambda: told(Small(is_data=False), 2e-2)),
    healthy("embedding-near-words", lambda: trained(Near(), near_words(), Adam, sampled, lr=5e-2)),
    healthy("embedding-orders-by-pairs", lambda: trained(Machine(), orders(), Adam, content, lr=3e-2)),
    healthy("embedding-headlines-in-5000-rows", lambda: told(Hashed(), 5e-2)),
    healthy("embedding-headlines-words-left-out", lambda: told(Some(), 2e-2)),
    healthy(
        "embedding-orders-few-customers-met",
        lambda: trained(Orders(rows=400), orders(16), Adam, content, lr=8e-3),
    ),
    faulty(
        "embedding-orders-in-unix-time",
        "unscaled-input",
        lambda: ordered(is_unix=True),
        cause=INPUT,
        twin="embedding-orders-time-on-scale",
        also=("dead-units", "exploding-activation", "unstable-updates", "stalled-layer"),
    ),
    faulty(
        "embedding-orders-of-ones",
        "symmetric-units",
        lambda: ordered(fill=constant(0.05)),
        cause=ALIKE,
        twin="embedding-orders-time-on-scale",
    ),
    faulty(
        "embedding-headlines-tanh-of-unit-normals",
        "saturated-units",
        lambda: told(Topic(fill=normal(1.0))),
        cause=ENDS,
        twin="embedding-headlines-through-tanh",
        also=("exploding-gradient",),
    ),
    faulty(
        "embedding-headlines-table-as-data",
        "stalled-layer",
        lambda: told(Small(is_data=True), 2e-2),
        cause=CUT + r"|\.data",
        twin="embedding-headlines-table-with-gradient",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-near-words-logs-by-hand",
        "non-finite",
        lambda: trained(Near(), near_words(), Adam, sampled_by_hand, lr=5e-2),
        cause=UNDEFINED + "|sigmoid",
        twin="embedding-near-words",
    ),
)
