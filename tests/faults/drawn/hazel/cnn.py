"""Convolutions over pictures of puppets and wings of moths, ported and fine-tuned."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he
from tests.faults.drawn.hazel.tasks import MOTHS, POSES, moths, puppets
from tests.faults.eighth.making import ALIKE, INPUT, WEIGHTS, Fill, filled, normal, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def stack(
    layers: int, act: Make = nn.ReLU, norm: Make = nn.Identity, *, inputs: int = 1, outputs: int = POSES
) -> nn.Sequential:
    """Convolutions, the first of them with a stride; a linear layer reads all that is left."""
    parts: list[nn.Module] = []
    for place in range(layers):
        conv = nn.Conv2d(12 if place else inputs, 12, 3, padding=1, stride=1 if place else 2)
        parts += [conv, norm(), act()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(108, outputs))


def posed(fill: Fill = he, lr: float = 0.01) -> Job:
    """Five layers filled in one way, and momentum at a rate for this batch or for that of the paper."""
    return trained(filled(stack(5), fill), puppets(), SGD, lr=lr, momentum=0.9)


def same_filter(weight: Tensor) -> None:
    """A filter of a net of one channel, given to every channel of a wide one."""
    he(weight)
    with torch.no_grad():
        weight.copy_(weight[:1, :1].expand_as(weight) / weight.shape[1] ** 0.5)


def coloured(unit: float, means: tuple[float, float, float]) -> Job:
    """Colours less their means, as Caffe gave them, over 255 or not; or about 0."""
    away = torch.tensor(means)[:, None, None]
    model = filled(stack(3, inputs=3, outputs=MOTHS), he)
    return trained(model, seen_through(lambda x: unit * x + away, moths()), Adam, lr=6e-3)


# Healthy trainings that look odd


class Apart(nn.Module):
    """Channels apart, then points apart (Howard et al., 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.each = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.mix, self.norm = nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.hardswish(self.norm(self.mix(self.each(x))))


def apart() -> Job:
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.Hardswish(), Apart(16), Apart(16),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, MOTHS),
    )  # fmt: skip
    return trained(model, moths(), AdamW, lr=1e-2)


class Settled(nn.BatchNorm2d):
    """A norm whose statistics are those it came with, however it is run (Girshick's fine-tuning)."""

    def train(self, mode: bool = True) -> "Settled":
        super().train(False)
        return self


def settled() -> Job:
    """Statistics are counted once over other pictures, and are then kept."""
    model = stack(3, norm=lambda: nn.BatchNorm2d(12, momentum=None))
    with torch.no_grad():
        for x, _ in puppets()[:4]:
            model(x)
    for part in [*model]:
        if isinstance(part, nn.BatchNorm2d):
            part.__class__ = Settled
    return trained(model.train(), puppets(), Adam, lr=6e-3)


def centred() -> Job:
    """Filters whose weights have no mean and one deviation, by a reparametrisation (Qiao et al., 2019)."""
    model = nn.Sequential(
        Standard(1, 12), nn.GroupNorm(4, 12), nn.ReLU(), Standard(12, 12), nn.GroupNorm(4, 12), nn.ReLU(),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(108, POSES),
    )  # fmt: skip
    return trained(model, puppets(), SGD, lr=0.05, momentum=0.9)


class Standard(nn.Conv2d):
    """A convolution by standardised filters."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        deviation, mean = torch.std_mean(self.weight, (1, 2, 3), keepdim=True)
        return F.conv2d(x, (self.weight - mean) / (deviation + 1e-4), self.bias, padding=1)


programs = (
    healthy("cnn-moths-colours-about-0", lambda: coloured(1.0, (0.0, 0.0, 0.0))),
    healthy("cnn-puppets-rate-for-this-batch", posed),
    healthy("cnn-moths-channels-then-points", apart),
    healthy("cnn-puppets-statistics-kept", settled),
    healthy("cnn-puppets-filters-standardised", centred),
    faulty(
        "cnn-puppets-five-of-caffes-hundredths",
        "vanishing-gradient",
        lambda: posed(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-puppets-rate-for-this-batch",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-puppets-one-filter-inflated",
        "symmetric-units",
        lambda: posed(same_filter),
        cause=ALIKE + "|cop(y|ies)|copied|repeat",
        twin="cnn-puppets-rate-for-this-batch",
        also=("dead-units", "unstable-updates", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-moths-colours-less-means-only",
        "unscaled-input",
        lambda: coloured(58.0, (8.0, -5.0, 3.0)),
        cause=INPUT + "|scale",
        twin="cnn-moths-colours-about-0",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "cnn-puppets-rate-for-batch-of-paper",
        "dead-units",
        lambda: posed(lr=0.4),
        cause=DRIVEN,
        twin="cnn-puppets-rate-for-this-batch",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
)
