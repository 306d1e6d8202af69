"""Embeddings of the words of reviews, and of users and films."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, SparseAdam

from tests.faults.building import chain, cross_entropy, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import (
    LEFT_OUT,
    UNDEFINED,
    Loss,
    seen_through,
    trained,
)
from tests.faults.sixth.tasks import FILMS, USERS, VOCABULARY, ratings, reviews

WIDTH = 16


class Reads(nn.Module):
    """The mean of the vectors of what was said, and layers above it."""

    def __init__(self, above: nn.Module) -> None:
        super().__init__()
        self.words, self.above = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0), above

    def forward(self, x: Tensor) -> Tensor:
        seen = self.words(x)
        said = (x > 0).float()[..., None]
        out: Tensor = self.above((seen * said).sum(1) / said.sum(1).clamp(min=1.0))
        return out


def reading(above: nn.Module, lr: float = 1e-2) -> Job:
    return trained(Reads(above), reviews(), Adam, lr=lr)


def spelled(*, is_known: bool) -> Job:
    """Words are looked up in a list of small letters, with capitals: none is found, and all are padding."""
    batches = seen_through(lambda x: x if is_known else 0 * x, reviews())
    return trained(Reads(chain([WIDTH, 48, 48, 2])), batches, Adam, cross_entropy, lr=5e-3)


class Stars(nn.Module):
    """Vectors and levels of users and films."""

    def __init__(self, *, is_sparse: bool = False, deviation: float = 0.3) -> None:
        super().__init__()
        self.user, self.film = (nn.Embedding(n, 8, sparse=is_sparse) for n in (USERS, FILMS))
        self.kind, self.fame = (nn.Embedding(n, 1, sparse=is_sparse) for n in (USERS, FILMS))
        for table in (self.user, self.film, self.kind, self.fame):
            nn.init.normal_(table.weight, std=deviation)

    def forward(self, x: Tensor) -> Tensor:
        who, what = x.unbind(1)
        products = (self.user(who) * self.film(what)).sum(1)
        out: Tensor = products + self.kind(who)[:, 0] + self.fame(what)[:, 0]
        return out


def by_adagrad(lr: float) -> Job:
    return trained(Stars(), ratings(), Adagrad, squared_error, lr=lr)


def rooted(least: float) -> Loss:
    """The root of the mean squared error of each user of a list; some have rated nothing in a batch."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        error = (model(x) - y).square()
        of = F.one_hot(x[:, 0], USERS).float()
        mean = (error @ of) / of.sum(0).clamp(min=1.0)
        out: Tensor = (mean + least).sqrt().mean()
        return out

    return loss


def of_each_user(least: float = 1e-6, names: tuple[str, ...] = ("user", "film", "kind", "fame")) -> Job:
    """The optimiser is given the tables whose names begin in some way."""
    model = Stars()
    found = [p for name, p in model.named_parameters() if name.startswith(names)]
    return Job(model, Adam(found, lr=5e-2), ratings(), rooted(least))


def in_order(model: nn.Module, batch: Batch) -> Tensor:
    """The one of two that had more stars is to come first (Burges et al., 2005)."""
    x, y = batch
    better = (model(x) - model(x.roll(1, 0))) * torch.sign(y - y.roll(1))
    return F.softplus(-better).mean()


programs = (
    healthy("embedding-words-found", lambda: spelled(is_known=True)),
    healthy("embedding-stars-by-adagrad", lambda: by_adagrad(0.2)),
    healthy("embedding-root-above-0", of_each_user),
    healthy(
        "embedding-sparse-adam",
        lambda: trained(Stars(is_sparse=True), ratings(), SparseAdam, squared_error, lr=8e-2),
    ),
    healthy(
        "embedding-words-dropped",
        lambda: reading(nn.Sequential(nn.Dropout(0.5), *chain([WIDTH, 48, 2], nn.LeakyReLU))),
    ),
    healthy("embedding-better-one-first", lambda: trained(Stars(), ratings(), Adam, in_order, lr=5e-2)),
    faulty(
        "embedding-no-word-found",
        "dead-units",
        lambda: spelled(is_known=False),
        cause=r"constant|same input|\binputs?\b|\bdata\b|\bzero|padding",
        twin="embedding-words-found",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-two-of-four-tables",
        "stalled-layer",
        lambda: of_each_user(names=("film", "fame")),
        cause=LEFT_OUT,
        twin="embedding-root-above-0",
    ),
    faulty(
        "embedding-root-of-no-rating",
        "non-finite",
        lambda: of_each_user(0.0),
        cause=UNDEFINED,
        twin="embedding-root-above-0",
    ),
)
