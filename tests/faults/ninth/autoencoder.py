"""Networks that make again what they see: what an electrode heard, and faces."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.eighth.making import ENDS, GROWTH, INPUT, SIGMOID, UNDEFINED, Fill, filled, normal, trained
from tests.faults.ninth.tasks import SAMPLES, portraits, waves
from tests.faults.program import Batch, Job, faulty, healthy

PIXELS = 64


def heard(by: float) -> Job:
    """In volts, as the file has it, or on unit scale; what it is compared with is always on unit scale."""
    return trained(chain([SAMPLES, 24, 6, 24, SAMPLES], nn.Tanh), waves(by=by), Adam, squared_error, lr=1e-2)


def six(fill: Fill, activation: Make = nn.ReLU) -> Job:
    sizes = [PIXELS, 48, 32, 20, 20, 32, 48, PIXELS]
    return trained(filled(chain(sizes, activation), fill), portraits(), Adam, squared_error, lr=2e-3)


class Variational(nn.Module):
    """A code that is drawn about a mean, by a deviation through softplus or a rectifier."""

    def __init__(self, positive: Make) -> None:
        super().__init__()
        self.encode, self.decode = chain([PIXELS, 48, 12]), chain([6, 48, PIXELS])
        self.positive = positive()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, raw = self.encode(x).chunk(2, 1)
        deviation = self.positive(raw)
        return self.decode(mean + deviation * torch.randn(mean.shape)), mean, deviation


def bound(model: nn.Module, batch: Batch) -> Tensor:
    made, mean, deviation = model(batch[0])
    far = (mean.square() + deviation.square() - 1) / 2 - deviation.log()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * far.mean()
    return out


class Book(nn.Module):
    """A code of three vectors, each the nearest of a book; the gradient goes straight past it."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PIXELS, 48, 12], nn.SiLU), chain([12, 48, PIXELS], nn.SiLU)
        self.book = nn.Parameter(0.3 * torch.randn(16, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encode(x).unflatten(1, (3, 4))
        taken = self.book[torch.cdist(code, self.book).argmin(-1)]
        told = (code.detach() - taken).square().mean() + 0.25 * (code - taken.detach()).square().mean()
        passed = code + (taken - code).detach()
        return self.decode(passed.flatten(1)), told


def looked_up(model: nn.Module, batch: Batch) -> Tensor:
    made, told = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + told
    return out


class Tied(nn.Module):
    """The decoder has the encoder's weights, turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.bias = nn.Linear(SAMPLES, 10), nn.Parameter(torch.zeros(SAMPLES))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.layer(x), self.layer.weight.t(), self.bias)


class Sparse(nn.Module):
    """A wide layer whose units fire for few faces; some of them never do (Cunningham et al., 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.relu, self.decode = nn.Linear(PIXELS, 96), nn.ReLU(), nn.Linear(96, PIXELS)
        with torch.no_grad():
            self.encode.bias.fill_(-0.05)
            self.encode.bias[:12] = -9

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.relu(self.encode(x)))
        return out


class Steps(nn.Module):
    """Tells the noise that was laid over a wave, and is told how much there was (Ho et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = chain([SAMPLES + 2, 64, 64, SAMPLES], nn.SiLU)

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        out: Tensor = self.layers(torch.cat([x, share, share.square()], 1))
        return out


def denoised(model: nn.Module, batch: Batch) -> Tensor:
    _, y = batch
    share, noise = 0.8 * torch.rand(len(y), 1), torch.randn(y.shape)
    return F.mse_loss(model(share.sqrt() * y + (1 - share).sqrt() * noise, share), noise)


programs = (
    healthy("autoencoder-waves-on-scale", lambda: heard(1.0)),
    healthy("autoencoder-faces-six-by-he", lambda: six(he)),
    healthy("autoencoder-faces-six-tanh", lambda: six(xavier, nn.Tanh)),
    healthy(
        "autoencoder-faces-deviation-by-softplus",
        lambda: trained(Variational(nn.Softplus), portraits(), Adam, bound, lr=3e-3),
    ),
    healthy(
        "autoencoder-faces-straight-past-a-book",
        lambda: trained(Book(), portraits(), Adam, looked_up, lr=5e-3),
    ),
    healthy(
        "autoencoder-waves-turned-round",
        lambda: trained(Tied(), waves(), SGD, squared_error, lr=0.3, momentum=0.9),
    ),
    healthy(
        "autoencoder-faces-thin-code", lambda: trained(Sparse(), portraits(), Adam, squared_error, lr=2e-3)
    ),
    healthy("autoencoder-waves-noise-told", lambda: trained(Steps(), waves(), Adam, denoised, lr=5e-3)),
    faulty(
        "autoencoder-waves-in-volts",
        "unscaled-input",
        lambda: heard(2e-5),
        cause=INPUT,
        twin="autoencoder-waves-on-scale",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-faces-six-default-normal",
        "exploding-activation",
        lambda: six(normal(1.0)),
        cause=GROWTH,
        twin="autoencoder-faces-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-faces-six-sigmoids",
        "vanishing-gradient",
        lambda: six(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="autoencoder-faces-six-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-faces-tanh-default-normal",
        "saturated-units",
        lambda: six(normal(1.0), nn.Tanh),
        cause=ENDS,
        twin="autoencoder-faces-six-tanh",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-faces-deviation-by-rectifier",
        "non-finite",
        lambda: trained(Variational(nn.ReLU), portraits(), Adam, bound, lr=3e-3),
        cause=UNDEFINED + "|relu|rectifier",
        twin="autoencoder-faces-deviation-by-softplus",
    ),
)
