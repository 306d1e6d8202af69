"""Networks that begin with vectors of words, users and items."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW

from tests.faults.building import Make, chain, cross_entropy, squared_error, weighted
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import ALIKE, STEP, WEIGHTS, trained
from tests.faults.report.tasks import CLASSES, WORDS, ratings, reviews

WIDTH = 24


class Reviews(nn.Module):
    """The sum or mean of the vectors of a sentence, times a factor, and two layers."""

    def __init__(self, activation: Make = nn.ReLU, factor: float = 4.0, words: int = WORDS) -> None:
        super().__init__()
        self.embed, self.factor = nn.Embedding(words, WIDTH), factor
        self.inner = chain([WIDTH, 48, 48, CLASSES], activation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(self.embed(x).mean(1) * self.factor)
        return out


def read(model: nn.Module | None = None, kind: type = Adam, lr: float = 1e-2) -> Job:
    return trained(model or Reviews(), reviews(), kind, lr=lr)


def unknown_words() -> Job:
    """The vocabulary was made for other text, so that every word becomes the one for unknown words."""
    job = read()
    return Job(job.model, job.optimizer, [(torch.zeros_like(x), y) for x, y in job.batches], job.loss)


def alike(value: float) -> Job:
    model = Reviews(nn.Tanh)
    for layer in weighted(model)[:2]:
        nn.init.constant_(layer.weight, value)
        assert layer.bias is not None
        nn.init.zeros_(layer.bias)
    return read(model)


def forgotten(*, is_known: bool) -> Job:
    """Vectors that hardly differ at first; the optimiser has them, or the layers above alone."""
    model = Reviews()
    nn.init.normal_(model.embed.weight, std=0.05)
    parameters = model.parameters() if is_known else model.inner.parameters()
    return Job(model, AdamW(parameters, lr=1e-2), reviews(), cross_entropy)


class Directions(nn.Module):
    """Each word's vector divided by its length; the vector of the padding is 0."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.inner, self.safe = chain([WIDTH, 48, CLASSES]), safe

    def forward(self, x: Tensor) -> Tensor:
        vectors = self.embed(x)
        length = (vectors.square().sum(-1, keepdim=True) + self.safe).sqrt()
        out: Tensor = self.inner((vectors / length).mean(1) * 8)
        return out


class Traits(nn.Module):
    """Users by items: a product of traits, of which a step touches some, and how generous each is."""

    def __init__(self, std: float = 0.5) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(60, 8), nn.Embedding(40, 8)
        self.generous = nn.Embedding(60, 1)
        for embedding in (self.user, self.item, self.generous):
            nn.init.normal_(embedding.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        user, item = x.unbind(-1)
        out: Tensor = (self.user(user) * self.item(item)).sum(-1) + self.generous(user)[:, 0]
        return out


class Gated(nn.Module):
    """Words weighed by a softmax over the sentence, and padding that counts for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.weigh, self.head = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        vectors = self.embed(x)
        weights = self.weigh(vectors)[..., 0].masked_fill(x == 0, -torch.inf).softmax(-1)
        out: Tensor = self.head((weights[..., None] * vectors).sum(1) * 3)
        return out


def rare() -> Job:
    """Forty words for each one that is ever read."""
    return read(Reviews(words=40 * WORDS), Adagrad, 0.02)


programs = (
    healthy("embedding-reviews", read),
    healthy("embedding-reviews-tanh", lambda: read(Reviews(nn.Tanh, 1.0), lr=2e-2)),
    healthy("embedding-known-to-optimiser", lambda: forgotten(is_known=True)),
    healthy("embedding-directions", lambda: read(Directions(1e-6), lr=2e-2)),
    healthy("embedding-traits", lambda: trained(Traits(), ratings(), SGD, squared_error, lr=2.0)),
    healthy("embedding-weighed", lambda: read(Gated(), lr=1e-2)),
    healthy("embedding-mostly-unread", rare),
    faulty(
        "embedding-summed-into-tanh",
        "saturated-units",
        lambda: read(Reviews(nn.Tanh, 16 * WIDTH**0.5), lr=2e-2),
        cause=WEIGHTS + "|embed|input|sum|scale|variance|pre-activation",
        twin="embedding-reviews-tanh",
    ),
    faulty(
        "embedding-unknown-words",
        "dead-units",
        unknown_words,
        cause="same for every example|constant|identical|do(es)? not (vary|differ|change)",
        twin="embedding-reviews",
    ),
    faulty(
        "embedding-killed-by-rate",
        "dead-units",
        lambda: read(lr=0.7),
        cause=STEP,
        twin="embedding-reviews",
        also=("unstable-updates",),
    ),
    faulty(
        "embedding-constant-layers",
        "symmetric-units",
        lambda: alike(0.05),
        cause=ALIKE,
        twin="embedding-reviews-tanh",
    ),
    faulty(
        "embedding-direction-of-padding",
        "non-finite",
        lambda: read(Directions(0.0), lr=2e-2),
        cause="divi|undefined|zero|\\b0\\b|root|deriv|operation",
        twin="embedding-directions",
    ),
    faulty(
        "embedding-traits-by-descent",
        "non-finite",
        lambda: trained(Traits(), ratings(), SGD, squared_error, lr=40.0),
        cause=STEP + "|diverg",
        twin="embedding-traits",
        also=("unstable-updates",),
    ),
    faulty(
        "embedding-unknown-to-optimiser",
        "stalled-layer",
        lambda: forgotten(is_known=False),
        cause="optimi[sz]er|not updated|no update",
        twin="embedding-known-to-optimiser",
    ),
)
