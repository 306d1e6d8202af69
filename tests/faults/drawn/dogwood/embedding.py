"""Tables of readers, books and words of subtitles, and layers over what is looked up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, SparseAdam

from tests.faults.building import chain
from tests.faults.drawn.dogwood.tasks import BOOKS, LEXICON, MOODS, READERS, loans, moods
from tests.faults.eighth.making import INPUT, RATE, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy


class Keeping(nn.Module):
    """Numbers of a book beside what its table and that of readers have, and layers over all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.book = nn.Embedding(READERS, 8), nn.Embedding(BOOKS, 8)
        self.rest = chain([18, 40, 1])
        for table in (self.reader, self.book):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        both = self.reader(who[:, 0]), self.book(who[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def kept(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def rated(lr: float) -> Job:
    """The tables have a rate of their own."""
    model = Keeping()
    tables = [*model.reader.parameters(), *model.book.parameters()]
    groups: list[dict[str, Any]] = [{"params": [*model.rest.parameters()]}, {"params": tables, "lr": lr}]
    return Job(model, Adam(groups, lr=1e-2), loans(), kept)


def paged(by: Tensor, plus: Tensor) -> Job:
    """Pages and the year of print as the catalogue has them; one rate for all."""
    return trained(Keeping(), seen_through(lambda x: x * by + plus, loans()), Adam, kept, lr=1e-2)


# Healthy trainings that look odd


class Bag(nn.Module):
    """One row a word and one number a mood: a table is all there is, with sparse gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(LEXICON, MOODS, mode="sum", sparse=True)
        nn.init.zeros_(self.bag.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bag(x)
        return out


class Best(nn.Module):
    """The greatest number over words is kept of each column; most words never get a gradient of it."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.rest = nn.Embedding(LEXICON, 48, max_norm=4.0), nn.Linear(48, MOODS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(self.word(x).amax(1))
        return out


programs = (
    healthy("embedding-loans-tables-at-a-rate", lambda: rated(1e-2)),
    healthy("embedding-scenes-table-is-all", lambda: trained(Bag(), moods(), SparseAdam, lr=5e-2)),
    healthy("embedding-scenes-best-of-words", lambda: trained(Best(), moods(), Adagrad, lr=0.1)),
    faulty(
        "embedding-loans-tables-at-no-rate",
        "stalled-layer",
        lambda: rated(1e-6),
        cause=RATE,
        twin="embedding-loans-tables-at-a-rate",
    ),
    faulty(
        "embedding-loans-as-in-catalogue",
        "unscaled-input",
        lambda: paged(torch.tensor([120.0, 15.0]), torch.tensor([320.0, 1985.0])),
        cause=INPUT + "|scale|offset",
        twin="embedding-loans-tables-at-a-rate",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
)
