"""Convolutions over pictures of stamps, and over damp walls."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, he
from tests.faults.drawn.juniper.tasks import COUNTRIES, moss, stamps
from tests.faults.eighth.making import CUT, GROWTH, INPUT, Fill, filled, normal, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy


def album(layers: int, activation: Make = nn.ReLU, width: int = 12) -> nn.Sequential:
    """Convolutions, every second one with a stride up to the fourth; quarters are read."""
    parts: list[nn.Module] = []
    for place in range(layers):
        stride = 2 if place in (0, 2) else 1
        parts += [nn.Conv2d(width if place else 1, width, 3, stride, padding=1), activation()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, COUNTRIES))


def sorted_by(fill: Fill, layers: int = 5) -> Job:
    return trained(filled(album(layers), fill), stamps(), Adam, lr=5e-3)


def in_words() -> Job:
    """Stamps as the scanner gives them, in sixteen bits."""
    batches = seen_through(lambda x: (28000 + 11500 * x).round().clamp(0, 65535), stamps())
    return trained(filled(album(5), he), batches, Adam, lr=5e-3)


class Collector(nn.Module):
    """A body and a head; what the body saw is detached, as it was to draw it, or is not."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 10, 3), nn.ReLU()
        )
        self.head, self.is_cut = nn.Linear(10, COUNTRIES), is_cut

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x).mean((2, 3))
        out: Tensor = self.head(seen.detach() if self.is_cut else seen)
        return out


def collected(*, is_cut: bool) -> Job:
    return trained(Collector(is_cut=is_cut), stamps(), Adam, lr=1.5e-2)


def focused(model: nn.Module, batch: Batch) -> Tensor:
    """Points that are told well already count less (Lin et al., 2017); the sum over points of moss."""
    said, y = model(batch[0]), batch[1]
    right = torch.where(y > 0, said, -said).sigmoid()
    each = (1 - right).square() * F.binary_cross_entropy_with_logits(said, y, reduction="none")
    out: Tensor = each.sum() / y.sum()
    return out


def damp(*, is_everywhere: bool) -> Job:
    """The last bias tells at first that moss is rare; that of every layer does, or only that one."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 1),
    )  # fmt: skip
    filled(model, he)
    for layer in (model if is_everywhere else model[-1:]).modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.constant_(layer.bias, -2.9)
    return trained(model, moss(), Adam, focused, lr=5e-3)


# Healthy trainings that look odd


def thin() -> Job:
    """Each channel by itself, then all of them point by point (Howard et al., 2017)."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, bias=False), nn.BatchNorm2d(16), nn.Hardswish(),
        nn.Conv2d(16, 16, 3, groups=16, padding=1, bias=False), nn.BatchNorm2d(16), nn.Hardswish(),
        nn.Conv2d(16, 24, 1, bias=False), nn.BatchNorm2d(24), nn.Hardswish(),
        nn.Flatten(), nn.Linear(384, COUNTRIES),
    )  # fmt: skip
    return trained(model, stamps(), Adam, lr=5e-3)


class Standard(nn.Conv2d):
    """A convolution whose filters are standardised each time they are used (Qiao et al., 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        flat = self.weight.flatten(1)
        flat = (flat - flat.mean(1, keepdim=True)) / (flat.std(1, keepdim=True) + 1e-5)
        weight = (flat / flat.shape[1] ** 0.5).view_as(self.weight)
        return F.conv2d(x, weight, self.bias, padding=1)


def standard() -> Job:
    model = nn.Sequential(
        Standard(1, 12, 3), nn.GroupNorm(3, 12), nn.ReLU(), nn.AvgPool2d(2), Standard(12, 12, 3),
        nn.GroupNorm(3, 12), nn.ReLU(), nn.Flatten(), nn.Linear(300, COUNTRIES),
    )  # fmt: skip
    return trained(model, stamps(), SGD, lr=0.012, momentum=0.9)


class Turned(nn.Module):
    """One set of filters over a picture and its three quarter turns, of which the greatest is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3, stride=2), nn.ReLU())
        self.last = nn.Linear(16, COUNTRIES)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.stack([self.body(x.rot90(turns, (2, 3))).mean((2, 3)) for turns in range(4)])
        out: Tensor = self.last(4 * seen.amax(0))
        return out


programs = (
    healthy("cnn-stamps-five-by-he", lambda: sorted_by(he)),
    healthy("cnn-stamps-body-not-detached", lambda: collected(is_cut=False)),
    healthy("segmentation-moss-rare-at-the-last", lambda: damp(is_everywhere=False)),
    healthy("cnn-stamps-channel-by-channel", thin),
    healthy("cnn-stamps-filters-standardised", standard),
    healthy("cnn-stamps-quarter-turns", lambda: trained(Turned(), stamps(), Adam, lr=4e-3)),
    faulty(
        "cnn-stamps-five-of-unit-normals",
        "exploding-activation",
        lambda: sorted_by(normal(1.0)),
        cause=GROWTH,
        twin="cnn-stamps-five-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-stamps-scans-in-sixteen-bits",
        "unscaled-input",
        in_words,
        cause=INPUT + "|scale",
        twin="cnn-stamps-five-by-he",
        also=(
            "dead-units",
            "vanishing-gradient",
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
        ),
    ),
    faulty(
        "cnn-stamps-body-detached",
        "stalled-layer",
        lambda: collected(is_cut=True),
        cause=CUT,
        twin="cnn-stamps-body-not-detached",
        also=("vanishing-gradient",),
    ),
    faulty(
        "segmentation-moss-rare-everywhere",
        "dead-units",
        lambda: damp(is_everywhere=True),
        cause=r"bias|threshold|initiali[sz]|pre-activation",
        twin="segmentation-moss-rare-at-the-last",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
