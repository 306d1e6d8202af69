"""Crossings as graphs, ash above a volcano, heat on its flank, ferries and their quays."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import biased, chain, he, squared_error
from tests.faults.eighth.making import INPUT, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixteenth.making import THRESHOLD
from tests.faults.sixteenth.scenes import SIGNS, ferries, junctions, lava, plumes
from tests.faults.twelfth.making import told

WIDTH = 24


class Crossings(nn.Module):
    """Crossings hear each other, over the roots of how many roads both have (Kipf & Welling, 2017)."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        sizes = [SIGNS + 1, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.last = nn.Linear(WIDTH, 1)
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        share = joined.sum(-1) ** -0.5
        near = share[..., None] * joined * share[:, None]
        for step in self.steps:
            x = step(near @ x).relu()
        out: Tensor = self.last(x.mean(1))
        return out


def crossed() -> Job:
    return trained(Crossings(4), junctions(), Adam, told, lr=8e-3)


class Focal:
    """The entropy of points, less where they are told well (Lin et al., 2017)."""

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        said, y = model(batch[0]), batch[1]
        lost = F.binary_cross_entropy_with_logits(said, y, reduction="none")
        out: Tensor = 2 * ((1 - (-lost).exp()).square() * lost).mean()
        return out


def ashen(places: list[int]) -> Job:
    """The bias of a rare thing, a hundredth, in the last layer or in all of them."""
    parts: list[nn.Module] = []
    for inputs in (1, 14, 14):
        parts += [nn.Conv2d(inputs, 14, 3, padding=1), nn.ReLU()]
    model = filled(nn.Sequential(*parts, nn.Conv2d(14, 1, 3, padding=1)), he)
    return trained(biased(model, -4.6, places), plumes(), Adam, Focal(), lr=6e-3)


class Sine(nn.Module):
    """A linear layer and the sine of it."""

    def __init__(self, inputs: int, outputs: int, steep: float) -> None:
        super().__init__()
        self.linear, self.steep = nn.Linear(inputs, outputs), steep
        bound = 1 / inputs if steep > 1 else (6 / inputs) ** 0.5
        init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.steep * self.linear(x))


def sines(points: float) -> Job:
    """Places from -1 to 1, or in points of a map (Sitzmann et al., 2020)."""
    model = nn.Sequential(Sine(2, 48, 4.0), Sine(48, 48, 1.0), nn.Linear(48, 1))
    change = (lambda x: (x + 1) * points) if points > 1 else (lambda x: x)
    return trained(model, seen_through(change, lava()), Adam, squared_error, lr=4e-3)


# Healthy trainings that look odd


class Waves(nn.Module):
    """Sines and cosines of places by random factors that are fixed (Tancik et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("factors", 2 * torch.randn(2, 24))
        self.rest = chain([48, 32, 1])

    def forward(self, x: Tensor) -> Tensor:
        at = x @ self.factors  # type: ignore[operator]
        out: Tensor = self.rest(torch.cat([at.sin(), at.cos()], 1))
        return out


class Quays(nn.Module):
    """What a state is worth and by how much each quay is better than their mean (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([5, 48, 48])
        self.worth, self.better = nn.Linear(48, 1), nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.body(x).relu()
        better = self.better(inner)
        out: Tensor = self.worth(inner) + better - better.mean(1, keepdim=True)
        return out


def came(model: nn.Module, batch: Batch) -> Tensor:
    """The error of what was said of the quay that was taken."""
    x, quay, gain = batch
    return F.smooth_l1_loss(model(x).gather(1, quay[:, None])[:, 0], gain)


programs = (
    healthy("graph-junctions-by-root-of-roads", crossed),
    healthy("segmentation-plumes-rare-at-last", lambda: ashen([3])),
    healthy("field-lava-sines-of-unit-places", lambda: sines(1.0)),
    healthy("field-lava-fixed-waves", lambda: trained(Waves(), lava(), Adam, squared_error, lr=8e-3)),
    healthy("values-ferries-better-than-mean", lambda: trained(Quays(), ferries(), Adam, came, lr=6e-3)),
    faulty(
        "segmentation-plumes-rare-everywhere",
        "dead-units",
        lambda: ashen([0, 1, 2, 3]),
        cause="initiali[sz]" + THRESHOLD,
        twin="segmentation-plumes-rare-at-last",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "field-lava-sines-of-points",
        "unscaled-input",
        lambda: sines(256.0),
        cause=INPUT + "|scale|offset",
        twin="field-lava-sines-of-unit-places",
        also=("exploding-activation", "exploding-gradient"),
    ),
)
