"""Streets as graphs, and a painted wall as a function of where."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import he, squared_error
from tests.faults.drawn.birch.tasks import CORNERS, picture, streets
from tests.faults.eighth.making import GROWTH, filled, trained
from tests.faults.program import Batch, faulty, healthy

WIDTH = 24


class Streets(nn.Module):
    """Corners hear of themselves and of those they are joined to, as a mean or as a sum."""

    def __init__(self, layers: int, *, is_mean: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(WIDTH if place else 3, WIDTH) for place in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, 1), is_mean
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + torch.eye(CORNERS)
        if self.is_mean:
            near = near / near.sum(-1, keepdim=True)
        for step in self.steps:
            x = F.relu(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


class Heeding(nn.Module):
    """Corners heed some of those they are joined to more than others (Velickovic et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.own, self.near = nn.Linear(3, WIDTH), nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
        self.mix, self.last = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        x = self.enter(x).relu()
        scores = F.leaky_relu(self.own(x) + self.near(x).mT, 0.2)
        share = scores.masked_fill(joined + torch.eye(CORNERS) == 0, -torch.inf).softmax(-1)
        out: Tensor = self.last(self.mix(torch.cat([x, share @ x], -1)).relu().mean(1))
        return out


def waited(model: nn.Module, batch: Batch) -> Tensor:
    x, joined, y = batch
    return F.mse_loss(model(x, joined), y)


class Waves(nn.Module):
    """Sines all through, drawn as they have to be (Sitzmann et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.last = nn.Linear(2, 64), nn.Linear(64, 64), nn.Linear(64, 1)
        nn.init.uniform_(self.one.weight, -0.5, 0.5)
        nn.init.uniform_(self.two.weight, -((6 / 64) ** 0.5) / 6, (6 / 64) ** 0.5 / 6)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.sin(6 * self.two(torch.sin(6 * self.one(x)))))
        return out


programs = (
    healthy(
        "graph-streets-four-means",
        lambda: trained(Streets(4, is_mean=True), streets(), Adam, waited, lr=4e-3),
    ),
    healthy("graph-streets-heeded", lambda: trained(Heeding(), streets(), Adam, waited, lr=5e-3)),
    healthy("field-wall-of-sines", lambda: trained(Waves(), picture(), Adam, squared_error, lr=3e-3)),
    faulty(
        "graph-streets-four-sums",
        "exploding-activation",
        lambda: trained(Streets(4, is_mean=False), streets(), Adam, waited, lr=4e-3),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-streets-four-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
