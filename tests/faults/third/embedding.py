"""Networks that begin with vectors of words, shops and products."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adagrad, Adam, AdamW

from tests.faults.building import Make, chain, weighted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import flipped, generator
from tests.faults.third.making import ALIKE, INPUT, seen_through, trained, zero_biased
from tests.faults.third.tasks import DAYS, PRODUCTS, SHOPS, TOPICS, WORDS, neighbours, sales


class Sales(nn.Module):
    """Numbers beside the vectors of shop, product and day, through two layers."""

    def __init__(self, activation: Make = nn.ReLU, std: float = 1.0) -> None:
        super().__init__()
        tables = [nn.Embedding(size, 8) for size in (SHOPS, PRODUCTS, DAYS)]
        for table in tables:
            nn.init.normal_(table.weight, std=std)
        self.tables, self.inner = nn.ModuleList(tables), chain([27, 48, 48, 1], activation)

    def forward(self, numbers: Tensor, kinds: Tensor) -> Tensor:
        read = [table(kinds[:, place]) for place, table in enumerate(self.tables)]
        out: Tensor = self.inner(torch.cat([numbers, *read], 1))[:, 0]
        return out


def sold(model: nn.Module, batch: Batch) -> Tensor:
    numbers, kinds, y = batch
    return F.mse_loss(model(numbers, kinds), y)


def of_sales(model: nn.Module | None = None, price: float = 1.0, kind: type = Adam, **settings: float) -> Job:
    """Sales by a price in euros, about its mean, or in cents as the till has it."""
    factors = torch.tensor([price, 1.0, 1.0])
    batches = seen_through(lambda x: x * factors, sales())
    return trained(model or Sales(), batches, kind, sold, **settings)


def by_descent(price: float) -> Job:
    return of_sales(price=price, kind=SGD, lr=0.03, momentum=0.5)


def ones() -> Job:
    """Hidden layers and head of one value: the vectors differ, and what is made of them does not."""
    model = Sales(nn.Tanh)
    for layer in weighted(zero_biased(model.inner)):
        nn.init.constant_(layer.weight, 0.1)
    return of_sales(model, lr=1e-2)


class Skipgram(nn.Module):
    """Whether two words are met: the product of the one's vector and the other's."""

    def __init__(self, std: float = 0.3) -> None:
        super().__init__()
        self.centre, self.context = nn.Embedding(WORDS, 12), nn.Embedding(WORDS, 12)
        self.offset = nn.Parameter(torch.zeros(()))
        for table in (self.centre, self.context):
            nn.init.normal_(table.weight, std=std)

    def forward(self, words: Tensor) -> Tensor:
        out: Tensor = (self.centre(words[:, 0]) * self.context(words[:, 1])).sum(1) + self.offset
        return out


def met(model: nn.Module, batch: Batch) -> Tensor:
    words, y = batch
    return F.binary_cross_entropy_with_logits(model(words), y)


def of_words(eps: float) -> Job:
    """Adam divides by a root of squares, 0 for words that no batch has had yet, plus a small number."""
    return trained(Skipgram(), neighbours(), Adam, met, lr=3e-2, eps=eps)


def in_groups(rate: float) -> Job:
    """Vectors in a group of the optimiser that has a rate of its own; products hardly differ at first."""
    model = Sales(nn.SiLU, std=0.02)
    groups = [
        {"params": model.tables.parameters(), "lr": rate},
        {"params": model.inner.parameters(), "lr": 1e-2},
    ]
    return Job(model, AdamW(groups), sales(), sold)


class Padded(nn.Module):
    """Sentences of two to four words in twenty places; the rest is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.EmbeddingBag(WORDS + 1, 24, mode="sum", padding_idx=WORDS)
        self.inner = chain([24, 32, TOPICS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(self.embed(x))
        return out


def mostly_padding() -> Job:
    draw = generator(74)
    batches: list[Batch] = []
    for words, _ in neighbours():
        topic = words[:, 0] % TOPICS
        x = torch.full((len(words), 20), WORDS)
        x[:, 0] = words[:, 0]
        x[:, 1] = topic + TOPICS * torch.randint(WORDS // TOPICS, topic.shape, generator=draw)
        x[:, 2] = torch.where(topic % 2 == 0, words[:, 1], x[:, 2])
        batches.append((x, flipped(topic, TOPICS, 0.2, draw)))
    return trained(Padded(), batches, Adam, lr=2e-2)


class Hashed(nn.Module):
    """Forty places for a hundred and twenty words, so that three share each, in two tables."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Embedding(40, 16, max_norm=2.0), nn.Embedding(37, 16)
        self.head = nn.Linear(16, TOPICS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.one(x % 40) * self.other(x % 37))
        return out


def hashed() -> Job:
    draw = generator(75)
    batches: list[Batch] = [
        (words[:, 0], flipped(words[:, 0] % TOPICS, TOPICS, 0.2, draw)) for words, _ in neighbours()
    ]
    return trained(Hashed(), batches, Adagrad, lr=0.1)


programs = (
    healthy("embedding-sales", lambda: of_sales(lr=5e-3)),
    healthy("embedding-price-in-euros", lambda: by_descent(1.0)),
    healthy("embedding-sales-tanh", lambda: of_sales(Sales(nn.Tanh), lr=1e-2)),
    healthy("embedding-neighbours", lambda: of_words(1e-8)),
    healthy("embedding-group-with-rate", lambda: in_groups(1e-2)),
    healthy("embedding-mostly-padding", mostly_padding),
    healthy("embedding-shared-places", hashed),
    faulty(
        "embedding-price-in-cents",
        "unscaled-input",
        lambda: by_descent(100.0),
        cause=INPUT,
        twin="embedding-price-in-euros",
        also=("dead-units", "non-finite", "unstable-updates"),
    ),
    faulty(
        "embedding-one-value-everywhere",
        "symmetric-units",
        ones,
        cause=ALIKE,
        twin="embedding-sales-tanh",
    ),
    faulty(
        "embedding-adam-without-epsilon",
        "non-finite",
        lambda: of_words(0.0),
        cause="eps|divi|0/0|optimi[sz]er|update",
        twin="embedding-neighbours",
    ),
    faulty(
        "embedding-group-without-rate",
        "stalled-layer",
        lambda: in_groups(0.0),
        cause="learning rate|\\blr\\b|group",
        twin="embedding-group-with-rate",
    ),
)
