"""Networks that mark which pixels of a slice belong to an organ."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he
from tests.faults.eighth.making import (
    INPUT,
    STEP,
    UNDEFINED,
    Fill,
    Loss,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.ninth.making import DEPTH
from tests.faults.ninth.tasks import organs
from tests.faults.program import Batch, Job, faulty, healthy


class Bridged(nn.Module):
    """Down, on, and up again, with a bridge (Ronneberger, Fischer & Brox, 2015)."""

    def __init__(self, activation: Make = nn.ReLU, norm: Make = nn.Identity, width: int = 8) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), norm(), activation())
        self.on = nn.Sequential(nn.Conv2d(width, 2 * width, 3, padding=1), activation())
        self.up = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.last = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1), activation(), nn.Conv2d(width, 1, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        seen = self.down(x)
        risen = self.up(self.on(F.max_pool2d(seen, 2)))
        out: Tensor = self.last(torch.cat([seen, risen], 1))
        return out


def pixels(model: nn.Module, batch: Batch) -> Tensor:
    return 2 * F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def weighed(least: float) -> Loss:
    """Pixels of the organ count as often as there are others for each, in a batch."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        others = (1 - y).sum() / (y.sum() + least)
        return F.binary_cross_entropy_with_logits(model(x), y, pos_weight=others)

    return loss


def marked(model: nn.Module, loss: Loss = pixels, lr: float = 6e-3, kind: type = Adam) -> Job:
    return trained(model, organs(), kind, loss, lr=lr)


def evened(least: float) -> Job:
    return trained(Bridged(), organs(some_empty=True), Adam, weighed(least), lr=4e-3)


def pushed(change: object = None) -> Job:
    batches = seen_through(change, organs()) if callable(change) else organs()
    return trained(Bridged(), batches, SGD, pixels, lr=0.05, momentum=0.9)


def plain(fill: Fill = he, layers: int = 3) -> nn.Module:
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(8 if place else 1, 8, 3, padding=1), nn.ReLU()]
    return filled(nn.Sequential(*parts, nn.Conv2d(8, 1, 1)), fill)


class Gated(Bridged):
    """What crosses the bridge is weighed by a gate at each place (Oktay et al., 2018)."""

    def __init__(self) -> None:
        super().__init__(nn.ELU)
        self.gate = nn.Sequential(nn.Conv2d(16, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        seen = self.down(x)
        risen = self.up(self.on(F.max_pool2d(seen, 2)))
        weighed = seen * self.gate(torch.cat([seen, risen], 1))
        out: Tensor = self.last(torch.cat([weighed, risen], 1))
        return out


programs = (
    healthy("segmentation-organs-on-scale", lambda: pushed()),
    healthy("segmentation-organs-weighed-by-share-and-one", lambda: evened(1.0)),
    healthy("segmentation-organs-six-by-he", lambda: marked(plain(layers=6), lr=3e-3)),
    healthy("segmentation-organs-gate-at-the-bridge", lambda: marked(Gated(), kind=AdamW)),
    healthy(
        "segmentation-organs-descended-with-norm",
        lambda: marked(Bridged(nn.ReLU, lambda: nn.InstanceNorm2d(8)), lr=0.5, kind=SGD),
    ),
    faulty(
        "segmentation-organs-in-hounsfield-units",
        "unscaled-input",
        lambda: pushed(lambda x: (400 * x - 300).clamp(-1000, 3000).round()),
        cause=INPUT,
        twin="segmentation-organs-on-scale",
        also=("non-finite", "dead-units", "exploding-activation", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "segmentation-organs-weighed-by-share-of-none",
        "non-finite",
        lambda: evened(0.0),
        cause=UNDEFINED + "|weight",
        twin="segmentation-organs-weighed-by-share-and-one",
    ),
    faulty(
        "segmentation-organs-rate-of-a-quarter",
        "dead-units",
        lambda: marked(plain(layers=6), lr=0.25),
        cause=STEP,
        twin="segmentation-organs-six-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "segmentation-organs-six-default-normal",
        "exploding-gradient",
        lambda: marked(plain(normal(1.0), 6), lr=3e-3),
        cause=DEPTH,
        twin="segmentation-organs-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
)
