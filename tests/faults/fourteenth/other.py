"""Power grids as graphs, thrusts of drones by what they are worth, and cells under a microscope."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, deep, he
from tests.faults.eighth.making import ALIKE, GROWTH, Fill, filled, trained
from tests.faults.fourteenth.tasks import BUSES, KINDS, cells, drones, grids
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Grid(nn.Module):
    """Buses hear the sum or the mean of themselves and those they are joined to, layer by layer."""

    def __init__(self, layers: int, *, is_mean: bool) -> None:
        super().__init__()
        sizes = [KINDS + 1, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, 1), is_mean
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + torch.eye(BUSES)
        near = near / near.sum(-1, keepdim=True) if self.is_mean else near
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def lost(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def supplied(*, is_mean: bool) -> Job:
    return trained(Grid(5, is_mean=is_mean), grids(), Adam, lost, lr=3e-3)


def worth(model: nn.Module, batch: Batch) -> Tensor:
    """The error of what was told of the thrust that was given (Mnih et al., 2015)."""
    x, done, came = batch
    return F.smooth_l1_loss(model(x).gather(1, done[:, None])[:, 0], came)


def thrust(gain: float) -> Job:
    """Orthogonal layers, stretched by some gain."""
    model = chain(deep(7, 40, inputs=5, outputs=3))
    filled(model, lambda weight: nn.init.orthogonal_(weight, gain=gain))
    nn.init.xavier_normal_(model[-1].weight)  # type: ignore[arg-type]
    return trained(model, drones(), Adam, worth, lr=4e-3)


class Outlined(nn.Module):
    """Down to half the size, up again, and beside what was before (Ronneberger et al., 2015)."""

    def __init__(self, width: int = 10) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, width, 3, padding=1)
        self.down = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(2 * width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.enter(x).relu()
        deep = self.inner(self.down(wide).relu()).relu()
        both = torch.cat([wide, F.interpolate(deep, scale_factor=2.0)], 1)
        out: Tensor = self.last(self.leave(both).relu())
        return out


def in_cell(model: nn.Module, batch: Batch) -> Tensor:
    """Entropy and what is missing of the overlap (Milletari et al., 2016)."""
    said, y = model(batch[0]), batch[1]
    inside = said.sigmoid()
    overlap = (2 * (inside * y).sum() + 1) / (inside.sum() + y.sum() + 1)
    out: Tensor = F.binary_cross_entropy_with_logits(said, y) + 1 - overlap
    return out


def copied(weight: Tensor) -> None:
    """One filter, drawn by He, for all channels, each of whose inputs it takes alike."""
    he(weight)
    with torch.no_grad():
        weight.copy_(weight[:1, :1].expand_as(weight) / weight.shape[1] ** 0.5)


def outlined(fill: Fill) -> Job:
    return trained(filled(Outlined(), fill), cells(), Adam, in_cell, lr=4e-3)


programs = (
    healthy("graph-grids-five-means", lambda: supplied(is_mean=True)),
    healthy("values-drones-seven-orthogonal", lambda: thrust(1.4)),
    healthy("segmentation-cells-each-drawn", lambda: outlined(he)),
    faulty(
        "graph-grids-five-sums",
        "exploding-activation",
        lambda: supplied(is_mean=False),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-grids-five-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "values-drones-seven-stretched",
        "exploding-gradient",
        lambda: thrust(8.0),
        cause=GROWTH,
        twin="values-drones-seven-orthogonal",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "segmentation-cells-one-filter-copied",
        "symmetric-units",
        lambda: outlined(copied),
        cause=ALIKE,
        twin="segmentation-cells-each-drawn",
        also=("unstable-updates", "dead-units", "vanishing-gradient"),
    ),
)
