"""Groves as graphs, flocks as sets of points, cellars by two heads, cranes by what levers are worth."""

from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, he
from tests.faults.eighteenth import odd_others
from tests.faults.eighteenth.scenes import FORMATIONS, SORTS, geese, groves
from tests.faults.eighteenth.tasks import MOULDS, cellars, cranes
from tests.faults.eighth.making import (
    CUT,
    GROWTH,
    INPUT,
    RATE,
    WEIGHTS,
    Fill,
    Loss,
    filled,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

WIDTH = 24
Share = Literal["over-degrees", "over-degrees-of-0", "not-over"]


class Grove(nn.Module):
    """Trees hear those they touch beside themselves, over the roots of how many there are, or not over."""

    def __init__(self, share: Share) -> None:
        super().__init__()
        sizes = (SORTS + 1, *[WIDTH] * 6)
        self.steps = nn.ModuleList(nn.Linear(2 * i, o) for i, o in pairwise(sizes))
        self.last, self.share = nn.Linear(WIDTH, 1), share

    def forward(self, x: Tensor, touch: Tensor) -> Tensor:
        degree = touch.sum(-1)
        if self.share == "not-over":
            near = torch.diag_embed(degree) - touch  # the Laplacian as it is in books
        else:
            root = (degree if self.share == "over-degrees-of-0" else degree.clamp(min=1)).rsqrt()
            near = root[..., None] * touch * root[..., None, :]
        for step in self.steps:
            x = F.silu(step(torch.cat([x, near @ x], -1)))
        out: Tensor = self.last(x.mean(1))
        return out


def harvest(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def grove(share: Share) -> Job:
    return trained(filled(Grove(share), he), groves(), Adam, harvest, lr=5e-3)


class Flock(nn.Module):
    """Each goose hears the mean or the sum over all of them, layer by layer (Zaheer et al., 2017)."""

    def __init__(self, *, is_mean: bool) -> None:
        super().__init__()
        sizes = (2, 40, 40, 40)
        self.own = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.all = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.act, self.last, self.is_mean = nn.ReLU(), nn.Linear(40, FORMATIONS), is_mean

    def forward(self, x: Tensor) -> Tensor:
        for own, every in zip(self.own, self.all, strict=True):
            crowd = x.mean(1, keepdim=True) if self.is_mean else x.sum(1, keepdim=True)
            x = self.act(own(x) + every(crowd))
        out: Tensor = self.last(x.mean(1) if self.is_mean else x.sum(1))
        return out


def in_flight(unit: float = 1.0, at: tuple[float, float] = (0.0, 0.0), *, is_mean: bool = True) -> Job:
    """Places about the middle of the flock, or as metres of the national grid."""
    batches = seen_through(lambda x: unit * x + torch.tensor(at), geese())
    return trained(Flock(is_mean=is_mean), batches, Adam, lr=8e-3)


class Cellar(nn.Module):
    """One body, and a head each for the warmth and for what grows."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 48), nn.ReLU())
        self.warm, self.mould = nn.Linear(48, 1), nn.Linear(48, MOULDS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.body(x)
        return self.warm(seen), self.mould(seen)


def both(model: nn.Module, batch: Batch) -> Tensor:
    warm, mould = model(batch[0])
    return F.mse_loss(warm, batch[1]) + F.cross_entropy(mould, batch[2])


def one_as_number(model: nn.Module, batch: Batch) -> Tensor:
    """The second loss is added as the number that is also written to the log."""
    warm, mould = model(batch[0])
    return F.mse_loss(warm, batch[1]) + F.cross_entropy(mould, batch[2]).item()


def housed(loss: Loss = both, rate: float = 6e-3, decay: float = 1e-6) -> Job:
    """The body has a rate and a decay of its own."""
    model = Cellar()
    groups: list[dict[str, Any]] = [
        {"params": list(model.body.parameters()), "lr": rate, "weight_decay": decay},
        {"params": [*model.warm.parameters(), *model.mould.parameters()]},
    ]
    return Job(model, AdamW(groups, lr=6e-3), cellars(), loss)


def layered(hidden: float, last: float) -> Fill:
    """Orthogonal rows with one gain in hidden layers, and another where three levers are told of."""

    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=last if len(weight) == 3 else hidden)

    return fill


def worth(model: nn.Module, batch: Batch) -> Tensor:
    x, done, came = batch
    return F.mse_loss(model(x).gather(1, done[:, None])[:, 0], came)


def levers(hidden: float, last: float) -> Job:
    model = filled(chain([5, 48, 48, 48, 3], nn.Tanh), layered(hidden, last))
    return trained(model, cranes(), SGD, worth, lr=0.05, momentum=0.9)


programs = (
    healthy("graph-groves-over-roots-of-touches", lambda: grove("over-degrees")),
    healthy("pointset-geese-means-of-all", in_flight),
    healthy("heads-cellars-two-losses", housed),
    healthy("values-cranes-tenths-at-last", lambda: levers(1.4, 0.1)),
    *odd_others.programs,
    faulty(
        "graph-groves-over-roots-of-no-touch",
        "non-finite",
        lambda: grove("over-degrees-of-0"),
        cause=OPERATION + "|degree|isolated|neighbou?r",
        twin="graph-groves-over-roots-of-touches",
    ),
    faulty(
        "graph-groves-laplacian-as-in-books",
        "exploding-activation",
        lambda: grove("not-over"),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat|laplac",
        twin="graph-groves-over-roots-of-touches",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "pointset-geese-sums-of-all",
        "exploding-activation",
        lambda: in_flight(is_mean=False),
        cause=GROWTH + "|sum|pool|aggregat",
        twin="pointset-geese-means-of-all",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "pointset-geese-metres-of-the-grid",
        "unscaled-input",
        lambda: in_flight(60.0, (431_000.0, 5_412_000.0)),
        cause=INPUT + "|scale|offset|coordinate",
        twin="pointset-geese-means-of-all",
        also=(
            "exploding-activation",
            "exploding-gradient",
            "unstable-updates",
            "dead-units",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "heads-cellars-one-loss-as-a-number",
        "stalled-layer",
        lambda: housed(one_as_number),
        cause=CUT + "|" + RATE + "|item",
        twin="heads-cellars-two-losses",
        also=("vanishing-gradient",),
    ),
    faulty(
        "heads-cellars-rate-and-decay-swapped",
        "stalled-layer",
        lambda: housed(rate=1e-6, decay=6e-3),
        cause=RATE,
        twin="heads-cellars-two-losses",
    ),
    faulty(
        "values-cranes-tenths-everywhere",
        "vanishing-gradient",
        lambda: levers(0.1, 0.1),
        cause=WEIGHTS + "|gain",
        twin="values-cranes-tenths-at-last",
        also=("stalled-layer", "unstable-updates"),
    ),
)
