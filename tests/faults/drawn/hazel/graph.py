"""Food webs as graphs, whose animals hear of those they eat and are eaten by."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import he
from tests.faults.drawn.hazel.tasks import ANIMALS, DIETS, webs
from tests.faults.eighth.making import GROWTH, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Web(nn.Module):
    """Layers over sums of neighbours, over the root of how many both have (Kipf & Welling, 2017) or not."""

    def __init__(self, layers: int, *, is_even: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([DIETS + 1, *[WIDTH] * layers]))
        self.act, self.last, self.is_even = nn.ReLU(), nn.Linear(WIDTH, 1), is_even
        filled(self, he)

    def forward(self, x: Tensor, eats: Tensor) -> Tensor:
        near = eats + torch.eye(ANIMALS)
        if self.is_even:
            root = near.sum(-1).sqrt()
            near = near / (root[:, :, None] * root[:, None])
        for step in self.steps:
            x = self.act(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def steadiness(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def webbed(*, is_even: bool) -> Job:
    return trained(Web(5, is_even=is_even), webs(), Adam, steadiness, lr=3e-3)


programs = (
    healthy("graph-webs-five-over-roots", lambda: webbed(is_even=True)),
    faulty(
        "graph-webs-five-plain-sums",
        "exploding-activation",
        lambda: webbed(is_even=False),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-webs-five-over-roots",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
