"""Caves as graphs, crevasses in ice, tanks that run into each other, and pulls of kites by their worth."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

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
        near = joined + torch.eye(CHAMBERS)
        near = near / near.sum(-1, keepdim=True) / self.over
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x) + step(x / self.over))
        out: Tensor = self.last(x.mean(1))
        return out


def blown(*, is_twice: bool) -> Job:
    return trained(Draught(is_twice=is_twice), caves(), Adam, told, lr=4e-3)


def outlined(biases: list[int]) -> Job:
    """Crevasses are rare: the bias of the last layer says so at first (Lin et al., 2017), or all biases do."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    return trained(biased(filled(model, he), -4.6, biases), crevasses(), Adam, by_points, lr=1e-2)


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


def pulled(fill: Fill) -> Job:
    return trained(filled(chain(deep(4, 32, inputs=5, outputs=3)), fill), kites(), Adam, worth, lr=4e-3)


class Shaking(SGD):
    """Each step is shaken by a normal (Welling & Teh, 2011), by the root of its rate or a small share of it."""

    def __init__(self, parameters: Any, lr: float, by: float) -> None:
        super().__init__([{"params": list(parameters), "by": by}], lr=lr)

    def step(self, closure: Any = None) -> Any:
        out = super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(group["by"] * group["lr"] ** 0.5 * torch.randn(p.shape))
        return out


def shaken(by: float) -> Job:
    return trained(chain([5, 48, 48, 3], nn.SiLU), kites(), Shaking, worth, lr=0.1, by=by)


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
        return -each.logsumexp(1).mean()


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 1.5 + model(*batch)
    return out


class Duel(nn.Module):
    """What a state is worth, and how much better each pull is than their mean (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.state, self.pull = nn.Linear(5, 56), nn.Linear(56, 1), nn.Linear(56, 3)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.silu(self.body(x))
        better = self.pull(inner)
        out: Tensor = self.state(inner) + better - better.mean(1, keepdim=True)
        return out


class Coarse(nn.Module):
    """Looks of three widths beside each other, with holes (Chen et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, 12, 3, padding=1)
        self.looks = nn.ModuleList(nn.Conv2d(12, 8, 3, padding=d, dilation=d) for d in (1, 2, 3))
        self.last = nn.Conv2d(24, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.enter(x).relu()
        out: Tensor = self.last(torch.cat([look(inner) for look in self.looks], 1).relu())
        return out


programs = (
    healthy("graph-caves-over-neighbours-once", lambda: blown(is_twice=False)),
    healthy("segmentation-crevasses-last-bias-rare", lambda: outlined([3])),
    healthy("ode-tanks-steps-of-a-tenth", lambda: run(0.1)),
    healthy("values-kites-four-by-he", lambda: pulled(he)),
    healthy("values-kites-hardly-shaken", lambda: shaken(0.002)),
    healthy("graph-caves-listened", lambda: trained(Listened(), caves(), Adam, told, lr=1e-2)),
    healthy("density-bread-of-three-normals", lambda: trained(Likely(), bread(), Adam, unlikely, lr=1.2e-2)),
    healthy("values-kites-better-than-mean", lambda: trained(Duel(), kites(), Adam, worth, lr=1e-2)),
    healthy(
        "segmentation-crevasses-holes", lambda: trained(Coarse(), crevasses(), Adam, by_points, lr=1e-2)
    ),
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
        lambda: shaken(0.15),
        cause=STEP + "|noise|random|shak|optimi[sz]er",
        twin="values-kites-hardly-shaken",
        also=("exploding-activation", "exploding-gradient"),
    ),
)
