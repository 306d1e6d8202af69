"""Embeddings of words that are read near each other."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, AdamW

from tests.faults.building import chain
from tests.faults.fifth.making import ALIKE, STEP, UNDEFINED, Loss, trained
from tests.faults.fifth.tasks import WORDS, neighbours
from tests.faults.program import Batch, Job, faulty, healthy


class Products(nn.Module):
    """A vector for a word as it is asked, one as it is found, and their product (Mikolov et al., 2013)."""

    def __init__(
        self, width: int = 24, deviation: float = 0.4, rows: int = WORDS, **settings: object
    ) -> None:
        super().__init__()
        self.asked = nn.Embedding(rows, width, **settings)  # type: ignore[arg-type]
        self.found = nn.Embedding(rows, width, **settings)  # type: ignore[arg-type]
        self.level = nn.Parameter(torch.zeros(()))
        for table in (self.asked, self.found):
            nn.init.normal_(table.weight, std=deviation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (self.asked(x[:, 0]) * self.found(x[:, 1])).sum(1) + self.level
        return out


def near(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def by_hand(model: nn.Module, batch: Batch) -> Tensor:
    """The logarithm of a sigmoid, and of 1 without it."""
    chance = torch.sigmoid(model(batch[0]))
    return -torch.where(batch[1] > 0, chance.log(), (1 - chance).log()).mean()


def of_unit_normals(loss: Loss) -> Job:
    """Vectors as PyTorch draws them: products are of deviation 7 and reach 20."""
    return trained(Products(48, 1.0), neighbours(), Adam, loss, lr=0.2)


class Towers(nn.Module):
    """Two towers of a layer each over their vectors, and the product of what they say."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.found = nn.Embedding(WORDS, 16), nn.Embedding(WORDS, 16)
        self.one, self.other = chain([16, 32, 12], nn.Tanh), chain([16, 32, 12], nn.Tanh)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (self.one(self.asked(x[:, 0])) * self.other(self.found(x[:, 1]))).sum(1) / 2
        return out


def of_towers(value: float | None, lr: float = 1e-2) -> Job:
    model = Towers()
    for layer in (*model.one, *model.other):
        if isinstance(layer, nn.Linear) and value is not None:
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)
    return trained(model, neighbours(), Adam, near, lr=lr)


class Composed(nn.Module):
    """Each word is the product of two vectors of small tables that are shared (Shi et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.whole, self.rest = nn.Embedding(12, 20), nn.Embedding(5, 20)
        nn.init.ones_(self.whole.weight)
        self.judge = chain([40, 32, 1])

    def vector(self, word: Tensor) -> Tensor:
        out: Tensor = self.whole(word // 5) * self.rest(word % 5)
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.judge(torch.cat([self.vector(x[:, 0]), self.vector(x[:, 1])], 1))[:, 0]
        return out


class Adapted(nn.Module):
    """Vectors from elsewhere stay as they are; a layer on top of them is learned."""

    def __init__(self) -> None:
        super().__init__()
        topic = torch.arange(WORDS) % 5
        vectors = torch.randn(5, 20)[topic] + 0.8 * torch.randn(WORDS, 20)
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=True)
        self.one, self.other = nn.Linear(20, 16), nn.Linear(20, 16)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (self.one(self.vectors(x[:, 0])) * self.other(self.vectors(x[:, 1]))).sum(1)
        return out


programs = (
    healthy("embedding-log-of-sigmoid-at-once", lambda: of_unit_normals(near)),
    healthy("embedding-towers", lambda: of_towers(None)),
    healthy("embedding-composed", lambda: trained(Composed(), neighbours(), AdamW, near, lr=1e-2)),
    healthy("embedding-from-elsewhere", lambda: trained(Adapted(), neighbours(), Adam, near, lr=1e-2)),
    healthy(
        "embedding-never-longer-than-two",
        lambda: trained(Products(max_norm=2.0), neighbours(), Adam, near, lr=0.05),
    ),
    healthy(
        "embedding-nine-in-ten-never-read",
        lambda: trained(Products(rows=10 * WORDS), neighbours(), Adagrad, near, lr=0.3),
    ),
    faulty(
        "embedding-log-of-what-is-left",
        "non-finite",
        lambda: of_unit_normals(by_hand),
        cause=UNDEFINED,
        twin="embedding-log-of-sigmoid-at-once",
    ),
    faulty(
        "embedding-towers-of-one-value",
        "symmetric-units",
        lambda: of_towers(0.1),
        cause=ALIKE,
        twin="embedding-towers",
    ),
    faulty(
        "embedding-towers-at-a-half",
        "unstable-updates",
        lambda: of_towers(None, 0.5),
        cause=STEP,
        twin="embedding-towers",
        also=(
            "saturated-units",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "non-finite",
        ),
    ),
)
