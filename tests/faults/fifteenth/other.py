"""Dunes as a field, springs in time, ponds from the air, valleys as graphs: faults and their twins."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import biased, chain, he, squared_error
from tests.faults.eighth.making import GROWTH, INPUT, Fill, filled, seen_through, trained
from tests.faults.fifteenth.places import dunes, hamlets, ponds, springs
from tests.faults.fifteenth.tasks import HAMLETS
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import by_logits
from tests.faults.twelfth.making import told

OMEGA = 12.0
WIDTH = 48


class Waves(nn.Module):
    """Sines of twelve times what layers say; the weights allow for that or not (Sitzmann et al., 2020)."""

    def __init__(self, *, is_allowed: bool) -> None:
        super().__init__()
        sizes = [2, *[WIDTH] * 4]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.last = nn.Linear(WIDTH, 1)
        nn.init.uniform_(self.layers[0].weight, -0.5, 0.5)  # type: ignore[arg-type]
        for layer in self.layers[1:]:
            top = math.sqrt(6 / WIDTH) / (OMEGA if is_allowed else 1)
            nn.init.uniform_(layer.weight, -top, top)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(OMEGA * layer(x))
        out: Tensor = self.last(x)
        return out


def blown(by: float = 1.0, *, is_allowed: bool = True) -> Job:
    """Where one stands, on a square from -1 to 1 or in metres."""
    batches = seen_through(lambda x: by * x, dunes())
    return trained(Waves(is_allowed=is_allowed), batches, Adam, squared_error, lr=2e-3)


class Swung(nn.Module):
    """Twelve steps in time of what a network says of speeds, each of some length."""

    def __init__(self, length: float) -> None:
        super().__init__()
        self.speed, self.length = filled(chain([4, 40, 4], nn.SiLU), he), length

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(12):
            x = x + self.length * self.speed(x)
        return x


def swung(length: float) -> Job:
    return trained(Swung(length), springs(), Adam, squared_error, lr=3e-3)


def watered(*places: int) -> Job:
    """Few points are water: the layers at these places start at the odds of that."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    return trained(biased(filled(model, he), -2.2, places), ponds(), Adam, by_logits, lr=4e-3)


class Valley(nn.Module):
    """Hamlets hear those they are joined to, weighed by degrees to some power (Kipf & Welling, 2017)."""

    def __init__(self, power: float, fill: Fill) -> None:
        super().__init__()
        self.steps = nn.ModuleList([nn.Linear(3, 32), *(nn.Linear(32, 32) for _ in range(2))])
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(3))
        self.last, self.power = nn.Linear(32, 1), power
        filled(self, fill)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        near = joined + torch.eye(HAMLETS)
        degree = near.sum(-1, keepdim=True) ** self.power
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step((degree * near * degree.mT) @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def joined(power: float) -> Job:
    return trained(Valley(power, he), hamlets(), Adam, told, lr=8e-3)


programs = (
    healthy("field-dunes-waves-allowed-for", blown),
    healthy("ode-springs-steps-of-a-twentieth", lambda: swung(0.05)),
    healthy("segmentation-ponds-odds-at-the-end", lambda: watered(3)),
    healthy("graph-hamlets-over-degrees", lambda: joined(-0.5)),
    faulty(
        "field-dunes-waves-not-allowed-for",
        "exploding-gradient",
        lambda: blown(is_allowed=False),
        cause=GROWTH + "|omega|frequency|sine|factor|scale",
        twin="field-dunes-waves-allowed-for",
        also=("unstable-updates",),
    ),
    faulty(
        "field-dunes-in-metres",
        "unscaled-input",
        lambda: blown(800.0),
        cause=INPUT + "|scale|frequency",
        twin="field-dunes-waves-allowed-for",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "ode-springs-steps-of-one",
        "exploding-gradient",
        lambda: swung(1.0),
        cause=GROWTH + "|step|length|integrat|euler|scale",
        twin="ode-springs-steps-of-a-twentieth",
        also=("exploding-activation", "unstable-updates", "non-finite"),
    ),
    faulty(
        "segmentation-ponds-odds-everywhere",
        "dead-units",
        lambda: watered(0, 1, 2, 3),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="segmentation-ponds-odds-at-the-end",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "graph-hamlets-times-degrees",
        "exploding-activation",
        lambda: joined(0.5),
        cause=GROWTH + "|degree|neighbou?r|adjacen|power|aggregat|scale",
        twin="graph-hamlets-over-degrees",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
