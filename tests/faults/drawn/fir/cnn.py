"""Convolutions over X-rays of welds and photographs of rock."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import cross_entropy, he
from tests.faults.drawn.fir.tasks import FLAWS, ROCKS, quarries, welds
from tests.faults.eighth.making import (
    CUT,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    Loss,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


def stacked(layers: int, fill: Fill) -> Job:
    """Convolutions in a row, as AlexNet's authors and their followers stacked them."""
    parts: list[nn.Module] = [nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    for _ in range(layers - 1):
        parts += [nn.Conv2d(12, 12, 3, padding=1), nn.ReLU()]
    model = filled(nn.Sequential(*parts, nn.Flatten(), nn.Linear(12 * 25, FLAWS)), fill)
    return trained(model, welds(), Adam, lr=3e-3)


class Contrast(nn.Module):
    """Each picture over its own deviation, which is kept from below, or is not."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        far = x - x.mean((2, 3), keepdim=True)
        return far / (far.square().mean((2, 3), keepdim=True) + self.least).sqrt()


def evened(least: float = 1e-4, bias: float = 0.0) -> Job:
    """The detector was off for one picture in twelve; every layer has one bias."""
    body = nn.Sequential(
        Contrast(least),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(400, FLAWS),
    )

    def off(x: Tensor) -> Tensor:
        return torch.where((torch.arange(len(x)) % 12 == 5)[:, None, None, None], 0.0, x)

    return trained(filled(body, he, bias=bias), seen_through(off, welds()), Adam, lr=4e-3)


class Rocks(nn.Module):
    """A trunk, which was once fixed and asked without gradients, and a head."""

    def __init__(self, *, is_fixed: bool) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 24, 3, stride=2, padding=1), nn.ReLU()
        )
        self.head, self.is_fixed = nn.Linear(24, ROCKS), is_fixed
        filled(self, he)

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_fixed and torch.is_grad_enabled()):
            seen = self.trunk(x)
        out: Tensor = self.head(seen.mean((2, 3)))
        return out


def summed(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1], reduction="sum")


def quarried(
    *, scale: float = 5.0, offset: float = -2.5, loss: Loss = cross_entropy, is_fixed: bool = False
) -> Job:
    """Photographs about grey at unit scale, or as bytes come from a file."""
    batches = seen_through(lambda x: x * scale + offset, quarries())
    return trained(Rocks(is_fixed=is_fixed), batches, SGD, loss, lr=0.08, momentum=0.9)


# Healthy trainings that look odd


class Blurred(nn.Module):
    """A picture and what two fixed blurs leave of it, and trained layers over all three."""

    def __init__(self) -> None:
        super().__init__()
        self.blur = nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False).requires_grad_(False)
        nn.init.constant_(self.blur.weight, 1 / 9)
        self.rest = nn.Sequential(
            nn.Conv2d(9, 20, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 24, 3), nn.ReLU()
        )
        self.last = nn.Linear(24, ROCKS)

    def forward(self, x: Tensor) -> Tensor:
        near = self.blur(x)
        far = self.blur(near)
        out: Tensor = self.last(self.rest(torch.cat([x - near, near - far, far], 1)).mean((2, 3)))
        return out


def blended(model: nn.Module, batch: Batch) -> Tensor:
    """Pictures are mixed with others of the batch, and so is what they cost (Zhang et al., 2018)."""
    x, y = batch
    share = 0.5 + 0.5 * torch.rand(())
    order = torch.randperm(len(x))
    said = model(share * x + (1 - share) * x[order])
    return share * F.cross_entropy(said, y) + (1 - share) * F.cross_entropy(said, y[order])


def holed() -> nn.Module:
    """Whole channels are left out, and strides stand for pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, stride=2, padding=1),
        nn.Hardswish(),
        nn.Dropout2d(0.2),
        nn.Conv2d(24, 32, 3, stride=2, padding=1),
        nn.Hardswish(),
        nn.Flatten(),
        nn.Linear(32 * 9, FLAWS),
    )


def mixed() -> Job:
    batches = seen_through(lambda x: 5 * x - 2.5, quarries())
    model = nn.Sequential(nn.Conv2d(3, 24, 3), nn.BatchNorm2d(24), nn.ReLU(), nn.Conv2d(24, 24, 3), nn.ReLU())
    head = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(24, ROCKS))
    return trained(nn.Sequential(model, head), batches, Adam, blended, lr=8e-3)


programs = (
    healthy("cnn-welds-nine-by-he", lambda: stacked(9, he)),
    healthy("cnn-welds-contrast-and-a-bit", evened),
    healthy("cnn-quarries-about-grey", quarried),
    healthy(
        "cnn-quarries-fixed-blurs",
        lambda: trained(Blurred(), seen_through(lambda x: 5 * x - 2.5, quarries()), Adam, lr=8e-3),
    ),
    healthy("cnn-welds-channels-left-out", lambda: trained(holed(), welds(), AdamW, lr=6e-3)),
    healthy("cnn-quarries-mixed-in-pairs", mixed),
    faulty(
        "cnn-welds-nine-of-a-hundredth",
        "vanishing-gradient",
        lambda: stacked(9, normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-welds-nine-by-he",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-welds-contrast-of-blank-pictures",
        "non-finite",
        lambda: evened(least=0.0),
        cause=OPERATION + "|contrast|blank|variance",
        twin="cnn-welds-contrast-and-a-bit",
    ),
    faulty(
        "cnn-welds-rare-event-bias-in-every-layer",
        "dead-units",
        lambda: evened(bias=-4.6),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="cnn-welds-contrast-and-a-bit",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-quarries-in-bytes",
        "unscaled-input",
        lambda: quarried(scale=255.0, offset=0.0),
        cause=INPUT + "|scale|offset|range",
        twin="cnn-quarries-about-grey",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient", "non-finite"),
    ),
    faulty(
        "cnn-quarries-loss-summed",
        "unstable-updates",
        lambda: quarried(loss=summed),
        cause=STEP + "|sum|reduc|momentum|loss",
        twin="cnn-quarries-about-grey",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-quarries-trunk-without-gradients",
        "stalled-layer",
        lambda: quarried(is_fixed=True),
        cause=CUT,
        twin="cnn-quarries-about-grey",
        also=("vanishing-gradient",),
    ),
)
