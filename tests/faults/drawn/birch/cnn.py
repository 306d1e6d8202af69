"""Pictures: which bay of a car park is free, and how a mosaic is laid."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import cross_entropy, he
from tests.faults.drawn.birch.tasks import BAYS, PATTERNS, mosaics, parking
from tests.faults.eighth.making import (
    GROWTH,
    INPUT,
    WEIGHTS,
    Fill,
    Loss,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN

WIDTH = 16


def stacked(layers: int) -> nn.Sequential:
    """Convolutions in a row, without norms, and a layer over what is left of the picture."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(WIDTH if place else 1, WIDTH, 3, padding=1), nn.ReLU()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(25 * WIDTH, BAYS))


def of_kernel_alone(weight: Tensor) -> None:
    """He's width with the points of a kernel, but not the channels, counted as what comes in."""
    area = weight.shape[-1] ** 2 if weight.dim() == 4 else weight.shape[1]
    nn.init.normal_(weight, std=math.sqrt(2 / area))


def parked(fill: Fill) -> Job:
    return trained(filled(stacked(6), fill), parking(), Adam, lr=2e-3)


def plain() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 24, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(24 * 16, PATTERNS),
    )


def summed(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of all examples, which is as many times as steep as there are of them."""
    x, y = batch
    return F.cross_entropy(model(x), y, reduction="sum")


def laid(*, loss: Loss = cross_entropy, is_raw: bool = False) -> Job:
    """Colours of unit scale, or as a camera gives them, from 0 to 255."""

    def raw(x: Tensor) -> Tensor:
        return (127.5 + 50 * x).clamp(0, 255).round()

    batches = seen_through(raw, mosaics()) if is_raw else mosaics()
    return trained(filled(plain(), he), batches, SGD, loss, lr=0.04, momentum=0.9)


# Healthy trainings that look odd


class Edged(nn.Module):
    """Fixed filters of edges and means, as one has always used, and what is learned of them."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = nn.Conv2d(1, 4, 3, padding=1, bias=False).requires_grad_(False)
        rise = torch.tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]]) / 4
        with torch.no_grad():
            self.edges.weight.copy_(
                torch.stack([rise, rise.T, torch.full((3, 3), 1 / 9), torch.eye(3) / 3])[:, None]
            )
        self.mix, self.last = nn.Conv2d(4, 16, 3, stride=2, padding=1), nn.Linear(16 * 25, BAYS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.gelu(self.mix(self.edges(x))).flatten(1))
        return out


class Mean(nn.Module):
    """Over all places of a picture."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def in_groups() -> Job:
    """Norms over groups of channels, wide gaps in the kernels, and a mean at the end."""
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.GroupNorm(4, 32),
        nn.SiLU(),
        nn.Conv2d(32, 32, 3, padding=2, dilation=2),
        nn.GroupNorm(4, 32),
        nn.SiLU(),
        Mean(),
        nn.Linear(32, PATTERNS),
    )
    return trained(model, mosaics(), Adam, lr=2e-3)


programs = (
    healthy("cnn-parking-six-by-he", lambda: parked(he)),
    healthy("cnn-mosaics-mean-entropy-of-unit-colours", laid),
    healthy("cnn-parking-edges-fixed", lambda: trained(Edged(), parking(), Adam, lr=5e-3)),
    healthy("cnn-mosaics-gaps-and-groups", in_groups),
    faulty(
        "cnn-parking-width-of-kernel-alone",
        "exploding-activation",
        lambda: parked(of_kernel_alone),
        cause=GROWTH,
        twin="cnn-parking-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-parking-six-of-a-hundredth",
        "vanishing-gradient",
        lambda: parked(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-parking-six-by-he",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-mosaics-colours-to-255",
        "unscaled-input",
        lambda: laid(is_raw=True),
        cause=INPUT + "|scale|offset",
        twin="cnn-mosaics-mean-entropy-of-unit-colours",
        also=("dead-units", "exploding-activation", "exploding-gradient", "unstable-updates", "non-finite"),
    ),
    faulty(
        "cnn-mosaics-entropy-summed",
        "dead-units",
        lambda: laid(loss=summed),
        cause=DRIVEN + "|sum|reduction|loss",
        twin="cnn-mosaics-mean-entropy-of-unit-colours",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
