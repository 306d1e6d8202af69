"""Autoencoders of smooth patches, and variational ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    CUT,
    GROWTH,
    LEFT_OUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Fill,
    Loss,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.seventh.tasks import PATCH, patches

FUNNEL = (PATCH, 32, 24, 8, 24, 32, PATCH)


def funnel(fill: Fill = xavier) -> Job:
    return trained(filled(chain(FUNNEL, nn.LeakyReLU), fill), patches(), Adam, squared_error, lr=5e-3)


def deeper(gain: float) -> Job:
    """Nine layers by Glorot's rule and a gain."""
    model = filled(chain([PATCH, *[32] * 4, 8, *[32] * 4, PATCH], nn.ELU), lambda w: xavier(w, gain))
    return trained(model, patches(), Adam, squared_error, lr=3e-3)


def crossed(model: nn.Module, batch: Batch) -> Tensor:
    """The cross entropy of each pixel as a chance, by hand."""
    x, y = batch
    made = model(x)
    out: Tensor = -(y * made.log() + (1 - y) * (1 - made).log()).mean()
    return out


def ending(last: Make) -> Job:
    model = nn.Sequential(*chain([PATCH, 48, 16, 48, PATCH], nn.SiLU), last())
    return trained(model, patches(is_binary=True), Adam, crossed, lr=1e-2)


class Keeping(nn.Module):
    """Code units are kept if they are above a threshold."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.encode, self.keep, self.decode = nn.Linear(PATCH, 64), nn.ReLU(), nn.Linear(64, PATCH)
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.keep(self.encode(x) - self.threshold))
        return out


def keeping(threshold: float) -> Job:
    return trained(Keeping(threshold), patches(), Adam, squared_error, lr=5e-3)


class Variational(nn.Module):
    """A mean and the logarithm of a variance for each number of the code."""

    def __init__(self, *, is_cut: bool = False) -> None:
        super().__init__()
        self.encode, self.decode = chain([PATCH, 32, 12], nn.Tanh), chain([6, 32, PATCH], nn.Tanh)
        self.is_cut = is_cut

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encode(x).chunk(2, 1)
        far = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        if self.is_cut:
            mean, far = mean.data, far.detach()
        drawn = mean + (log_variance.detach() if self.is_cut else log_variance).div(
            2
        ).exp() * torch.randn_like(mean)
        return self.decode(drawn), far


def bound(weight: float) -> Loss:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, far = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + weight * far
        return out

    return loss


def variational(weight: float = 0.005, lr: float = 1e-2, *, is_cut: bool = False) -> Job:
    return trained(Variational(is_cut=is_cut), patches(), Adam, bound(weight), lr=lr)


def linear(momentum: float) -> Job:
    model = nn.Sequential(nn.Linear(PATCH, 8), nn.Linear(8, PATCH))
    return trained(model, patches(), SGD, squared_error, lr=0.1, momentum=momentum)


class Tied(nn.Module):
    """What takes apart is what puts together, turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.offset = nn.Linear(PATCH, 10), nn.Parameter(torch.zeros(PATCH))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(torch.tanh(self.encode(x)), self.encode.weight.t(), self.offset)


def half_hidden(model: nn.Module, batch: Batch) -> Tensor:
    """Half of the pixels are hidden, and those alone count (He et al., 2022)."""
    x, y = batch
    hidden = torch.rand(x.shape) < 0.5
    made = model(torch.where(hidden, 0.0, x))
    out: Tensor = (made - y).square()[hidden].mean()
    return out


programs = (
    healthy("autoencoder-funnel-by-glorot", funnel),
    healthy("autoencoder-nine-by-glorot", lambda: deeper(1.0)),
    healthy("autoencoder-ends-in-sigmoid", lambda: ending(nn.Sigmoid)),
    healthy("autoencoder-kept-above-a-bit", lambda: keeping(0.1)),
    healthy("autoencoder-linear-by-descent", lambda: linear(0.9)),
    healthy("vae-patches", variational),
    healthy("vae-heavy-and-half-unused", lambda: variational(0.03)),
    healthy("autoencoder-turned-round", lambda: trained(Tied(), patches(), Adam, squared_error, lr=1e-2)),
    healthy(
        "autoencoder-half-told",
        lambda: trained(chain([PATCH, 64, 64, PATCH], nn.Mish), patches(), Adam, half_hidden, lr=5e-3),
    ),
    faulty(
        "autoencoder-funnel-of-a-hundredth",
        "vanishing-gradient",
        lambda: funnel(normal(0.01)),
        cause=WEIGHTS,
        twin="autoencoder-funnel-by-glorot",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-nine-gain-of-four",
        "exploding-gradient",
        lambda: deeper(4.0),
        cause=GROWTH + "|gain",
        twin="autoencoder-nine-by-glorot",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "autoencoder-ends-in-rectifier",
        "non-finite",
        lambda: ending(nn.ReLU),
        cause=UNDEFINED + "|output|rectif|relu|zero",
        twin="autoencoder-ends-in-sigmoid",
    ),
    faulty(
        "autoencoder-kept-above-four",
        "dead-units",
        lambda: keeping(4.0),
        cause=r"bias|threshold|born dead|initiali[sz]|below|negative|offset|shift",
        twin="autoencoder-kept-above-a-bit",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-funnel-of-zeros",
        "symmetric-units",
        lambda: funnel(constant(0.0)),
        cause=ALIKE,
        twin="autoencoder-funnel-by-glorot",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "autoencoder-linear-by-momentum-of-almost-one",
        "unstable-updates",
        lambda: linear(0.999),
        cause=STEP + "|momentum",
        twin="autoencoder-linear-by-descent",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
    faulty(
        "vae-patches-by-data",
        "stalled-layer",
        lambda: variational(is_cut=True),
        cause=CUT + "|" + LEFT_OUT,
        twin="vae-patches",
        also=("vanishing-gradient",),
    ),
)
