"""Autoencoders of bent mixtures, and denoisers of small images."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam

from tests.faults.building import Make, chain, he, initialised, squared_error, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.report.making import ALIKE, CUT, INPUT, STEP, WEIGHTS, Initialise, constant, normal, trained
from tests.faults.report.tasks import mixed, outlines
from tests.faults.tasks import Pairs

SIZES = [24, 64, 5, 64, 24]


def plain(
    fill: Initialise = he,
    activation: Make = nn.ReLU,
    sizes: list[int] = SIZES,
    lr: float = 5e-3,
    batches: Pairs | None = None,
) -> Job:
    model = initialised(chain(sizes, activation), fill)
    return trained(model, batches or mixed(), Adam, squared_error, lr=lr)


def deep(gain: float, layers: int = 32) -> Job:
    """Tanh throughout, drawn by Xavier's rule times a gain."""
    return plain(lambda weight: xavier(weight, gain), nn.Tanh, [24, *[24] * layers, 24], 2e-3)


def thin(fill: Initialise) -> Job:
    """DCGAN's deviation of 0.02 was meant for networks with batch normalisation."""
    return plain(fill, nn.LeakyReLU, [24, 48, 48, 48, 48, 48, 24], 2e-3)


def narrowing(activation: Make) -> Job:
    """Nine layers of two units each, for vectors from two sources."""
    return plain(he, activation, [24, 32, *[2] * 9, 32, 24], 1e-2, mixed(sources=2))


class Rounded(nn.Module):
    """A code of whole numbers; its gradient is passed on as if it had not been rounded, or is lost."""

    def __init__(self, *, is_passed_on: bool) -> None:
        super().__init__()
        self.is_passed_on = is_passed_on

    def forward(self, x: Tensor) -> Tensor:
        whole = (4 * x).round() / 4
        return x + (whole - x).detach() if self.is_passed_on else whole


def quantised(*, is_passed_on: bool) -> Job:
    layers = list(chain(SIZES).children())
    model = nn.Sequential(*layers[:3], Rounded(is_passed_on=is_passed_on), *layers[3:])
    return trained(model, mixed(), Adam, squared_error, lr=5e-3)


class Denoiser(nn.Module):
    """Convolutions down to a code of 2 x 2 places and up again."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        down = [nn.Conv2d(1, channels, 3, 2, 1), nn.ReLU(), nn.Conv2d(channels, 32, 3, 2, 1), nn.ReLU()]
        up = [nn.ConvTranspose2d(32, channels, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(channels, 1, 4, 2, 1)]
        self.layers = nn.Sequential(*down, *up)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def denoised(factor: float = 1.0, kind: type = Adam, **settings: float) -> Job:
    batches: Pairs = [(x * factor, y) for x, y in outlines()]
    return trained(Denoiser(), batches, kind, squared_error, **settings)


def bits(model: nn.Module, batch: Batch) -> Tensor:
    """Cross entropy of each pixel by hand: the logarithm of 0 where the network is certain."""
    x, y = batch
    p, y = model(x).sigmoid(), (y > 0).float()
    out: Tensor = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    return out


def safe_bits(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.binary_cross_entropy_with_logits(model(x), (y > 0).float())


def certain(*, is_safe: bool) -> Job:
    """Logits of some dozens from the first step on."""
    model = chain([64, 48, 64])
    nn.init.normal_(weighted(model)[1].weight, std=3.0)
    batches: Pairs = [(x.flatten(1), y.flatten(1)) for x, y in outlines()]
    return trained(model, batches, Adam, safe_bits if is_safe else bits, lr=2e-2)


def coded(fill: Initialise) -> Job:
    """A sigmoid code of 48 numbers."""
    return plain(fill, nn.Sigmoid, [24, 48, 24], lr=1e-2)


class Tied(nn.Module):
    """Decodes by the transpose of what it encodes by."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(24, 12)
        self.offset = nn.Parameter(torch.zeros(24))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.encode(x).tanh(), self.encode.weight.t(), self.offset)


class Sparse(nn.Module):
    """A wide code of which the greatest eight numbers are kept: most units are 0 for most examples."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(24, 80), nn.Linear(80, 24)

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x).relu()
        kept = code >= code.topk(8, dim=-1).values[..., -1:]
        out: Tensor = self.decode(code * kept)
        return out


def penalised() -> Job:
    """A code that a penalty keeps near 0."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(model, nn.Sequential)
        x, y = batch
        code = model[:2](x)
        out: Tensor = F.mse_loss(model[2](code), y) + 0.01 * code.abs().mean()
        return out

    return trained(chain([24, 80, 24]), mixed(), NAdam, loss, lr=5e-3)


programs = (
    healthy("autoencoder-mixed", plain),
    healthy("autoencoder-mixed-tanh", lambda: plain(xavier, nn.Tanh)),
    healthy("autoencoder-tanh-tower", lambda: deep(1.0)),
    healthy("autoencoder-leaky-tower", lambda: thin(he)),
    healthy("autoencoder-narrow-tower", lambda: narrowing(partial(nn.LeakyReLU, 0.5))),
    healthy("autoencoder-passed-on", lambda: quantised(is_passed_on=True)),
    healthy("autoencoder-denoiser", lambda: denoised(lr=5e-3)),
    healthy("autoencoder-denoiser-descent", lambda: denoised(kind=SGD, lr=0.1, momentum=0.9)),
    healthy("autoencoder-logits", lambda: certain(is_safe=True)),
    healthy("autoencoder-sigmoid-wide", lambda: coded(xavier)),
    healthy("autoencoder-tied", lambda: trained(Tied(), mixed(), AdamW, squared_error, lr=1e-2)),
    healthy("autoencoder-greatest-eight", lambda: trained(Sparse(), mixed(), Adam, squared_error, lr=5e-3)),
    healthy("autoencoder-penalised-code", penalised),
    faulty(
        "autoencoder-dcgan-weights",
        "vanishing-gradient",
        lambda: thin(normal(0.02)),
        cause=WEIGHTS,
        twin="autoencoder-leaky-tower",
    ),
    faulty(
        "autoencoder-tanh-gain-of-3",
        "exploding-gradient",
        lambda: deep(3.0),
        cause=WEIGHTS,
        twin="autoencoder-tanh-tower",
    ),
    faulty(
        "autoencoder-unit-normal-code",
        "saturated-units",
        lambda: coded(normal(3.0)),
        cause=WEIGHTS,
        twin="autoencoder-sigmoid-wide",
    ),
    faulty(
        "autoencoder-born-dead",
        "dead-units",
        lambda: narrowing(nn.ReLU),
        cause="born dead|narrow|width|initiali[sz]",
        twin="autoencoder-narrow-tower",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-logarithm-of-certainty",
        "non-finite",
        lambda: certain(is_safe=False),
        cause="loss|\\blog",
        twin="autoencoder-logits",
    ),
    faulty(
        "autoencoder-noise-in-bytes",
        "unscaled-input",
        lambda: denoised(100.0, lr=5e-3),
        cause=INPUT,
        twin="autoencoder-denoiser",
    ),
    faulty(
        "autoencoder-equal-weights",
        "symmetric-units",
        lambda: plain(constant(0.03), nn.Tanh),
        cause=ALIKE,
        twin="autoencoder-mixed-tanh",
    ),
    faulty(
        "autoencoder-denoiser-rate",
        "unstable-updates",
        lambda: denoised(lr=0.5),
        cause=STEP,
        twin="autoencoder-denoiser",
        also=("dead-units",),
    ),
    faulty(
        "autoencoder-rounded-code",
        "stalled-layer",
        lambda: quantised(is_passed_on=False),
        cause=CUT + "|round|slope|deriv",
        twin="autoencoder-passed-on",
        also=("vanishing-gradient",),
    ),
)
