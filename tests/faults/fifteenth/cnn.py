"""Convolutions over scrawls of a pen, noises of a street and knitted stitches."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, Scaled, Scheduled, cross_entropy, he
from tests.faults.eighth.making import Fill, filled, normal, seen_through, trained, weighted
from tests.faults.fifteenth.tasks import DINS, KNITS, SIGNS, dins, knits, scrawls
from tests.faults.program import Job
from tests.faults.tasks import generator


def tower(
    layers: int,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    *,
    inputs: int = 1,
    width: int = 12,
    cells: int = 25,
    outputs: int = SIGNS,
) -> nn.Sequential:
    """Convolutions, the greatest of every four points after the first, and a layer over all that is left."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(width if place else inputs, width, 3, padding=1), norm(), activation()]
        parts += [] if place else [nn.MaxPool2d(2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(cells * width, outputs))


def street(layers: int, norm: Make = nn.Identity) -> nn.Sequential:
    return tower(layers, norm=norm, cells=24, outputs=DINS)


def heard(norm: Make = nn.Identity) -> Job:
    """Noises by small normals, as in a paper whose layers are normalised."""
    return trained(filled(street(5, norm), normal(0.01)), dins(), Adam, lr=1.5e-3)


def listened(lr: float, growth: float) -> Job:
    """Descent whose rate is multiplied by some number at each step."""
    model = filled(street(3), he)
    return Job(model, Scheduled(model, lr, [growth**step for step in range(60)]), dins(), cross_entropy)


def written(fill: Fill, by: float = 1.0) -> Job:
    """Six layers over scrawls."""
    model = filled(tower(6, width=16), fill)
    return trained(model, seen_through(lambda x: by * x, scrawls()), Adam, lr=2e-3)


def channels_forgotten(weight: Tensor) -> None:
    """By He, over the points of a kernel alone."""
    nn.init.normal_(weight, std=(2 / weight[0, 0].numel()) ** 0.5)


def seeded_each(weight: Tensor) -> None:
    """The seed is set before each kernel is drawn: so each is the same."""
    size = weight.shape[2:]
    spread = (2 / weight[0].numel()) ** 0.5
    with torch.no_grad():
        for unit in weight:
            for kernel in unit:
                kernel.copy_(spread * torch.randn(size, generator=generator(42)))


def steep(by: float) -> Job:
    """Units that are to be near to a sign."""
    model = tower(2, lambda: nn.Sequential(Scaled(by), nn.Tanh()))
    return trained(filled(model, nn.init.xavier_normal_), scrawls(), Adam, lr=5e-3)


class Even(nn.Module):
    """Channels about their mean over the batch, divided by their deviation or multiplied by it."""

    def __init__(self, *, is_divided: bool = True) -> None:
        super().__init__()
        self.is_divided = is_divided

    def forward(self, x: Tensor) -> Tensor:
        spread = (x.var((0, 2, 3), keepdim=True) + 1e-5).sqrt()
        far = x - x.mean((0, 2, 3), keepdim=True)
        return far / spread if self.is_divided else far * spread


def stitched(decay: float = 0.9, *, is_divided: bool = True) -> Job:
    """Rates that fall from the last layer to the first by some factor a layer (Howard & Ruder, 2018)."""
    model = tower(5, norm=partial(Even, is_divided=is_divided), inputs=3, cells=16, outputs=KNITS)
    groups = [
        {"params": [*layer.parameters()], "lr": 7e-3 * decay**depth}
        for depth, layer in enumerate(reversed(weighted(filled(model, he))))
    ]
    return Job(model, Adam(groups), knits(), cross_entropy)


class Paired(nn.Module):
    """Products of all pairs of channels, each under a root that keeps its sign (Lin et al., 2015)."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, stride=2), nn.ReLU()
        )
        self.last, self.least = nn.Linear(144, KNITS), least

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x).flatten(2)
        both = (seen @ seen.mT / seen.shape[2]).flatten(1)
        out: Tensor = self.last(both.sign() * (both.abs() + self.least).sqrt())
        return out


def paired(least: float) -> Job:
    return trained(Paired(least), knits(), Adam, lr=5e-3)
