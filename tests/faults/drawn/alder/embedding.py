"""Tables of machines, snacks and words, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.drawn.alder.tasks import LEXICON, MACHINES, OPINIONS, SNACKS, reviews, snacks
from tests.faults.eighth.making import (
    SIGMOID,
    WEIGHTS,
    Fill,
    filled,
    normal,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import EMPTY, told


class Sales(nn.Module):
    """Numbers of a day beside what the tables have of a machine and a snack, and layers over all of it."""

    def __init__(self, layers: int = 1, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.machine, self.snack = nn.Embedding(MACHINES, 8), nn.Embedding(SNACKS, 8)
        self.rest = chain([18, *[40] * layers, 1], activation)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        both = torch.cat([self.machine(which[:, 0]), self.snack(which[:, 1])], 1)
        out: Tensor = self.rest(torch.cat([x, both], 1))
        return out


def layered(fill: Fill) -> Job:
    """Two layers of sigmoids over the tables, filled in one way."""
    model = Sales(2, nn.Sigmoid)
    filled(model.rest, fill)
    return trained(model, snacks(), Adam, told, lr=1e-2)


class Words(nn.Module):
    """The mean of the vectors of a review's words; where there is no word it counts at least some."""

    def __init__(self, least: float = 1.0) -> None:
        super().__init__()
        self.word = nn.Embedding(LEXICON + 1, 16, padding_idx=0)
        self.rest, self.least = chain([16, 32, OPINIONS]), least

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True).float().clamp(min=self.least)
        out: Tensor = self.rest(self.word(x).sum(1) / count)
        return out


# Healthy trainings that look odd


class Bag(nn.Module):
    """Sums of words' vectors in one call, and a linear layer (Joulin et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(2000, 24, mode="sum", padding_idx=0)
        self.last = nn.Linear(24, OPINIONS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.bag(x) / 3)
        return out


def counted(model: nn.Module, batch: Batch) -> Tensor:
    """How many were sold, as counts of some mean (Poisson); a sale is never below 0."""
    x, which, y = batch
    return F.poisson_nll_loss(model(x, which), (2 * y + 3).clamp(min=0).round()) + 2


programs = (
    healthy("embedding-snacks-two-by-glorot", lambda: layered(xavier)),
    healthy("embedding-reviews-one-word-at-least", lambda: trained(Words(), reviews(), Adam, lr=1.2e-2)),
    healthy("embedding-reviews-bag-of-many-rows", lambda: trained(Bag(), reviews(), Adagrad, lr=0.05)),
    healthy("embedding-snacks-as-counts", lambda: trained(Sales(), snacks(), Adam, counted, lr=8e-3)),
    faulty(
        "embedding-snacks-two-drawn-wide",
        "saturated-units",
        lambda: layered(normal(2.5)),
        cause=WEIGHTS + "|pre-activation|" + SIGMOID,
        twin="embedding-snacks-two-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "embedding-reviews-mean-of-no-word",
        "non-finite",
        lambda: trained(Words(least=0.0), reviews(), Adam, lr=1.2e-2),
        cause=OPERATION + EMPTY,
        twin="embedding-reviews-one-word-at-least",
    ),
)
