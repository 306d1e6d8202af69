"""Sets of points: which solid they lie on."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, he
from tests.faults.fifth.making import GROWTH, INPUT, STEP, filled, seen_through, trained
from tests.faults.fifth.tasks import SOLIDS, clouds
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Layer(nn.Module):
    """Each point by itself, and what all points say together, as a sum or a mean (Zaheer et al., 2017)."""

    def __init__(self, inputs: int, pool: str) -> None:
        super().__init__()
        self.own, self.all, self.pool = nn.Linear(inputs, WIDTH), nn.Linear(inputs, WIDTH, bias=False), pool

    def forward(self, x: Tensor) -> Tensor:
        together = x.sum(1, keepdim=True) if self.pool == "sum" else x.mean(1, keepdim=True)
        return F.relu(self.own(x) + self.all(together))


class Set(nn.Module):
    """Points, each by some layers, the greatest of all, and a head."""

    def __init__(self, points: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.points, self.head = points, head

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.points(x).amax(1))
        return out


def together(pool: str) -> Job:
    layers = nn.Sequential(Layer(3, pool), Layer(WIDTH, pool), Layer(WIDTH, pool))
    return trained(filled(Set(layers, nn.Linear(WIDTH, SOLIDS)), he), clouds(), Adam, lr=3e-3)


def plain(activation: Make = nn.ReLU) -> nn.Module:
    return Set(
        nn.Sequential(nn.Linear(3, WIDTH), activation(), nn.Linear(WIDTH, WIDTH), activation()),
        chain([WIDTH, WIDTH, SOLIDS], activation),
    )


def of_clouds(by: float) -> Job:
    """Points in metres, of things that are some millimetres large, or in millimetres."""
    return trained(plain(nn.GELU), seen_through(lambda x: by * x, clouds()), SGD, lr=0.2, momentum=0.9)


def at_rate(lr: float) -> Job:
    return trained(plain(nn.SiLU), clouds(), AdamW, lr=lr)


class Turned(nn.Module):
    """Points are turned by a matrix that is read off them, and begins as the identity (Qi et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.tell = Set(nn.Sequential(nn.Linear(3, 24), nn.ReLU()), nn.Linear(24, 9)), plain()
        nn.init.zeros_(self.look.head.weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.look.head.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        matrix = self.look(x).unflatten(1, (3, 3)) + torch.eye(3)
        out: Tensor = self.tell(x @ matrix)
        return out


class Asked(nn.Module):
    """Four learned questions that look at all points by a softmax (Lee et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.points, self.questions = chain([3, WIDTH, WIDTH], nn.GELU), nn.Parameter(torch.randn(4, WIDTH))
        self.head = nn.Linear(4 * WIDTH, SOLIDS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.points(x)
        shares = (seen @ self.questions.t()).softmax(1)
        out: Tensor = self.head((shares.transpose(1, 2) @ seen).flatten(1))
        return out


programs = (
    healthy("pointset-means", lambda: together("mean")),
    healthy("pointset-millimetres", lambda: of_clouds(1.0)),
    healthy("pointset-slowly", lambda: at_rate(5e-3)),
    healthy("pointset-turned-first", lambda: trained(Turned(), clouds(), Adam, lr=5e-3)),
    healthy("pointset-asked", lambda: trained(Asked(), clouds(), Adam, lr=1e-2)),
    faulty(
        "pointset-sums",
        "exploding-activation",
        lambda: together("sum"),
        cause=GROWTH + r"|\bsum|pool",
        twin="pointset-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "pointset-metres",
        "unscaled-input",
        lambda: of_clouds(1e-3),
        cause=INPUT,
        twin="pointset-millimetres",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "pointset-at-once",
        "unstable-updates",
        lambda: at_rate(1.0),
        cause=STEP,
        twin="pointset-slowly",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
)
