"""Sewers as graphs, and cracks that are to be marked in a wall."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import he
from tests.faults.drawn.fir.tasks import SHAFTS, cracks, sewers
from tests.faults.eighth.making import GROWTH, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Sewer(nn.Module):
    """Shafts hear themselves and those they are joined to, by degree or as a plain sum, layer by layer."""

    def __init__(self, *, is_by_degree: bool, layers: int = 5) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([3, *[WIDTH] * layers]))
        self.last, self.is_by_degree = nn.Linear(WIDTH, 1), is_by_degree

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + torch.eye(SHAFTS)
        if self.is_by_degree:
            degree = near.sum(-1).rsqrt()
            near = degree[..., None] * near * degree[..., None, :]
        for step in self.steps:
            x = F.leaky_relu(step(near @ x), 0.1)
        out: Tensor = self.last(x.mean(1))
        return out


def drained(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def joined(*, is_by_degree: bool) -> Job:
    """As Kipf & Welling (2017) weigh them, or as an adjacency comes from a file."""
    model = filled(Sewer(is_by_degree=is_by_degree), he)
    return trained(model, sewers(), Adam, drained, lr=4e-3)


def marked(model: nn.Module, batch: Batch) -> Tensor:
    """Pixels of a crack are few and count five times; those that are told surely count less."""
    said, y = model(batch[0]), batch[1]
    cost = F.binary_cross_entropy_with_logits(said, y, pos_weight=torch.tensor(5.0), reduction="none")
    doubt = (y - said.detach().sigmoid()).abs()
    out: Tensor = (doubt * cost).mean()
    return out


def wall() -> Job:
    """Wide views by holes in filters; the last bias starts where cracks are rare (Lin et al., 2017)."""
    parts: list[nn.Module] = [nn.Conv2d(1, 20, 3, padding=1), nn.ReLU()]
    for hole in (2, 4):
        parts += [nn.Conv2d(20, 20, 3, padding=hole, dilation=hole), nn.ReLU()]
    last = nn.Conv2d(20, 1, 1)
    model = filled(nn.Sequential(*parts, last), he)
    nn.init.constant_(last.bias, -2.2)  # type: ignore[arg-type]
    return trained(model, cracks(), AdamW, marked, lr=3e-3)


programs = (
    healthy("graph-sewers-by-degree", lambda: joined(is_by_degree=True)),
    healthy("segmentation-cracks-rare-and-weighed", wall),
    faulty(
        "graph-sewers-plain-sums",
        "exploding-activation",
        lambda: joined(is_by_degree=False),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-sewers-by-degree",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
