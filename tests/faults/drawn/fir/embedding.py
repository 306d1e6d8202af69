"""Tables of growers, grapes and terms, and layers over what is looked up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain
from tests.faults.drawn.fir.tasks import DESKS, GRAPES, GROWERS, TERMS, complaints, cuvees
from tests.faults.eighth.making import INPUT, RATE, UNDEFINED, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.twelfth.making import told


class Points(nn.Module):
    """Year and price beside what the tables have of grower and grape, and layers over it."""

    def __init__(self, width: int = 8, longest: float | None = None) -> None:
        super().__init__()
        self.grower = nn.Embedding(GROWERS, width, max_norm=longest)
        self.grape = nn.Embedding(GRAPES, width, max_norm=longest)
        self.rest = chain([2 + 2 * width, 48, 32, 1])

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        both = self.grower(who[:, 0]), self.grape(who[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def rated(table_lr: float = 1e-2, *, year: float = 0.0, spread: float = 1.0) -> Job:
    """Tables at a rate of their own; the year as a difference from the usual one, or as it stands."""
    model = Points()
    for table in (model.grower, model.grape):
        nn.init.normal_(table.weight, std=0.1)
    groups: list[dict[str, Any]] = [
        {"params": [*model.grower.parameters(), *model.grape.parameters()], "lr": table_lr},
        {"params": [*model.rest.parameters()]},
    ]
    scale, shift = torch.tensor([spread, 1.0]), torch.tensor([year, 0.0])
    return Job(model, Adam(groups, lr=6e-3), seen_through(lambda x: x * scale + shift, cuvees()), told)


class Weighed(nn.Module):
    """Terms weighed by how rare they are, of counts that were made before; some terms nobody ever used."""

    rare: Tensor

    def __init__(self, more: float) -> None:
        super().__init__()
        x = torch.stack([x for x, _ in complaints()]).flatten(0, 1)
        used = F.one_hot(x, TERMS).amax(1).sum(0)
        self.register_buffer("rare", ((len(x) + more) / (used + more)).log())
        self.rest = chain([TERMS, 32, DESKS])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(F.one_hot(x, TERMS).sum(1) * self.rare)
        return out


def weighed(more: float) -> Job:
    return trained(Weighed(more), complaints(), AdamW, lr=4e-3)


# Healthy trainings that look odd


class Summed(nn.Module):
    """The sum of term vectors, of which some are left out at random; no layer but the last."""

    def __init__(self) -> None:
        super().__init__()
        self.term = nn.EmbeddingBag(TERMS, 24, mode="sum")
        self.last = nn.Linear(24, DESKS)
        nn.init.normal_(self.term.weight, std=0.05)

    def forward(self, x: Tensor) -> Tensor:
        kept = F.dropout(torch.ones(x.shape), 0.2, self.training)
        out: Tensor = self.last(self.term(x, per_sample_weights=kept))
        return out


programs = (
    healthy("embedding-cuvees-tables-at-a-rate", rated),
    healthy("embedding-complaints-rarity-plus-one", lambda: weighed(1.0)),
    healthy(
        "embedding-complaints-summed-and-dropped", lambda: trained(Summed(), complaints(), Adam, lr=8e-3)
    ),
    healthy(
        "embedding-cuvees-vectors-kept-short",
        lambda: trained(Points(longest=1.0), cuvees(), Adam, told, lr=8e-3),
    ),
    faulty(
        "embedding-cuvees-tables-at-a-slip-of-a-rate",
        "stalled-layer",
        lambda: rated(1e-7),
        cause=RATE,
        twin="embedding-cuvees-tables-at-a-rate",
    ),
    faulty(
        "embedding-cuvees-year-as-it-stands",
        "unscaled-input",
        lambda: rated(year=1998.0, spread=8.0),
        cause=INPUT + "|scale|offset|year",
        twin="embedding-cuvees-tables-at-a-rate",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-complaints-rarity-of-unused-terms",
        "non-finite",
        lambda: weighed(0.0),
        cause=UNDEFINED + "|inf|count|zero|input",
        twin="embedding-complaints-rarity-plus-one",
    ),
)
