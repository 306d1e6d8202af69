"""Convolutional networks that tell on which side of a chest a shadow is."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, he
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    INPUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.ninth.making import DEPTH
from tests.faults.ninth.tasks import SCANS, scans
from tests.faults.program import Job, faulty, healthy

WIDTH = 8


def looking(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions of 3 x 3, two of which halve the picture, and a linear layer."""
    parts: list[nn.Module] = []
    for place in range(layers):
        step = 2 if place < 2 else 1
        parts += [nn.Conv2d(WIDTH if place else 1, WIDTH, 3, step, 1), norm(), activation()]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(9 * WIDTH, SCANS))


def plain(change: object = None, fill: Fill = he, lr: float = 6e-3) -> Job:
    batches = seen_through(change, scans()) if callable(change) else scans()
    return trained(filled(Finder(), fill), batches, Adam, lr=lr)


def each_on_scale(least: float) -> Job:
    """Each picture less its mean, over its deviation, which one that is black does not have."""
    pictures = seen_through(lambda x: x.clone(), scans())
    pictures[11][0][4] = 0

    def standardised(x: Tensor) -> Tensor:
        return (x - x.mean((2, 3), True)) / (x.std((2, 3), keepdim=True) + least)

    return trained(filled(looking(), he), seen_through(standardised, pictures), Adam, lr=6e-3)


class Finder(nn.Module):
    """A body and a head; the body is run without a gradient if that was left over from a test."""

    def __init__(self, *, is_left_over: bool = False) -> None:
        super().__init__()
        body = looking()
        self.body, self.head, self.is_left_over = body[:-1], body[-1], is_left_over

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_left_over):
            seen = self.body(x)
        out: Tensor = self.head(seen)
        return out


def found() -> Job:
    return trained(filled(Finder(is_left_over=True), he), scans(), Adam, lr=6e-3)


def eight(fill: Fill) -> Job:
    return trained(filled(looking(8), fill), scans(), Adam, lr=3e-3)


class Beside(nn.Module):
    """Three kernels beside each other (Szegedy et al., 2015), of which the last one is spread."""

    def __init__(self, inside: int) -> None:
        super().__init__()
        self.all = nn.ModuleList(
            [nn.Conv2d(inside, 6, 1), nn.Conv2d(inside, 6, 3, padding=1), nn.Conv2d(inside, 6, 3, 1, 2, 2)]
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(torch.cat([one(x) for one in self.all], 1))


def beside() -> Job:
    parts = [Beside(1), nn.MaxPool2d(2), Beside(18), nn.MaxPool2d(2), nn.Flatten()]
    return trained(nn.Sequential(*parts, nn.Dropout(0.4), nn.Linear(9 * 18, SCANS)), scans(), Adam, lr=6e-3)


def by_depth() -> Job:
    """Kernels for each channel by itself, and mixing at each place, with normalisation."""
    parts: Sequence[nn.Module] = [
        nn.Conv2d(1, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU6(),
        nn.Conv2d(12, 12, 3, 2, 1, groups=12, bias=False), nn.BatchNorm2d(12), nn.ReLU6(),
        nn.Conv2d(12, 24, 1, bias=False), nn.BatchNorm2d(24), nn.Hardswish(),
    ]  # fmt: skip
    return trained(nn.Sequential(*parts, nn.Flatten(), nn.Linear(9 * 24, SCANS)), scans(), RMSprop, lr=2e-3)


def frozen_stem() -> Job:
    """The first two layers had learned other labels, and stay by design."""
    model = filled(looking(), he)
    first = Adam(model.parameters(), lr=6e-3)
    for x, y in scans():
        first.zero_grad()
        F.cross_entropy(model(x.flip(3)), (y > 1).long()).backward()  # type: ignore[no-untyped-call]
        first.step()
    for place in (0, 3):
        model[place].requires_grad_(False)  # type: ignore[index]
    model[-1].reset_parameters()  # type: ignore[index]
    return trained(model, scans(), Adam, lr=6e-3)


def tiny() -> Job:
    """Four pictures at once, normalised by group."""
    return trained(looking(3, nn.ReLU, lambda: nn.GroupNorm(2, WIDTH)), scans(4), AdamW, lr=4e-3)


def fast() -> Job:
    model = looking(4, nn.ReLU, lambda: nn.BatchNorm2d(WIDTH))
    return trained(model, scans(), SGD, lr=0.5, weight_decay=1e-3)


programs = (
    healthy("cnn-scans-on-scale", plain),
    healthy("cnn-scans-each-over-deviation-and-a-bit", lambda: each_on_scale(1e-3)),
    healthy("cnn-scans-eight-by-he", lambda: eight(he)),
    healthy("cnn-scans-by-depth", by_depth),
    healthy("cnn-scans-stem-frozen", frozen_stem),
    healthy("cnn-scans-four-at-once", tiny),
    healthy("cnn-scans-rate-of-a-half", fast),
    faulty(
        "cnn-scans-twelve-bits",
        "unscaled-input",
        lambda: plain(lambda x: (1200 + 500 * x).clamp(0, 4095).round()),
        cause=INPUT,
        twin="cnn-scans-on-scale",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "cnn-scans-kernels-of-one-value",
        "symmetric-units",
        lambda: plain(fill=constant(0.05)),
        cause=ALIKE,
        twin="cnn-scans-on-scale",
    ),
    faulty(
        "cnn-scans-black-over-deviation",
        "non-finite",
        lambda: each_on_scale(0.0),
        cause=DATA + "|" + UNDEFINED,
        twin="cnn-scans-each-over-deviation-and-a-bit",
    ),
    faulty(
        "cnn-scans-no-grad-left-over",
        "stalled-layer",
        found,
        cause=CUT,
        twin="cnn-scans-on-scale",
        also=("vanishing-gradient",),
    ),
    faulty(
        "cnn-scans-rate-of-a-tenth",
        "dead-units",
        lambda: plain(lr=0.1),
        cause=STEP,
        twin="cnn-scans-on-scale",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-scans-eight-of-two-hundredths",
        "vanishing-gradient",
        lambda: eight(normal(0.02)),
        cause=WEIGHTS,
        twin="cnn-scans-eight-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-scans-eight-of-seven-tenths",
        "exploding-gradient",
        lambda: eight(normal(0.7)),
        cause=DEPTH,
        twin="cnn-scans-eight-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
)
