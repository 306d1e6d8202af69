"""Caves as graphs, crevasses in ice, tanks that run into each other, and pulls of kites by their worth."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from tests.faults.building import biased, chain, deep, he, squared_error
from tests.faults.eighth.making import GROWTH, STEP, WEIGHTS, Fill, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import CHAMBERS, bread, caves, crevasses, kites, tanks
from tests.faults.twelfth.making import told

WIDTH = 28


class Draught(nn.Module):
    """Chambers hear the mean of those they are joined to and themselves; over their number again, or not."""

    def __init__(self, *, is_twice: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([4, *[WIDTH] * 4]))
        self.acts, self.last = nn.ModuleList(nn.ReLU() for _ in range(4)), nn.Linear(WIDTH, 1)
        self.over = float(CHAMBERS) if is_twice else 1.0
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + 2 * torch.eye(CHAMBERS)
        near = near / near.sum(-1, keepdim=True) / self.over
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def blown(*, is_twice: bool) -> Job:
    return trained(Draught(is_twice=is_twice), caves(), Adam, told, lr=4e-3)


def outlined(biases: list[int]) -> Job:
    """One point in six is one: the last bias says so at first (Lin et al., 2017), or all biases do."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    return trained(biased(filled(model, he), -1.6, biases), crevasses(), Adam, by_points, lr=1e-2)


def by_points(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


class Running(nn.Module):
    """Levels follow a field that is learned, in twelve steps of some length."""

    def __init__(self, length: float) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(4, WIDTH), nn.Linear(WIDTH, 4)
        self.field = filled(chain([WIDTH, WIDTH, WIDTH], nn.LeakyReLU), he)
        self.length = length

    def forward(self, x: Tensor) -> Tensor:
        level = self.enter(x)
        for _ in range(12):
            level = level + self.length * self.field(level)
        out: Tensor = self.leave(level)
        return out


def run(length: float) -> Job:
    return trained(Running(length), tanks(), Adam, squared_error, lr=4e-3)


def worth(model: nn.Module, batch: Batch) -> Tensor:
    """The error of what was told of the pull that was given."""
    x, done, came = batch
    return F.mse_loss(model(x).gather(1, done[:, None])[:, 0], came)


def turned_over(weight: Tensor) -> None:
    """The root of half the inputs, where that of two over them was meant."""
    nn.init.normal_(weight, std=(weight.shape[1] / 2) ** 0.5)


def about_one(weight: Tensor) -> None:
    """What is meant for the weights of norms was done to all: a mean of 1 and a deviation of 0.02."""
    nn.init.normal_(weight, 1.0, 0.02)


class Shaken(Adam):
    """Each step is shaken by a normal of the root of its rate, as if there were one example (Li, 2016)."""

    def step(self, closure: Any = None) -> Any:
        out = super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(group["lr"] ** 0.5 * torch.randn(p.shape))
        return out


def pulled(fill: Fill = he, kind: Callable[..., Optimizer] = Adam) -> Job:
    return trained(filled(chain(deep(4, 32, inputs=5, outputs=3)), fill), kites(), kind, worth, lr=4e-3)


# Healthy trainings that look odd


class Listened(nn.Module):
    """Chambers ask their neighbours by a softmax over those that are joined (Velickovic et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.ask, self.hear = nn.Linear(4, WIDTH), nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
        self.last = chain([2 * WIDTH, WIDTH, 1], nn.ELU)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        said = F.elu(self.enter(x))
        scores = F.leaky_relu(self.ask(said) + self.hear(said).mT, 0.2)
        scores = scores.masked_fill((joined + torch.eye(CHAMBERS)) == 0, -torch.inf)
        out: Tensor = self.last(torch.cat([said, scores.softmax(-1) @ said], -1)).mean(1)
        return out


class Likely(nn.Module):
    """A loaf's height as a mixture of three normals, by its likelihood (Bishop, 1994)."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([6, 48, 9], nn.Tanh)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        share, mean, width = self.rest(x).chunk(3, 1)
        width = 0.15 + F.softplus(width)
        each = share.log_softmax(1) - width.log() - 0.5 * ((y - mean) / width).square()
        out: Tensor = -each.logsumexp(1).mean()
        return out


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 1.5 + model(*batch)
    return out


programs = (
    healthy("graph-caves-over-neighbours-once", lambda: blown(is_twice=False)),
    healthy("segmentation-crevasses-last-bias-rare", lambda: outlined([3])),
    healthy("ode-tanks-steps-of-a-tenth", lambda: run(0.1)),
    healthy("values-kites-four-by-he", pulled),
    healthy("graph-caves-listened", lambda: trained(Listened(), caves(), Adam, told, lr=1e-2)),
    healthy("density-bread-of-three-normals", lambda: trained(Likely(), bread(), Adam, unlikely, lr=1.2e-2)),
    faulty(
        "graph-caves-over-neighbours-twice",
        "vanishing-gradient",
        lambda: blown(is_twice=True),
        cause=WEIGHTS + "|neighbou?r|degree|aggregat|mean|scale|normali[sz]|shrink",
        twin="graph-caves-over-neighbours-once",
        also=("stalled-layer", "unstable-updates", "dead-units"),
    ),
    faulty(
        "segmentation-crevasses-all-biases-rare",
        "dead-units",
        lambda: outlined([0, 1, 2, 3]),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="segmentation-crevasses-last-bias-rare",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "ode-tanks-steps-of-one",
        "exploding-activation",
        lambda: run(1.0),
        cause=GROWTH + "|step|scale",
        twin="ode-tanks-steps-of-a-tenth",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "values-kites-four-turned-over",
        "exploding-gradient",
        lambda: pulled(turned_over),
        cause=GROWTH,
        twin="values-kites-four-by-he",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "values-kites-shaken-by-the-rate",
        "unstable-updates",
        lambda: pulled(kind=Shaken),
        cause=STEP + "|noise|random|shak|optimi[sz]er",
        twin="values-kites-four-by-he",
        also=("exploding-activation", "exploding-gradient", "dead-units"),
    ),
    faulty(
        "values-kites-four-about-one",
        "exploding-activation",
        lambda: pulled(about_one),
        cause=GROWTH,
        twin="values-kites-four-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units", "vanishing-gradient"),
    ),
)
