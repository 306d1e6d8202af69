"""Convolutional networks: shapes in noise."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adagrad, Adam, AdamW, NAdam

from tests.faults.building import Make, he, initialised, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import generator
from tests.faults.third.making import ALIKE, INPUT, STEP, WEIGHTS, seen_through, trained, zero_biased
from tests.faults.third.tasks import SHAPES, glyphs

CHANNELS = 12


def separable(*, is_by_group: bool) -> Job:
    """Depthwise and pointwise layers in turn, drawn by fan-out: PyTorch counts that of all groups as one."""
    parts: list[nn.Module] = [nn.Conv2d(1, CHANNELS, 3, 2, padding=1), nn.ReLU()]
    for _ in range(5):
        parts += [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)]
        parts += [nn.Conv2d(CHANNELS, CHANNELS, 1), nn.ReLU()]
    model = nn.Sequential(*parts, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, SHAPES))
    for layer in weighted(zero_biased(model)):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        with torch.no_grad():
            layer.weight *= layer.groups**0.5 if is_by_group and isinstance(layer, nn.Conv2d) else 1
    return trained(model, glyphs(), AdamW, lr=3e-3)


def small(
    activation: Make = nn.ReLU, batches: list[Batch] | None = None, kind: type = SGD, **settings: Any
) -> Job:
    """LeNet's order: convolve, halve, convolve, halve, two linear layers."""
    parts = [nn.Conv2d(1, 8, 3, padding=1), activation(), nn.MaxPool2d(2)]
    parts += [nn.Conv2d(8, 16, 3, padding=1), activation(), nn.MaxPool2d(2)]
    model = nn.Sequential(*parts, nn.Flatten(), nn.Linear(144, 32), activation(), nn.Linear(32, SHAPES))
    initialised(model, xavier if activation is nn.Tanh else he)
    return trained(model, batches or list(glyphs()), kind, **settings)


def bytes_of(x: Tensor) -> Tensor:
    return (x * 70 + 70).round().clamp(0, 255)


def over_255(*, is_whole: bool) -> list[Batch]:
    """Bytes divided by 255 as whole numbers, which leaves 0, or as numbers with a fraction."""
    if is_whole:
        return seen_through(lambda x: (bytes_of(x).long() // 256).float(), glyphs())
    return seen_through(lambda x: 4 * bytes_of(x) / 256 - 1.2, glyphs())


def standardised(divisor: float) -> list[Batch]:
    """ImageNet's mean and deviation, which are meant for values from 0 to 1."""
    return seen_through(lambda x: (bytes_of(x) / divisor - 0.449) / 0.226, glyphs())


def edges(*, is_same: bool) -> Job:
    """One layer of filters: Sobel's in all channels, or as PyTorch draws them; the head begins at 0."""
    model = zero_biased(
        nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, SHAPES)
        )
    )
    filters, head = weighted(model)
    nn.init.zeros_(head.weight)
    if is_same:
        with torch.no_grad():
            filters.weight.copy_(torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 4)
    return trained(model, glyphs(), Adam, lr=2e-2)


class Bilinear(nn.Module):
    """Products of channels over all places (Lin, RoyChowdhury & Maji, 2015), and their root, steep at 0."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.safe = safe

    def forward(self, x: Tensor) -> Tensor:
        places = x.flatten(2)
        pooled = (places @ places.transpose(1, 2)).flatten(1) / places.shape[-1]
        return (pooled + self.safe).sqrt()


def rooted(safe: float) -> Job:
    parts = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 10, 3, 2), nn.ReLU()]
    return trained(nn.Sequential(*parts, Bilinear(safe), nn.Linear(100, SHAPES)), glyphs(), NAdam, lr=5e-3)


class Fixed(nn.Module):
    """Four filters that are never trained, by design, before layers that are."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(1, 8, 5, padding=2, bias=False).requires_grad_(False)
        self.inner = nn.Sequential(nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU())
        self.head = nn.Linear(16 * 25, SHAPES)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.inner(self.filters(x)).flatten(1))
        return out


def blended() -> Job:
    """Images and labels blended by pairs (mixup): no label is certain, so the loss stays high."""
    draw = generator(73)
    batches: list[Batch] = []
    for x, y in glyphs():
        share = 0.6 + 0.4 * torch.rand(len(x), 1, generator=draw)
        wanted = F.one_hot(y, SHAPES).float()
        mixed = share * wanted + (1 - share) * wanted.roll(1, 0)
        batches.append((share[..., None, None] * x + (1 - share[..., None, None]) * x.roll(1, 0), mixed))

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1])

    return trained(small().model, batches, Adam, loss, lr=5e-3)


def shuffled() -> Job:
    """Grouped convolutions with their channels in another order between, normalised, at a rate of 1."""
    parts: list[nn.Module] = [nn.Conv2d(1, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    for _ in range(2):
        parts += [nn.Conv2d(16, 16, 3, groups=4, bias=False), nn.ChannelShuffle(4)]
        parts += [nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    model = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, SHAPES))
    return trained(model, glyphs(), SGD, lr=1.0)


programs = (
    healthy("cnn-separable", lambda: separable(is_by_group=True)),
    healthy("cnn-shapes-tanh", lambda: small(nn.Tanh, kind=AdamW, lr=2e-3)),
    healthy("cnn-fractions", lambda: small(batches=over_255(is_whole=False), kind=Adam, lr=2e-3)),
    healthy("cnn-shapes-adagrad", lambda: small(kind=Adagrad, lr=0.01)),
    healthy("cnn-standardised-fractions", lambda: small(batches=standardised(255.0), kind=Adam, lr=2e-3)),
    healthy("cnn-rate-of-one-batch", lambda: small(lr=0.04, momentum=0.9, nesterov=True)),
    healthy("cnn-drawn-edges", lambda: edges(is_same=False)),
    healthy("cnn-safe-root-of-products", lambda: rooted(1e-3)),
    healthy("cnn-fixed-filters", lambda: trained(Fixed(), glyphs(), Adam, lr=3e-3)),
    healthy("cnn-blended", blended),
    healthy("cnn-shuffled-rate-1", shuffled),
    faulty(
        "cnn-fan-out-of-all-groups",
        "vanishing-gradient",
        lambda: separable(is_by_group=False),
        cause=WEIGHTS,
        twin="cnn-separable",
    ),
    faulty(
        "cnn-tanh-of-bytes",
        "saturated-units",
        lambda: small(nn.Tanh, seen_through(bytes_of, glyphs()), AdamW, lr=2e-3),
        cause=INPUT,
        twin="cnn-shapes-tanh",
        also=("unscaled-input",),
    ),
    faulty(
        "cnn-whole-number-division",
        "dead-units",
        lambda: small(batches=over_255(is_whole=True), kind=Adam, lr=2e-3),
        cause="same for every example|constant|do(es)? not (vary|differ|change)|input.*(0|zero)",
        twin="cnn-fractions",
        also=("unscaled-input", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-adagrad-first-step",
        "dead-units",
        lambda: small(kind=Adagrad, lr=1.0),
        cause=STEP,
        twin="cnn-shapes-adagrad",
        also=("unstable-updates",),
    ),
    faulty(
        "cnn-statistics-for-fractions",
        "unscaled-input",
        lambda: small(batches=standardised(1.0), kind=Adam, lr=2e-3),
        cause=INPUT + "|mean|offset|centr",
        twin="cnn-standardised-fractions",
        also=("dead-units", "unstable-updates", "non-finite"),
    ),
    faulty(
        "cnn-sobel-everywhere",
        "symmetric-units",
        lambda: edges(is_same=True),
        cause=ALIKE + "|cop(y|ies)|repeat",
        twin="cnn-drawn-edges",
    ),
    faulty(
        "cnn-root-of-products",
        "non-finite",
        lambda: rooted(0.0),
        cause="deriv|slope|root|sqrt|undefined|divi|operation|\\b0\\b|zero",
        twin="cnn-safe-root-of-products",
    ),
    faulty(
        "cnn-rate-times-batch",
        "unstable-updates",
        lambda: small(lr=0.04 * 32, momentum=0.9, nesterov=True),
        cause=STEP,
        twin="cnn-rate-of-one-batch",
        also=("dead-units", "non-finite"),
    ),
)
