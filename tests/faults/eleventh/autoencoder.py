"""Autoencoders of spectra and of small pictures of bars."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    INPUT,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.eleventh.tasks import BANDS, STAMP, spectra, stamps
from tests.faults.program import Batch, Job, faulty, healthy

CODE, PIXELS = 6, STAMP * STAMP


def deep(fill: Fill, by: float = 1.0) -> Job:
    """Five layers of tanh; spectra may be in volts, of which they are a few ten-thousandths."""
    model = filled(chain([BANDS, 40, 20, 10, 20, 40, BANDS], nn.Tanh), fill)
    return trained(model, seen_through(lambda x: by * x, spectra()), Adam, squared_error, lr=8e-3)


class Quantised(nn.Module):
    """The nearest of 24 vectors; its gradient is passed straight to the code (van den Oord et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([BANDS, 40, 4], nn.SiLU), chain([4, 40, BANDS], nn.SiLU)
        self.book = nn.Parameter(torch.randn(24, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = 2 * self.encode(x).tanh()
        near = self.book[torch.cdist(code.detach(), self.book.detach()).argmin(1)]
        bound = F.mse_loss(near, code.detach()) + 0.25 * F.mse_loss(code, near.detach())
        return self.decode(code + (near - code).detach()), bound


def quantised(model: nn.Module, batch: Batch) -> Tensor:
    made, bound = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.2 * bound
    return out


class Variational(nn.Module):
    """A mean and a log-variance each; pixels by a sigmoid (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PIXELS, 64, 2 * CODE]), chain([CODE, 64, PIXELS])
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encode(2 * x - 1).chunk(2, 1)
        drawn = mean + (log_variance / 2).exp() * torch.randn(mean.shape)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        return self.sigmoid(self.decode(drawn)), divergence


def by_pixels(model: nn.Module, batch: Batch) -> Tensor:
    made, divergence = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) * 6 + 2e-3 * divergence
    return out


class Sparse(nn.Module):
    """Of 96 units only the twelve that are greatest are kept (Makhzani & Frey, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.act, self.decode = nn.Linear(BANDS, 96), nn.ReLU(), nn.Linear(96, BANDS)

    def forward(self, x: Tensor) -> Tensor:
        code = self.act(self.encode(x))
        least = code.topk(12, dim=1).values[:, -1:]
        out: Tensor = self.decode(torch.where(code >= least, code, 0.0))
        return out


def inpainted(model: nn.Module, batch: Batch) -> Tensor:
    """Half of the bands are hidden, and only they count (He et al., 2022)."""
    x, y = batch
    hidden = torch.rand(x.shape) < 0.5
    return F.mse_loss(model(torch.where(hidden, 0.0, x))[hidden], y[hidden])


def mirrored() -> Job:
    """The decoder's weights are the encoder's, turned round."""
    return trained(Mirror(), spectra(), SGD, squared_error, lr=0.3, momentum=0.9)


class Mirror(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode, self.tanh, self.level = nn.Linear(BANDS, 12), nn.Tanh(), nn.Parameter(torch.zeros(BANDS))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.tanh(self.encode(x)) @ self.encode.weight + self.level
        return out


programs = (
    healthy("autoencoder-spectra-six-tanh", lambda: deep(xavier)),
    healthy(
        "autoencoder-spectra-quantised", lambda: trained(Quantised(), spectra(), Adam, quantised, lr=1e-2)
    ),
    healthy(
        "autoencoder-spectra-twelve-kept", lambda: trained(Sparse(), spectra(), Adam, squared_error, lr=1e-2)
    ),
    healthy(
        "autoencoder-spectra-half-hidden",
        lambda: trained(chain([BANDS, 64, 64, BANDS], nn.GELU), spectra(), AdamW, inpainted, lr=8e-3),
    ),
    healthy("autoencoder-spectra-mirrored", mirrored),
    healthy("vae-stamps-by-sigmoid", lambda: trained(Variational(), stamps(), Adam, by_pixels, lr=1e-2)),
    faulty(
        "autoencoder-spectra-six-tanh-by-randn",
        "saturated-units",
        lambda: deep(normal(1.0)),
        cause=ENDS,
        twin="autoencoder-spectra-six-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "autoencoder-spectra-in-volts",
        "unscaled-input",
        lambda: deep(xavier, 1e-4),
        cause=INPUT,
        twin="autoencoder-spectra-six-tanh",
        also=("stalled-layer", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-spectra-of-one-number",
        "symmetric-units",
        lambda: deep(constant(0.1)),
        cause=ALIKE,
        twin="autoencoder-spectra-six-tanh",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
