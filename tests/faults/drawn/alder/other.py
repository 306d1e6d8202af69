"""Routes of ferries as graphs, and leaves in pictures."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import he
from tests.faults.drawn.alder.tasks import CRAFTS, STOPS, leaves, routes
from tests.faults.eighth.making import GROWTH, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Map(nn.Module):
    """Stops hear the sum or the mean of themselves and those they are joined to, layer by layer."""

    def __init__(self, layers: int, *, is_mean: bool) -> None:
        super().__init__()
        sizes = [CRAFTS + 1, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.acts = nn.ModuleList(nn.LeakyReLU(0.2) for _ in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, 1), is_mean
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + torch.eye(STOPS)
        near = near / near.sum(-1, keepdim=True) if self.is_mean else near
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def late(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def mapped(*, is_mean: bool) -> Job:
    return trained(Map(4, is_mean=is_mean), routes(), Adam, late, lr=4e-3)


class Spread(nn.Module):
    """Filters that leave ever wider gaps (Yu & Koltun, 2016), all of them read at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = nn.ModuleList(
            nn.Conv2d(8 if gap > 1 else 1, 8, 3, padding=gap, dilation=gap) for gap in (1, 2, 4)
        )
        self.last = nn.Conv2d(24, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for look in self.looks:
            x = F.silu(look(x))
            seen.append(x)
        out: Tensor = self.last(torch.cat(seen, 1))
        return out


def overlap(model: nn.Module, batch: Batch) -> Tensor:
    """What is missing of the overlap, picture by picture (Milletari et al., 2016)."""
    inside, y = model(batch[0]).sigmoid().flatten(1), batch[1].flatten(1)
    out: Tensor = (1 - (2 * (inside * y).sum(1) + 1) / (inside.sum(1) + y.sum(1) + 1)).mean()
    return out


programs = (
    healthy("graph-routes-four-means", lambda: mapped(is_mean=True)),
    healthy("segmentation-leaves-wide-gaps", lambda: trained(Spread(), leaves(), Adam, overlap, lr=6e-3)),
    faulty(
        "graph-routes-four-sums",
        "exploding-activation",
        lambda: mapped(is_mean=False),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-routes-four-means",
        also=("exploding-gradient", "unstable-updates"),
    ),
)
