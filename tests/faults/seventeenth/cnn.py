"""Convolutions over scans of feathers and over radar's echoes from ice."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import cross_entropy, he
from tests.faults.eighth.making import (
    ALIKE,
    INPUT,
    RATE,
    WEIGHTS,
    Fill,
    filled,
    seen_through,
    trained,
    weighted,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import BIRDS, ECHOES, feathers, radar
from tests.faults.tenth.making import OPERATION


def looks(layers: int, *, inputs: int = 1, width: int = 16) -> nn.Sequential:
    """Convolutions, the first with a stride; what comes out keeps nine places of each channel."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [
            nn.Conv2d(width if place else inputs, width, 3, padding=1, stride=1 if place else 2),
            nn.ReLU(),
        ]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(3), nn.Flatten())


def echoed(fill: Fill = he, *, is_after: bool = False) -> Job:
    """The depth of the bed from six layers; all but the last are drawn in one way.

    The weights of the body may have been put in anew after the optimiser was made.
    """
    body, head = filled(looks(6), fill), nn.Linear(144, ECHOES)
    model = nn.Sequential(body, head)
    optimizer = Adam(model.parameters(), lr=3e-3)
    if is_after:
        for layer in weighted(body):
            layer.weight = nn.Parameter(layer.weight.detach().clone())
            layer.bias = nn.Parameter(torch.zeros(16))
    return Job(model, optimizer, radar(), cross_entropy)


def named(fill: Fill = he, over: float = 1.0) -> Job:
    """Scans in bytes, over 255 by their loader, and again by the training's own code, or not."""
    batches = seen_through(lambda x: (128 + 36 * x).round().clamp(0, 255) / 255 / over, feathers())
    model = nn.Sequential(filled(looks(3, inputs=3, width=64), fill), nn.Linear(576, BIRDS))
    return trained(model, batches, Adam, lr=3e-3)


def truncated(weight: Tensor) -> None:
    """A tutorial's way of twelve years ago: a deviation of one hundredth, cut at two of them."""
    nn.init.trunc_normal_(weight, std=0.01, a=-0.02, b=0.02)


class Blur(nn.Module):
    """Each point takes of those beside it, in ones, twos and fours (Zhang, 2019), over some number."""

    kernel: Tensor

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


# Healthy trainings that look odd


class Turned(nn.Module):
    """One set of filters, laid on in all four directions, of which the greatest counts (Cohen, 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3) / (4.5 * inputs) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        seen = [F.conv2d(x, self.weight.rot90(turn, (2, 3)), padding=1) for turn in range(4)]
        return torch.stack(seen).amax(0)


def turned() -> Job:
    model = nn.Sequential(
        Turned(3, 12), nn.ReLU(), nn.MaxPool2d(2), Turned(12, 16), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
        nn.Flatten(), nn.Linear(64, BIRDS),
    )  # fmt: skip
    return trained(model, feathers(), Adam, lr=1e-2)


class Lies(nn.Module):
    """Where a look at each point is strongest: a softmax over a picture's places, and their mean."""

    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.look, self.last = nn.Conv2d(1, 10, 5, padding=2), nn.Linear(20, ECHOES)
        at = torch.linspace(-1.7, 1.7, 12)
        self.register_buffer("places", torch.stack(torch.meshgrid(at, at, indexing="ij"), -1).flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        share = (3 * self.look(x)).flatten(2).softmax(-1)
        out: Tensor = self.last((share @ self.places).flatten(1))
        return out


def each_or_not(model: nn.Module, batch: Batch) -> Tensor:
    """Each kind is told or not for itself, by sigmoids; all are added up."""
    said = model(batch[0])
    own = F.one_hot(batch[1], BIRDS).float()
    return F.binary_cross_entropy_with_logits(said, own, reduction="sum") / len(own)


def patched() -> Job:
    """Squares of four points are laid out as channels; whole channels are dropped."""
    model = nn.Sequential(
        nn.PixelUnshuffle(2), nn.Conv2d(12, 32, 1), nn.Hardswish(), nn.Dropout2d(0.2), nn.Conv2d(32, 32, 3),
        nn.Hardswish(), nn.Flatten(), nn.Linear(512, BIRDS),
    )  # fmt: skip
    return trained(model, feathers(), AdamW, lr=4e-3, weight_decay=0.1)


programs = (
    healthy("cnn-radar-six-by-he", echoed),
    healthy("cnn-feathers-three-by-he", named),
    healthy("cnn-feathers-blurred-in-sixteenths", lambda: blurred(16.0)),
    healthy("cnn-feathers-power-mean-and-a-bit", lambda: pooled(1e-6)),
    healthy("cnn-feathers-turned-four-ways", turned),
    healthy("cnn-radar-where-it-lies", lambda: trained(Lies(), radar(), Adam, lr=2e-2)),
    healthy(
        "cnn-feathers-each-kind-or-not",
        lambda: trained(
            nn.Sequential(looks(2, inputs=3), nn.Linear(144, BIRDS)), feathers(), Adam, each_or_not, lr=8e-3
        ),
    ),
    healthy("cnn-feathers-squares-as-channels", patched),
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
        lambda: named(over=255.0),
        cause=INPUT + "|scale",
        twin="cnn-feathers-three-by-he",
        also=("vanishing-gradient", "stalled-layer", "dead-units", "exploding-activation"),
    ),
    faulty(
        "cnn-radar-drawn-after-optimiser",
        "stalled-layer",
        lambda: echoed(is_after=True),
        cause=RATE,
        twin="cnn-radar-six-by-he",
    ),
)
