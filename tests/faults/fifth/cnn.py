"""Convolutional networks: glyphs to be told apart, and spots to be found."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Adamax, AdamW

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.fifth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
    filled,
    normal,
    seen_through,
    trained,
    weighted,
)
from tests.faults.fifth.tasks import GLYPHS, glyphs, spots
from tests.faults.fourth.making import Fill
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 12


def body(layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions of 3 x 3, the second of which halves the image."""
    parts: list[nn.Module] = []
    for place in range(layers):
        stride = 2 if place == 1 else 1
        parts += [nn.Conv2d(WIDTH if place else 1, WIDTH, 3, stride, padding=1), norm(), activation()]
    return nn.Sequential(*parts)


def telling(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    return nn.Sequential(body(layers, activation, norm), nn.Flatten(), nn.Linear(25 * WIDTH, GLYPHS))


def finding(layers: int = 3) -> nn.Module:
    return filled(nn.Sequential(body(layers), nn.Flatten(), nn.Linear(25 * WIDTH, 2)), he)


def as_stored(x: Tensor) -> Tensor:
    """Pixels from 0 to 255."""
    return (100 + 60 * x).clamp(0, 255).round()


def scaled(x: Tensor) -> Tensor:
    return (as_stored(x) - 100) / 60


def of_bytes(*, is_scaled: bool) -> Job:
    batches = seen_through(scaled if is_scaled else as_stored, glyphs())
    return trained(filled(telling(), he), batches, Adam, lr=5e-3)


def eight(fill: Fill) -> Job:
    return trained(filled(telling(8), fill), glyphs(), Adam, lr=2e-3)


def five(fill: Fill) -> Job:
    return trained(filled(telling(5, nn.LeakyReLU), fill), glyphs(), AdamW, lr=2e-3)


def at_most_one(weight: Tensor) -> None:
    nn.init.uniform_(weight, -0.6, 0.6)


def found(lr: float) -> Job:
    return trained(finding(), spots(), SGD, squared_error, lr=lr, momentum=0.9)


def of_tanh(lr: float) -> Job:
    return trained(filled(telling(3, nn.Tanh), xavier), glyphs(), Adam, lr=lr)


class Between(nn.Module):
    """A mean between the ordinary one and the greatest, by a learned power (Radenovic et al., 2019)."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least, self.power = least, nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x.clamp(min=self.least).pow(self.power).mean((2, 3)).pow(1 / self.power)
        return out


def pooled(least: float) -> Job:
    model = nn.Sequential(filled(body(2), he), Between(least), nn.Linear(WIDTH, GLYPHS))
    return trained(model, glyphs(), Adam, lr=2e-2)


def widened(*, is_copied: bool) -> Job:
    """A network of one channel a layer, made wider by copies that share what they put out, without noise."""
    model = filled(telling(3, nn.SiLU), he)
    *inner, last = weighted(model)
    for layer in inner if is_copied else []:
        nn.init.kaiming_normal_(layer.weight[:1, :1], nonlinearity="relu")
        with torch.no_grad():
            layer.weight.copy_((layer.weight[:1, :1] / layer.weight.shape[1]).expand_as(layer.weight).clone())
    if is_copied:
        with torch.no_grad():
            head = last.weight.view(GLYPHS, WIDTH, 25)
            head.copy_(head.mean(1, keepdim=True).expand_as(head).clone())
    return trained(model, glyphs(), Adam, lr=2e-2)


def by_greatest(lr: float) -> Job:
    """Adam by the greatest gradient so far."""
    return trained(filled(telling(3, nn.SiLU), he), glyphs(), Adamax, lr=lr)


class Middle(nn.Module):
    """Where the spot is, by a softmax over places: the mean place of each channel (Levine et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = (
            nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1)),
            nn.Linear(8, 2),
        )
        at = torch.linspace(-1.7, 1.7, 10)
        self.register_buffer("at", torch.stack(torch.meshgrid(at, at, indexing="ij")).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        shares = self.body(x).flatten(2).softmax(-1)
        out: Tensor = self.head((shares @ self.at.t()).flatten(1))  # type: ignore[operator]
        return out


class Even(nn.Conv2d):
    """Weights whose mean is 0 and whose deviation is fixed whenever they are used (Qiao et al., 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5) / weight[0].numel() ** 0.5
        return F.conv2d(x, 1.4 * weight, self.bias, self.stride, self.padding)


def evened() -> Job:
    parts: list[nn.Module] = []
    for inputs in (1, WIDTH, WIDTH):
        parts += [Even(inputs, WIDTH, 3, 2, padding=1), nn.GroupNorm(3, WIDTH), nn.ReLU()]
    model = nn.Sequential(*parts, nn.Flatten(), nn.Linear(4 * WIDTH, GLYPHS))
    return trained(model, glyphs(), SGD, lr=0.5, momentum=0.5)


def mixed() -> Job:
    """Pairs of images are laid over each other, and so are their labels (Zhang et al., 2018)."""
    share = torch.distributions.Beta(0.4, 0.4)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        part = float(share.sample())
        out = model(part * x + (1 - part) * x.roll(1, 0))
        return part * F.cross_entropy(out, y) + (1 - part) * F.cross_entropy(out, y.roll(1, 0))

    return trained(filled(telling(3), he), glyphs(), Adam, loss, lr=5e-3)


def first_drawn() -> Job:
    """The first layer is sixteen fixed random filters; the rest is learned."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5).requires_grad_(False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(144, GLYPHS),
    )
    return trained(model, glyphs(), Adam, lr=2e-2)


programs = (
    healthy("cnn-glyphs-scaled", lambda: of_bytes(is_scaled=True)),
    healthy("cnn-eight-by-he", lambda: eight(he)),
    healthy("cnn-five-by-he", lambda: five(he)),
    healthy("cnn-spots-slowly", lambda: found(0.01)),
    healthy("cnn-mean-of-at-least-a-bit", lambda: pooled(1e-6)),
    healthy("cnn-channels-of-their-own", lambda: widened(is_copied=False)),
    healthy("cnn-by-the-greatest", lambda: by_greatest(5e-3)),
    healthy("cnn-tanh-slowly", lambda: of_tanh(3e-3)),
    healthy("cnn-mean-place", lambda: trained(Middle(), spots(), Adam, squared_error, lr=2e-2)),
    healthy("cnn-evened-weights", evened),
    healthy("cnn-laid-over", mixed),
    healthy("cnn-first-fixed", first_drawn),
    faulty(
        "cnn-glyphs-as-stored",
        "unscaled-input",
        lambda: of_bytes(is_scaled=False),
        cause=INPUT,
        twin="cnn-glyphs-scaled",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-eight-of-a-hundredth",
        "vanishing-gradient",
        lambda: eight(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-eight-by-he",
    ),
    faulty(
        "cnn-five-evenly-drawn",
        "exploding-activation",
        lambda: five(at_most_one),
        cause=GROWTH,
        twin="cnn-five-by-he",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "cnn-spots-at-once",
        "dead-units",
        lambda: found(0.1),
        cause=STEP,
        twin="cnn-spots-slowly",
        also=("unstable-updates", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "cnn-tanh-at-once",
        "saturated-units",
        lambda: of_tanh(0.5),
        cause=STEP + "|during training|update",
        twin="cnn-tanh-slowly",
        also=("unstable-updates", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-mean-of-nothing",
        "non-finite",
        lambda: pooled(0.0),
        cause=UNDEFINED + "|power|mean|pool",
        twin="cnn-mean-of-at-least-a-bit",
    ),
    faulty(
        "cnn-channels-copied",
        "symmetric-units",
        lambda: widened(is_copied=True),
        cause=ALIKE,
        twin="cnn-channels-of-their-own",
    ),
    faulty(
        "cnn-by-the-greatest-at-one",
        "unstable-updates",
        lambda: by_greatest(1.0),
        cause=STEP,
        twin="cnn-by-the-greatest",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
)
