"""Embeddings of users and films, and of notes."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain
from tests.faults.fourth.making import ALIKE, STEP, WEIGHTS, Loss, trained
from tests.faults.fourth.tasks import FILMS, NOTES, USERS, most_common, ratings
from tests.faults.program import Batch, Job, faulty, healthy


class Tastes(nn.Module):
    """Two vectors side by side through two layers; of more rows than there are users and films."""

    def __init__(self, width: int = 8, deviation: float = 1.0, rows: int = 1) -> None:
        super().__init__()
        self.user, self.film = nn.Embedding(rows * USERS, width), nn.Embedding(rows * FILMS, width)
        self.inner = chain([2 * width, 32, 1], nn.Tanh)
        for table in (self.user, self.film):
            nn.init.normal_(table.weight, std=deviation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(torch.cat([self.user(x[:, 0]), self.film(x[:, 1])], 1))[:, 0]
        return out


class Product(nn.Module):
    """The inner product of two vectors, and a number of each user's own."""

    def __init__(self, sparse: bool = False) -> None:
        super().__init__()
        self.user, self.film = nn.Embedding(USERS, 6, sparse=sparse), nn.Embedding(FILMS, 6, sparse=sparse)
        self.mean = nn.Embedding(USERS, 1, sparse=sparse)
        nn.init.normal_(self.user.weight, std=0.4)
        nn.init.normal_(self.film.weight, std=0.4)

    def forward(self, x: Tensor) -> Tensor:
        product = (self.user(x[:, 0]) * self.film(x[:, 1])).sum(1)
        out: Tensor = product + self.mean(x[:, 0])[:, 0]
        return out


def liked(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[1])


def of_tastes(deviation: float = 1.0) -> Job:
    return trained(Tastes(deviation=deviation), ratings(), Adam, liked, lr=2e-2)


def of_products(lr: float, loss: Loss = liked, **settings: float) -> Job:
    return trained(Product(), ratings(), SGD, loss, lr=lr, **settings)


class Counted(nn.Module):
    """Notes by their vectors through a layer, averaged; one vector of silence stays at 0."""

    def __init__(self, rows: int, scale: float = 1.0) -> None:
        super().__init__()
        self.note = nn.Embedding(rows, 16, padding_idx=rows - 1)
        self.inner, self.head = nn.Linear(16, 32), nn.Linear(32, 4)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(F.relu(self.inner(self.scale * self.note(x))).mean(1))
        return out


def beginning_alike(*, is_alike: bool) -> Job:
    """The layer on top of vectors is filled with a constant, and the head too, or both are drawn."""
    model = Counted(NOTES + 1)
    for layer in (model.inner, model.head):
        if is_alike:
            nn.init.constant_(layer.weight, 1 / layer.in_features)
            nn.init.zeros_(layer.bias)
    return trained(model, most_common(), AdamW, lr=5e-3)


class Rare(nn.Module):
    """Vectors of users are shared by three by a hash, and most of the rows of films are never read."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Tastes(6, 0.3, rows=20)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(torch.stack([x[:, 0] * 37 % 23 + 900, x[:, 1] * 5], 1))
        return out


def after_years() -> Job:
    """Tables and layers as they were left by a long training, and a rate for small corrections."""
    model, batches = Product(), ratings()
    first = Adam(model.parameters(), lr=2e-2)
    for step in range(5 * len(batches)):
        first.zero_grad()
        liked(model, batches[step % len(batches)]).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, batches, Adam, liked, lr=1e-5)


def absolute(model: nn.Module, batch: Batch) -> Tensor:
    return F.l1_loss(model(batch[0]), batch[1])


programs = (
    healthy("embedding-tastes", of_tastes),
    healthy("embedding-products", lambda: of_products(1.0, momentum=0.5)),
    healthy("embedding-notes-drawn", lambda: beginning_alike(is_alike=False)),
    healthy("embedding-shared-by-hash", lambda: trained(Rare(), ratings(), Adam, liked, lr=1e-2)),
    healthy("embedding-after-years", after_years),
    healthy(
        "embedding-only-what-was-read",
        lambda: trained(Product(sparse=True), ratings(), torch.optim.SparseAdam, absolute, lr=3e-2),
    ),
    healthy(
        "embedding-far-too-many-rows",
        lambda: trained(Counted(2000, 0.5), most_common(), Adam, lr=1e-2),
    ),
    faulty(
        "embedding-vectors-of-length-eighty",
        "saturated-units",
        lambda: of_tastes(30.0),
        cause=WEIGHTS + "|embed|vector|input|scale|pre-activation",
        twin="embedding-tastes",
        also=("unscaled-input", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "embedding-layer-of-means",
        "symmetric-units",
        lambda: beginning_alike(is_alike=True),
        cause=ALIKE,
        twin="embedding-notes-drawn",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-momentum-of-almost-one",
        "unstable-updates",
        lambda: of_products(1.0, momentum=0.99),
        cause=STEP + "|momentum",
        twin="embedding-products",
        also=("non-finite",),
    ),
)
