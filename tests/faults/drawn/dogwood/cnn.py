"""Convolutions over photographs of buttons."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import convolutions, he
from tests.faults.drawn.dogwood.tasks import BUTTONS, buttons
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION


def centred(x: Tensor) -> Tensor:
    """Photographs about their mean, on unit scale."""
    return (x - 0.4) / 0.33


def seen(model: nn.Module, lr: float = 4e-3, kind: type = Adam) -> Job:
    return trained(model, seen_through(centred, buttons()), kind, lr=lr)


def eight(fill: Fill) -> Job:
    """Eight convolutions in a row that are filled in one way."""
    return seen(filled(convolutions([12] * 8, outputs=BUTTONS), fill), 2e-3)


def by_channels(weight: Tensor) -> None:
    """He's numbers, of how many channels come in: of a kernel's nine points nothing is said."""
    nn.init.normal_(weight, std=math.sqrt(2 / weight.shape[1]))


def averages(weight: Tensor) -> None:
    """Each unit starts as the mean of what it sees."""
    nn.init.constant_(weight, 1 / weight[0].numel())


def levels(*, is_raw: bool = False, lr: float = 0.05) -> Job:
    """Photographs as files have them, or about their mean."""
    batches = seen_through(lambda x: 255 * x if is_raw else centred(x), buttons())
    return trained(convolutions([12, 16], outputs=BUTTONS), batches, SGD, lr=lr, momentum=0.9)


class Contrasted(nn.Module):
    """Each photograph about its own mean, over its own deviation and a bit more, or none."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.rest, self.least = convolutions([12, 12], outputs=BUTTONS), least

    def forward(self, x: Tensor) -> Tensor:
        far = x - x.mean((1, 2, 3), keepdim=True)
        deviation = far.square().mean((1, 2, 3), keepdim=True).sqrt()
        out: Tensor = self.rest(far / (deviation + self.least))
        return out


def contrasted(least: float) -> Job:
    """From the seventh batch on there is a photograph or two that was taken with the cap on the lens."""
    batches: list[Batch] = []
    for place, (x, y) in enumerate(buttons()):
        capped = (torch.arange(len(x)) % 17 == 9) & (place >= 6)
        batches.append((torch.where(capped[:, None, None, None], 0.0, x), y))
    return trained(Contrasted(least), batches, Adam, lr=4e-3)


# Healthy trainings that look odd


def edges() -> Job:
    """A first layer of edges that are known and held; what comes after learns."""
    model = convolutions([8, 16], outputs=BUTTONS)
    first = model[0]
    assert isinstance(first, nn.Conv2d)
    slope = torch.tensor([-1.0, 0.0, 1.0]) / 3
    across = slope.expand(3, 3)
    with torch.no_grad():
        for place, kernel in enumerate([across, across.T, across + across.T, across - across.T]):
            first.weight[place], first.weight[place + 4] = kernel, -kernel
        assert first.bias is not None
        first.bias.zero_()
    first.requires_grad_(False)
    return seen(model, 6e-3)


def apart() -> nn.Module:
    """Convolutions a channel each, and then over channels (Howard et al., 2017)."""
    parts: list[nn.Module] = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.Hardswish()]
    for _ in range(2):
        parts += [nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
        parts += [nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16)]
    return nn.Sequential(*parts, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, BUTTONS))


class Angles(nn.Module):
    """Codes and kinds of length 1: logits are ten times the cosine between them."""

    def __init__(self) -> None:
        super().__init__()
        self.body = convolutions([12, 16], nn.ELU, outputs=24)
        self.kinds = nn.Parameter(torch.randn(BUTTONS, 24))

    def forward(self, x: Tensor) -> Tensor:
        return 10 * F.normalize(self.body(x), dim=1) @ F.normalize(self.kinds, dim=1).T


programs = (
    healthy("cnn-buttons-eight-by-he", lambda: eight(he)),
    healthy("cnn-buttons-photographs-centred", levels),
    healthy("cnn-buttons-contrast-and-a-bit", lambda: contrasted(1e-3)),
    healthy("cnn-buttons-edges-held", edges),
    healthy("cnn-buttons-channels-apart", lambda: seen(apart(), 6e-3, AdamW)),
    healthy("cnn-buttons-angles", lambda: seen(Angles(), 5e-3)),
    faulty(
        "cnn-buttons-eight-by-channels",
        "exploding-activation",
        lambda: eight(by_channels),
        cause=GROWTH,
        twin="cnn-buttons-eight-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-buttons-eight-of-averages",
        "symmetric-units",
        lambda: eight(averages),
        cause=ALIKE,
        twin="cnn-buttons-eight-by-he",
        also=("dead-units", "vanishing-gradient"),
    ),
    faulty(
        "cnn-buttons-photographs-to-255",
        "unscaled-input",
        lambda: levels(is_raw=True),
        cause=INPUT + "|scale|offset",
        twin="cnn-buttons-photographs-centred",
        also=(
            "dead-units",
            "exploding-activation",
            "exploding-gradient",
            "unstable-updates",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "cnn-buttons-cap-on-lens",
        "non-finite",
        lambda: contrasted(0.0),
        cause=OPERATION,
        twin="cnn-buttons-contrast-and-a-bit",
    ),
    faulty(
        "cnn-buttons-photographs-driven-out",
        "dead-units",
        lambda: levels(lr=1.0),
        cause=DRIVEN,
        twin="cnn-buttons-photographs-centred",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
)
