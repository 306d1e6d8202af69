"""Convolutions over pictures of dice and of flags."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, biased, he
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.fourteenth.tasks import FACES, FLAGS, dice, flags
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


def stack(
    layers: int,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    *,
    inputs: int = 1,
    width: int = 12,
    outputs: int = FACES,
) -> nn.Sequential:
    """Convolutions, the first of them with a stride; the mean of each channel's quarters is read."""
    parts: list[nn.Module] = []
    for place in range(layers):
        conv = nn.Conv2d(width if place else inputs, width, 3, padding=1, stride=1 if place else 2)
        parts += [conv, norm(), activation()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, outputs))


def rolled(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 5e-3) -> Job:
    return trained(filled(stack(layers, activation), fill), dice(), Adam, lr=lr)


def in_bytes() -> Job:
    """Scans of dice in bytes, as a file has them."""
    batches = seen_through(lambda x: (90 + 42 * x).round().clamp(0, 255), dice())
    return trained(filled(stack(3), he), batches, Adam, lr=8e-3)


class Contrast(nn.Module):
    """Each picture from its darkest point, over its range; that of a blank picture is 0."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
        return 4 * (x - low) / (high - low + self.least) - 2


def stretched(least: float) -> Job:
    """The lens was covered now and then."""

    def covered(x: Tensor) -> Tensor:
        return torch.where(torch.arange(len(x))[:, None, None, None] == 17, 0.0, x)

    model = nn.Sequential(Contrast(least), stack(2, nn.SiLU, width=16))
    return trained(model, seen_through(covered, dice()), Adam, lr=8e-3)


class Sight(nn.Module):
    """A body of convolutions and a head; the body is run without gradients, as it was for a test, or not."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.body = stack(3, width=16)[:-1]
        filled(self.body, normal(0.07))
        self.head, self.is_cut = nn.Linear(64, FACES), is_cut

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_cut and torch.is_grad_enabled()):
            seen = self.body(x)
        out: Tensor = self.head(seen)
        return out


def in_sight(*, is_cut: bool) -> Job:
    return trained(Sight(is_cut=is_cut), dice(), Adam, lr=1e-2)


# Healthy trainings that look odd


class Squeezed(nn.Module):
    """Channels weighed by a sigmoid of their means (Hu, Shen & Sun, 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask = nn.Sequential(nn.Linear(width, 4), nn.SiLU(), nn.Linear(4, width), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x * self.ask(x.mean((2, 3)))[:, :, None, None]
        return out


def squeezed() -> Job:
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), Squeezed(16), nn.Conv2d(16, 16, 3, stride=2), nn.ReLU(),
        Squeezed(16), nn.Flatten(), nn.Linear(144, FLAGS),
    )  # fmt: skip
    return trained(model, seen_through(lambda x: 3 * (x - 0.5), flags()), Adam, lr=1.5e-2)


def few_at_a_time() -> Job:
    """Pictures in sixes, with norms that do not look at the batch (Wu & He, 2018)."""
    return trained(stack(3, norm=lambda: nn.GroupNorm(3, 12)), dice(batch=6), Adam, lr=6e-3)


def mixed(model: nn.Module, batch: Batch) -> Tensor:
    """Pictures laid over those of the batch turned round, and both labels (Zhang et al., 2018)."""
    x, y = batch
    said = model(0.8 * x + 0.2 * x.flip(0))
    return 0.8 * F.cross_entropy(said, y) + 0.2 * F.cross_entropy(said, y.flip(0))


def gabor() -> Job:
    """The first filters are edges and spots that are fixed by design; what follows learns."""
    model = stack(3, width=12)
    first = model[0]
    assert isinstance(first, nn.Conv2d)
    at = torch.arange(3.0) - 1
    with torch.no_grad():
        for place in range(12):
            angle = torch.tensor(place * 3.1416 / 6)
            wave = torch.cos(1.5 * (at[:, None] * angle.cos() + at * angle.sin()) + place % 3)
            first.weight[place, 0] = wave - 0.7 * wave.mean()
    first.requires_grad_(False)
    return trained(model, dice(), Adam, lr=1e-2)


programs = (
    healthy("cnn-dice-five-by-he", lambda: rolled(5, he)),
    healthy("cnn-dice-three-by-he", lambda: rolled(3, he, lr=8e-3)),
    healthy("cnn-dice-contrast-and-a-bit", lambda: stretched(1e-3)),
    healthy("cnn-dice-body-in-training", lambda: in_sight(is_cut=False)),
    healthy("cnn-flags-squeezed", squeezed),
    healthy("cnn-dice-in-sixes", few_at_a_time),
    healthy("cnn-dice-mixed-up", lambda: trained(stack(3, nn.GELU), dice(), Adam, mixed, lr=1e-2)),
    healthy("cnn-dice-filters-by-hand", gabor),
    healthy(
        "cnn-flags-rate-of-a-fifth-normed",
        lambda: trained(
            stack(3, norm=lambda: nn.BatchNorm2d(12), inputs=3, outputs=FLAGS), flags(), SGD, lr=0.2
        ),
    ),
    faulty(
        "cnn-dice-five-of-two-hundredths",
        "vanishing-gradient",
        lambda: rolled(5, normal(0.02)),
        cause=WEIGHTS,
        twin="cnn-dice-five-by-he",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-dice-three-of-one-number",
        "symmetric-units",
        lambda: rolled(3, constant(0.05), lr=8e-3),
        cause=ALIKE,
        twin="cnn-dice-three-by-he",
        also=("vanishing-gradient", "dead-units", "exploding-activation"),
    ),
    faulty(
        "cnn-dice-rate-of-a-fifth",
        "unstable-updates",
        lambda: rolled(3, he, lr=0.2),
        cause=STEP,
        twin="cnn-dice-three-by-he",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-dice-biases-of-minus-two",
        "dead-units",
        lambda: trained(biased(filled(stack(3), he), -2.0, [0, 1, 2]), dice(), Adam, lr=8e-3),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="cnn-dice-three-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-dice-scanned-in-bytes",
        "unscaled-input",
        in_bytes,
        cause=INPUT + "|scale",
        twin="cnn-dice-three-by-he",
        also=(
            "vanishing-gradient",
            "dead-units",
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
        ),
    ),
    faulty(
        "cnn-dice-contrast-of-blank",
        "non-finite",
        lambda: stretched(0.0),
        cause=OPERATION + "|blank|range",
        twin="cnn-dice-contrast-and-a-bit",
    ),
    faulty(
        "cnn-dice-body-without-gradient",
        "stalled-layer",
        lambda: in_sight(is_cut=True),
        cause=CUT,
        twin="cnn-dice-body-in-training",
        also=("vanishing-gradient",),
    ),
)
