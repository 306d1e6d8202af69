"""Convolutional networks that tell leaves and moles."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, weighted
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    GROWTH,
    INPUT,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.twelfth.tasks import PLANTS, leaves, moles

MEANS, DEVIATIONS = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])  # of ImageNet


def seeing(
    layers: int = 3,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    *,
    bands: int = 1,
    width: int = 12,
    kinds: int = PLANTS,
) -> nn.Sequential:
    """Convolutions of 3 x 3, a pooling after the first, a linear layer over all places."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(width if place else bands, width, 3, padding=1), norm(), activation()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(25 * width, kinds))


def imagenet(by: float) -> Job:
    """Means and deviations of ImageNet are for pixels of 0 to 1; here those are, or go to 255."""

    def standard(x: Tensor) -> Tensor:
        return (by * x - MEANS[:, None, None]) / DEVIATIONS[:, None, None]

    model = filled(seeing(3, bands=3, kinds=2), he)
    return trained(model, seen_through(standard, moles()), Adam, lr=3e-3)


def deep(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 4e-3) -> Job:
    return trained(filled(seeing(layers, activation), fill), leaves(), Adam, lr=lr)


def shifted(bias: float) -> Job:
    """Biases of hidden layers are 0, or a number below it that came from another configuration."""
    model = filled(seeing(3), he, bias=bias)
    last = weighted(model)[-1]
    assert last.bias is not None
    nn.init.zeros_(last.bias)
    return trained(model, leaves(), Adam, lr=4e-3)


class Backbone(nn.Module):
    """A body that learns; under `no_grad` it does not, though it is in the optimiser."""

    def __init__(self, *, is_held: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Tanh()
        )
        self.head, self.is_held = nn.Linear(16, PLANTS), is_held

    def forward(self, x: Tensor) -> Tensor:
        if self.is_held:
            with torch.no_grad():
                features = self.body(x)
        else:
            features = self.body(x)
        out: Tensor = self.head(features.flatten(1))
        return out


class Excited(nn.Module):
    """Channels are weighed by sigmoids (Hu, Shen & Sun, 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 16, 3, stride=2), nn.Conv2d(16, 16, 3, padding=1)
        self.ask = nn.Sequential(nn.Linear(16, 8), nn.SiLU(), nn.Linear(8, 16), nn.Sigmoid())
        self.act, self.last = nn.ReLU(), nn.Linear(256, PLANTS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.act(self.second(self.act(self.first(x))))
        seen = seen * self.ask(seen.mean((2, 3)))[..., None, None]
        out: Tensor = self.last(seen.flatten(1))
        return out


def edges() -> Job:
    """The first filters are edges in four directions, and stay so; each is there in both signs."""
    model = seeing(3, width=8)
    edge = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 3
    slant = torch.tensor([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]]) / 3
    first = torch.stack([edge, edge.t(), slant, slant.flip(0)])
    fixed = weighted(model)[0].requires_grad_(False)
    fixed.weight.copy_(torch.cat([first, -first])[:, None])
    return trained(model, leaves(), SGD, lr=0.05, momentum=0.9)


def kept_statistics() -> Job:
    """Batch norm keeps the mean and deviation it was given, as in tuning a detector."""
    model = filled(seeing(3, norm=lambda: nn.BatchNorm2d(12)), he)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
    return trained(model, leaves(), AdamW, lr=5e-3)


programs = (
    healthy("cnn-moles-by-imagenet", lambda: imagenet(1.0)),
    healthy("cnn-leaves-six-by-he", lambda: deep(6, he)),
    healthy("cnn-leaves-biases-of-0", lambda: shifted(0.0)),
    healthy("cnn-leaves-body-learns", lambda: trained(Backbone(is_held=False), leaves(), Adam, lr=2e-2)),
    healthy("cnn-leaves-excited", lambda: trained(Excited(), leaves(), Adam, lr=1e-2)),
    healthy("cnn-leaves-fixed-edges", edges),
    healthy("cnn-leaves-kept-statistics", kept_statistics),
    healthy(
        "cnn-leaves-group-norm-great-rate",
        lambda: trained(seeing(3, norm=lambda: nn.GroupNorm(4, 12)), leaves(), SGD, lr=0.15),
    ),
    faulty(
        "cnn-moles-by-imagenet-in-bytes",
        "unscaled-input",
        lambda: imagenet(255.0),
        cause=INPUT + "|scale",
        twin="cnn-moles-by-imagenet",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "cnn-leaves-six-of-a-hundredth",
        "vanishing-gradient",
        lambda: deep(6, normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-leaves-six-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-leaves-six-from-0-to-1",
        "exploding-activation",
        lambda: deep(6, nn.init.uniform_),
        cause=GROWTH + "|positive|mean",
        twin="cnn-leaves-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units", "symmetric-units"),
    ),
    faulty(
        "cnn-leaves-six-at-a-fifth",
        "dead-units",
        lambda: deep(6, he, lr=0.2),
        cause=DRIVEN,
        twin="cnn-leaves-six-by-he",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-leaves-six-too-strong",
        "exploding-gradient",
        lambda: deep(6, normal(0.6)),
        cause=GROWTH,
        twin="cnn-leaves-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-leaves-biases-of-minus-five",
        "dead-units",
        lambda: shifted(-5.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="cnn-leaves-biases-of-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-leaves-kernels-alike",
        "symmetric-units",
        lambda: deep(6, constant(0.02)),
        cause=ALIKE,
        twin="cnn-leaves-six-by-he",
        also=(
            "dead-units",
            "vanishing-gradient",
            "stalled-layer",
            "exploding-activation",
            "exploding-gradient",
        ),
    ),
    faulty(
        "cnn-leaves-body-in-no-grad",
        "stalled-layer",
        lambda: trained(Backbone(is_held=True), leaves(), Adam, lr=2e-2),
        cause=CUT,
        twin="cnn-leaves-body-learns",
        also=("vanishing-gradient",),
    ),
)
