"""Convolutions over scans of feathers and over radar's echoes from ice."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, cross_entropy, he
from tests.faults.eighth.making import (
    ALIKE,
    INPUT,
    RATE,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import BIRDS, ECHOES, feathers, radar
from tests.faults.tenth.making import OPERATION


def looks(layers: int, activation: Make = nn.ReLU, *, inputs: int = 1, width: int = 16) -> nn.Sequential:
    """Convolutions, the first with a stride; what comes out keeps nine places of each channel."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [
            nn.Conv2d(width if place else inputs, width, 3, padding=1, stride=1 if place else 2),
            activation(),
        ]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(3), nn.Flatten())


def echoed(fill: Fill) -> Job:
    """The depth of the bed from six layers; all but the last are drawn in one way."""
    model = nn.Sequential(filled(looks(6), fill), nn.Linear(144, ECHOES))
    return trained(model, radar(), Adam, lr=3e-3)


def named(fill: Fill) -> Job:
    """The kind of feather; all layers but the last are drawn in one way."""
    model = nn.Sequential(filled(looks(3, inputs=3, width=64), fill), nn.Linear(576, BIRDS))
    return trained(model, feathers(), Adam, lr=3e-3)


def truncated(weight: Tensor) -> None:
    """A tutorial's way of twelve years ago: a deviation of one hundredth, cut at two of them."""
    nn.init.trunc_normal_(weight, std=0.01, a=-0.02, b=0.02)


class Blur(nn.Module):
    """Each point takes of those beside it, in ones, twos and fours (Zhang, 2019), over some number."""

    def __init__(self, width: int, over: float) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("kernel", (row[:, None] * row / over).expand(width, 1, 3, 3).clone())

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), self.kernel, groups=x.shape[1])


def blurred(over: float) -> Job:
    parts: list[nn.Module] = [nn.Conv2d(3, 12, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        parts += [Blur(12, over), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU()]
    model = nn.Sequential(*parts, nn.MaxPool2d(4), nn.Flatten(), nn.Linear(108, BIRDS))
    return trained(filled(model, he), feathers(), Adam, lr=4e-3)


class PowerMean(nn.Module):
    """The mean of a power, under its root (Radenovic et al., 2019); a blank channel has no root's slope."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.power, self.least = nn.Parameter(torch.tensor(3.0)), least

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=self.least).pow(self.power).mean((2, 3)).pow(1 / self.power)


def pooled(least: float) -> Job:
    model = nn.Sequential(looks(2, inputs=3, width=24)[:-2], PowerMean(least), nn.Linear(24, BIRDS))
    return trained(model, feathers(), Adam, lr=8e-3)


def scanned(over: float) -> Job:
    """Scans in bytes, over 255 by their loader, and once more by the training's own code, or not."""
    batches = seen_through(lambda x: (128 + 36 * x).round().clamp(0, 255) / 255 / over, feathers())
    return trained(filled(nn.Sequential(looks(2, inputs=3), nn.Linear(144, BIRDS)), he), batches, SGD, lr=0.1)


def weighed(reduction: str) -> Job:
    """The loss is the mean over a batch, for which the rate was chosen, or the sum."""

    model = nn.Sequential(looks(2), nn.Linear(144, ECHOES))
    return trained(model, radar(), SGD, Reduced(reduction), lr=0.1, momentum=0.5)


class Reduced:
    """The entropy, as a mean or as a sum."""

    def __init__(self, reduction: str) -> None:
        self.reduction = reduction

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1], reduction=self.reduction)


def anew(*, is_after: bool) -> Job:
    """The body's parameters were put in anew, before the optimiser was made or after."""
    model = nn.Sequential(looks(3, width=8), nn.Linear(72, ECHOES))
    given = [*model.parameters()]
    for layer in model[0]:
        if isinstance(layer, nn.Conv2d):
            layer.weight = nn.Parameter(0.1 * torch.randn(layer.weight.shape))
            layer.bias = nn.Parameter(torch.zeros(8))
    return Job(model, Adam(given if is_after else [*model.parameters()], lr=1e-2), radar(), cross_entropy)


def in_decibels(*, is_first: bool) -> Job:
    """Echoes below that of the antenna, so all below 0; norms and rectifiers come before each layer."""
    batches = seen_through(lambda x: 0.4 * x.clamp(max=3.4) - 1.4, radar())
    first: nn.Module = nn.ReLU() if is_first else nn.Identity()
    model = nn.Sequential(first, looks(3), nn.Linear(144, ECHOES))
    return trained(model, batches, Adam, lr=5e-3)


programs = (
    healthy("cnn-radar-six-by-he", lambda: echoed(he)),
    healthy("cnn-feathers-three-by-he", lambda: named(he)),
    healthy("cnn-feathers-blurred-in-sixteenths", lambda: blurred(16.0)),
    healthy("cnn-feathers-power-mean-and-a-bit", lambda: pooled(1e-6)),
    healthy("cnn-feathers-over-255-once", lambda: scanned(1.0)),
    healthy("cnn-radar-loss-of-one-echo", lambda: weighed("mean")),
    healthy("cnn-radar-drawn-before-optimiser", lambda: anew(is_after=False)),
    healthy("cnn-radar-decibels-as-they-are", lambda: in_decibels(is_first=False)),
    faulty(
        "cnn-radar-six-truncated",
        "vanishing-gradient",
        lambda: echoed(truncated),
        cause=WEIGHTS,
        twin="cnn-radar-six-by-he",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-feathers-three-by-dirac",
        "symmetric-units",
        lambda: named(nn.init.dirac_),
        cause=ALIKE,
        twin="cnn-feathers-three-by-he",
        also=("dead-units", "vanishing-gradient"),
    ),
    faulty(
        "cnn-feathers-blurred-in-wholes",
        "exploding-activation",
        lambda: blurred(1.0),
        cause=WEIGHTS + "|normali[sz]|sum|scale|blur|kernel|filter",
        twin="cnn-feathers-blurred-in-sixteenths",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-feathers-power-mean-of-blank",
        "non-finite",
        lambda: pooled(0.0),
        cause=OPERATION + "|power|pool",
        twin="cnn-feathers-power-mean-and-a-bit",
    ),
    faulty(
        "cnn-feathers-over-255-twice",
        "unscaled-input",
        lambda: scanned(255.0),
        cause=INPUT + "|scale",
        twin="cnn-feathers-over-255-once",
        also=("vanishing-gradient", "stalled-layer", "dead-units", "exploding-activation"),
    ),
    faulty(
        "cnn-radar-loss-of-all-echoes",
        "unstable-updates",
        lambda: weighed("sum"),
        cause=STEP + "|sum|reduction",
        twin="cnn-radar-loss-of-one-echo",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "cnn-radar-drawn-after-optimiser",
        "stalled-layer",
        lambda: anew(is_after=True),
        cause=RATE,
        twin="cnn-radar-drawn-before-optimiser",
    ),
    faulty(
        "cnn-radar-decibels-rectified",
        "dead-units",
        lambda: in_decibels(is_first=True),
        cause=INPUT + "|negative|below 0|pre-activation|offset|rectif",
        twin="cnn-radar-decibels-as-they-are",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
