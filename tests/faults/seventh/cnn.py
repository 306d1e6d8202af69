"""Convolutional networks: calls in spectrograms, and ripe berries."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    Fill,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.seventh.tasks import CALLS, berries, calls

WIDTH = 10


def eyes(
    layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity, channels: int = 1
) -> nn.Sequential:
    """Convolutions of 3 x 3, the second of which halves the image."""
    parts: list[nn.Module] = []
    for place in range(layers):
        inputs = WIDTH if place else channels
        parts += [nn.Conv2d(inputs, WIDTH, 3, 2 if place == 1 else 1, padding=1), norm(), activation()]
    return nn.Sequential(*parts)


def listening(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    return nn.Sequential(eyes(layers, activation, norm), nn.Flatten(), nn.Linear(36 * WIDTH, CALLS))


def picking(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    return nn.Sequential(eyes(layers, activation, norm, 3), nn.Flatten(), nn.Linear(36 * WIDTH, 1))


def lenet(activation: Make) -> Job:
    """Five convolutions by He's rule, of one activation throughout."""
    return trained(filled(listening(5, activation), he), calls(), Adam, lr=5e-3)


def of_calls(fill: Fill = he, lr: float = 3e-3, *, in_decibels: bool = False) -> Job:
    return trained(filled(listening(), fill), calls(in_decibels=in_decibels), Adam, lr=lr)


def plain_eight(norm: Make) -> Job:
    """Eight convolutions whose weights are of deviation 0.4, which a normalisation after each takes back."""
    model = picking(8, nn.ReLU, norm)
    filled(model[0], normal(0.4))
    return trained(model, berries(48, 0.5), Adam, squared_error, lr=6e-3)


def of_berries(kind: type = SGD, **settings: object) -> Job:
    return trained(filled(picking(), he), berries(), kind, squared_error, **settings)


class Marked(nn.Module):
    """Two first filters say softly whether they were met before others look at that."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3, padding=1)
        self.rest = nn.Sequential(
            nn.Conv2d(2, WIDTH, 3, 2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(36 * WIDTH, CALLS)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(F.softsign(2 * self.first(x)))
        return out


class Squeezed(nn.Module):
    """Many narrow convolutions of one channel each, mixed by those of 1 x 1, with shortcuts."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, 16, 3, 2, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(16, 16, 3, padding=1, groups=16),
                nn.BatchNorm2d(16),
                nn.ReLU6(),
                nn.Conv2d(16, 16, 1),
                nn.BatchNorm2d(16),
            )
            for _ in range(2)
        )
        self.head = nn.Linear(16 * 36, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for block in self.blocks:
            x = x + block(x)
        out: Tensor = self.head(x.flatten(1))
        return out


class Pooled(nn.Module):
    """Convolutions, the mean over all places and the greatest, a fifth of the channels left out."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(eyes(3, nn.ReLU, lambda: nn.BatchNorm2d(WIDTH), 1), nn.Dropout2d(0.2))
        self.head = nn.Linear(2 * WIDTH, CALLS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x)
        out: Tensor = self.head(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1))
        return out


def masked() -> Job:
    """Bands and moments are hidden from each spectrogram at random (Park et al., 2019)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        x = x.clone()
        band, moment = torch.randint(10, (2,)).tolist()
        x[:, :, band : band + 2] = 0
        x[..., moment : moment + 2] = 0
        return F.cross_entropy(model(x), y, label_smoothing=0.05)

    return trained(filled(listening(), he), calls(), AdamW, loss, lr=3e-3, weight_decay=0.1)


def tuned() -> Job:
    """A body that was trained on ripeness stays as it is, and a new head on it learns something else."""
    model = picking(3, nn.ReLU)
    first = Adam(model.parameters(), lr=5e-3)
    for batch in berries()[:40]:
        first.zero_grad()
        squared_error(model, batch).backward()  # type: ignore[no-untyped-call]
        first.step()
    model[0].requires_grad_(False)
    model[2] = nn.Linear(36 * WIDTH, 1)
    batches = [(x, y.abs() - 0.9) for x, y in berries()]
    return trained(model, batches, Adam, squared_error, lr=5e-3)


programs = (
    healthy("cnn-five-relu-on-calls", lambda: lenet(nn.ReLU)),
    healthy("cnn-calls-about-0", of_calls),
    healthy("cnn-berries-eight-normalised", lambda: plain_eight(lambda: nn.BatchNorm2d(WIDTH))),
    healthy("cnn-berries-gently", lambda: of_berries(lr=0.02, momentum=0.8)),
    healthy("cnn-softly-marked", lambda: trained(Marked(), calls(), Adam, lr=5e-3)),
    healthy("cnn-channel-by-channel", lambda: trained(Squeezed(), berries(), AdamW, squared_error, lr=3e-3)),
    healthy("cnn-mean-and-greatest", lambda: trained(Pooled(), calls(), Adam, lr=2e-2)),
    healthy("cnn-bands-hidden", masked),
    healthy("cnn-body-from-ripeness", tuned),
    healthy("cnn-elu-at-four", lambda: trained(picking(3, nn.ELU), berries(4), Adam, squared_error, lr=3e-3)),
    faulty(
        "cnn-five-sigmoids-on-calls",
        "vanishing-gradient",
        lambda: lenet(nn.Sigmoid),
        cause=SIGMOID,
        twin="cnn-five-relu-on-calls",
    ),
    faulty(
        "cnn-calls-in-decibels",
        "unscaled-input",
        lambda: of_calls(in_decibels=True),
        cause=INPUT,
        twin="cnn-calls-about-0",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "cnn-every-kernel-a-hundredth",
        "symmetric-units",
        lambda: of_calls(constant(0.01)),
        cause=ALIKE,
        twin="cnn-calls-about-0",
        also=("vanishing-gradient",),
    ),
    faulty(
        "cnn-berries-eight-as-they-are",
        "exploding-activation",
        lambda: plain_eight(nn.Identity),
        cause=GROWTH,
        twin="cnn-berries-eight-normalised",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-berries-hastily",
        "dead-units",
        lambda: of_berries(lr=0.2, momentum=0.8),
        cause=STEP,
        twin="cnn-berries-gently",
        also=("unstable-updates", "vanishing-gradient", "non-finite", "stalled-layer"),
    ),
)
