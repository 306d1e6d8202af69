"""Tiles that were worn, and spectra of gearboxes, made again from little."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.drawn.birch.tasks import SPECTRUM, TILE, spectra, tiles
from tests.faults.eighth.making import ENDS, SIGMOID, Fill, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

NARROW = [TILE, 40, 40, 40, 6, 40, 40, TILE]


def relaid(fill: Fill, activation: Make = nn.ReLU, *, bias: float = 0.0) -> Job:
    """Three layers down, three up, all filled in one way."""
    model = filled(chain(NARROW, activation), fill, bias=bias)
    return trained(model, tiles(), Adam, squared_error, lr=4e-3)


# Healthy trainings that look odd


class Rounded(nn.Module):
    """A code of zeros and ones; the gradient goes past the rounding (Bengio et al., 2013)."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = chain([SPECTRUM, 48, 20]), chain([20, 48, SPECTRUM])

    def forward(self, x: Tensor) -> Tensor:
        share = torch.sigmoid(self.down(x))
        out: Tensor = self.up(share + (share.round() - share).detach())
        return out


class Sampled(nn.Module):
    """A code that is drawn around a place, by how sure one is (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = chain([SPECTRUM, 48, 12], nn.SiLU), chain([6, 48, SPECTRUM], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        place, spread = self.down(x).chunk(2, 1)
        code = place + (0.5 * spread).exp() * torch.randn_like(place)
        apart = 0.5 * (place.square() + spread.exp() - 1 - spread).sum(1)
        return self.up(code), apart


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    made, apart = model(x)
    out: Tensor = F.mse_loss(made, y) + 0.02 * apart.mean()
    return out


class Thin(nn.Module):
    """A code wider than what it is of, of which little may be used at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(TILE, 96), nn.Linear(96, TILE)
        nn.init.constant_(self.down.bias, -0.3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = F.relu(self.down(x))
        return self.up(code), code


def thinned(model: nn.Module, batch: Batch) -> Tensor:
    made, code = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.05 * code.abs().mean()
    return out


programs = (
    healthy("autoencoder-tiles-six-by-he", lambda: relaid(he)),
    healthy(
        "autoencoder-spectra-gradient-past-rounding",
        lambda: trained(Rounded(), spectra(), Adam, squared_error, lr=5e-3),
    ),
    healthy("autoencoder-spectra-sampled", lambda: trained(Sampled(), spectra(), Adam, bounded, lr=5e-3)),
    healthy("autoencoder-tiles-wide-and-thin", lambda: trained(Thin(), tiles(), Adam, thinned, lr=4e-3)),
    faulty(
        "autoencoder-tiles-six-squashed",
        "vanishing-gradient",
        lambda: relaid(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="autoencoder-tiles-six-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-tiles-biases-of-a-gate",
        "dead-units",
        lambda: relaid(he, bias=-2.0),
        cause=ENDS + "|bias",
        twin="autoencoder-tiles-six-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
