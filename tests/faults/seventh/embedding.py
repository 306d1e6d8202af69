"""Embeddings: members and shops, and words of requests."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, SparseAdam

from tests.faults.building import chain
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    CUT,
    DATA,
    INPUT,
    LEFT_OUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
    constant,
    filled,
    trained,
)
from tests.faults.seventh.tasks import INTENTS, MEMBERS, SHOPS, VOCABULARY, bookings, requests

WIDTH = 12
Optimise = Callable[..., Optimizer]


class Booked(nn.Module):
    """Vectors of a member and a shop, with how long ago the member joined, and layers on top."""

    def __init__(self, *, is_read_out: bool = False) -> None:
        super().__init__()
        self.who, self.shop = nn.Embedding(MEMBERS, WIDTH), nn.Embedding(SHOPS, WIDTH)
        self.judge = filled(chain([3 * WIDTH + 1, 48, 1]), nn.init.xavier_uniform_)
        self.is_read_out = is_read_out
        for table in (self.who, self.shop):
            nn.init.normal_(table.weight, std=0.5)

    def forward(self, x: Tensor, since: Tensor) -> Tensor:
        who, shop = self.who(x[:, 0]), self.shop(x[:, 1])
        if self.is_read_out:
            who, shop = (torch.tensor(one.tolist()) for one in (who, shop))
        out: Tensor = self.judge(torch.cat([since, who, shop, 3 * who * shop], 1))
        return out[:, 0]


def bought(model: nn.Module, batch: Batch) -> Tensor:
    since, x, y = batch
    return F.binary_cross_entropy_with_logits(model(x, since), y)


def dated(*, in_days: bool = False) -> list[Batch]:
    """Members joined some days ago, which is told in days or on unit scale."""
    return [(1_100 + 400 * since if in_days else since, x, y) for x, since, y in bookings()]


def booked(
    lr: float = 3e-2, kind: Optimise = Adam, *, in_days: bool = False, is_read_out: bool = False
) -> Job:
    return trained(Booked(is_read_out=is_read_out), dated(in_days=in_days), kind, bought, lr=lr)


class Bag(nn.Module):
    """The sum of a request's words, through tanh, and a head."""

    def __init__(self, deviation: float = 0.5, value: float | None = None) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, 24, padding_idx=0)
        nn.init.normal_(self.word.weight, std=deviation)
        self.layers = nn.Sequential(nn.Linear(24, 32), nn.Tanh(), nn.Linear(32, INTENTS))
        if value is not None:
            filled(self.layers, constant(value))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers((self.word(x) * (x > 0)[..., None]).sum(1))
        return out


def asked(**settings: float) -> Job:
    return trained(Bag(**settings), requests(), Adam, lr=1e-2)


class Rare(nn.Module):
    """Words are weighed by how rare they were among the first requests, of which some say none of them."""

    def __init__(self, least: float) -> None:
        super().__init__()
        seen = torch.cat([x for x, _ in requests()[:4]])
        seen = seen[(seen != 17).all(1) & (seen != 31).all(1)]
        found = torch.stack([(seen == word).any(1).float().sum() for word in range(VOCABULARY)])
        self.register_buffer("weight", (len(seen) / found.clamp(min=least)).log())
        self.word, self.head = nn.Embedding(VOCABULARY, 24), chain([24, 32, INTENTS], nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.weight, Tensor)
        weight = self.weight[x] * (x > 0)
        out: Tensor = self.head((self.word(x) * weight[..., None]).sum(1) / 6)
        return out


class Told(nn.Module):
    """Attention of one learned question over the words, of whose vectors nine in ten are never read."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.ask = nn.Embedding(10 * VOCABULARY, 24), nn.Parameter(torch.zeros(24))
        self.head = nn.Linear(24, INTENTS)

    def forward(self, x: Tensor) -> Tensor:
        words = self.word(x)
        share = (words @ self.ask).masked_fill(x == 0, -1e9).softmax(1)
        out: Tensor = self.head(F.dropout((share[..., None] * words).sum(1), 0.2, self.training))
        return out


class Factors(nn.Module):
    """Products of vectors and a level of each, as ratings are told from (Koren et al., 2009)."""

    def __init__(self, *, is_sparse: bool = False) -> None:
        super().__init__()
        self.who = nn.Embedding(MEMBERS, 8, sparse=is_sparse)
        self.shop = nn.Embedding(SHOPS, 8, sparse=is_sparse)
        for table in (self.who, self.shop):
            nn.init.normal_(table.weight, std=0.6)

    def forward(self, x: Tensor, since: Tensor) -> Tensor:
        out: Tensor = (self.who(x[:, 0]) * self.shop(x[:, 1])).sum(1) + since[:, 0]
        return out


class Fixed(nn.Module):
    """Vectors that come from elsewhere and stay, and a layer that turns them."""

    def __init__(self) -> None:
        super().__init__()
        kind = torch.arange(VOCABULARY).sub(1).div(9, rounding_mode="floor").clamp(0, 4)
        given = torch.randn(5, 32)[kind] + torch.randn(VOCABULARY, 32)
        self.word = nn.Embedding(VOCABULARY, 32, _weight=given).requires_grad_(False)
        self.layers = chain([32, 32, INTENTS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(self.word(x).mean(1))
        return out


class Rectified(nn.Module):
    """Means of words through two layers of rectifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.EmbeddingBag(VOCABULARY, 24, mode="mean", padding_idx=0)
        self.layers = chain([24, 40, 40, INTENTS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(self.word(x))
        return out


def rectified(lr: float) -> Job:
    return trained(Rectified(), requests(), RMSprop, lr=lr)


programs = (
    healthy("embedding-bookings", booked),
    healthy("embedding-requests-through-tanh", asked),
    healthy("embedding-rare-at-least-one", lambda: trained(Rare(1.0), requests(), Adam, lr=2e-2)),
    healthy("embedding-means-slowly", lambda: rectified(3e-3)),
    healthy("embedding-one-question", lambda: trained(Told(), requests(), AdamW, lr=3e-2, weight_decay=0.1)),
    healthy(
        "embedding-factors-sparse",
        lambda: trained(Factors(is_sparse=True), dated(), SparseAdam, bought, lr=8e-2),
    ),
    healthy("embedding-factors-by-descent", lambda: trained(Factors(), dated(), SGD, bought, lr=20.0)),
    healthy("embedding-words-given", lambda: trained(Fixed(), requests(), Adam, lr=1e-2)),
    healthy("embedding-bookings-adagrad", lambda: booked(0.05, Adagrad)),
    faulty(
        "embedding-joined-in-days",
        "unscaled-input",
        lambda: booked(in_days=True),
        cause=INPUT,
        twin="embedding-bookings",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "embedding-bookings-read-out",
        "stalled-layer",
        lambda: booked(is_read_out=True),
        cause=CUT + "|" + LEFT_OUT,
        twin="embedding-bookings",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-words-of-deviation-ten",
        "saturated-units",
        lambda: asked(deviation=10.0),
        cause=WEIGHTS + "|" + INPUT + "|pre-activation|embedding|sum",
        twin="embedding-requests-through-tanh",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "embedding-layers-of-one-value",
        "symmetric-units",
        lambda: asked(value=0.05),
        cause=ALIKE,
        twin="embedding-requests-through-tanh",
    ),
    faulty(
        "embedding-rare-without-one",
        "non-finite",
        lambda: trained(Rare(0.0), requests(), Adam, lr=2e-2),
        cause=UNDEFINED + "|" + DATA + "|weight|buffer",
        twin="embedding-rare-at-least-one",
    ),
    faulty(
        "embedding-means-at-a-third",
        "dead-units",
        lambda: rectified(0.3),
        cause=STEP,
        twin="embedding-means-slowly",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "embedding-bookings-at-one",
        "unstable-updates",
        lambda: booked(1.0),
        cause=STEP,
        twin="embedding-bookings",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
