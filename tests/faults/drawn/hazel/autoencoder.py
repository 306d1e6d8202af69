"""Autoencoders of fjords: what is hidden of their depths, as different papers have it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import biased, chain, he, squared_error, xavier
from tests.faults.drawn.hazel.tasks import FATHOMS, fjords
from tests.faults.eighth.making import ENDS, GROWTH, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

DOWN_AND_UP = (FATHOMS, 48, 32, 6, 32, 48, FATHOMS)


def funnel(fill: Fill, bias: float = 0.0) -> Job:
    """Layers that are filled in one way; hidden ones may fire from a threshold on, as a sparse code does."""
    model = biased(filled(chain(DOWN_AND_UP), fill), bias, range(5))
    return trained(model, fjords(), Adam, squared_error, lr=4e-3)


def binary(fill: Fill) -> Job:
    """A code between 0 and 1, whose encoder is drawn in one way."""
    model = nn.Sequential(chain([FATHOMS, 40, 8]), nn.Sigmoid(), chain([8, 40, FATHOMS]))
    filled(model[0], fill)
    return trained(model, fjords(), Adam, squared_error, lr=1e-2)


class Sparse(nn.Module):
    """A wide code of rectifiers, and how much each of its units fires over a batch."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.encode, self.decode, self.act = nn.Linear(FATHOMS, 80), nn.Linear(80, FATHOMS), nn.ReLU()
        nn.init.constant_(self.encode.bias, bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.act(self.encode(x))
        return self.decode(code), code.mean(0)


class Rare:
    """The error, and a divergence from a rate of firing that is meant (Ng, 2011), from some number on."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        made, fires = model(batch[0])
        wanted, fires = 0.1, fires.clamp(self.least, 1 - self.least)
        far = wanted * (wanted / fires).log() + (1 - wanted) * ((1 - wanted) / (1 - fires)).log()
        out: Tensor = F.mse_loss(made, batch[1]) + 0.002 * far.sum()
        return out


def sparse(least: float) -> Job:
    return trained(Sparse(-0.8), fjords(), Adam, Rare(least), lr=8e-3)


# Healthy trainings that look odd


class Tied(nn.Module):
    """What goes down by some weights comes up by the same ones."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(FATHOMS, 32), nn.Linear(32, 8)
        self.biases = nn.ParameterList([torch.zeros(32), torch.zeros(FATHOMS)])

    def forward(self, x: Tensor) -> Tensor:
        code = self.second(F.elu(self.first(x)))
        back = F.elu(code @ self.second.weight + self.biases[0])
        out: Tensor = back @ self.first.weight + self.biases[1]
        return out


class Drawn(nn.Module):
    """A code of means and deviations, from which one is drawn (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([FATHOMS, 48, 12], nn.SiLU), chain([6, 48, FATHOMS], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = self.encode(x).chunk(2, 1)
        code = mean + (0.5 * spread).exp() * torch.randn(mean.shape)
        away = 0.5 * (mean.square() + spread.exp() - 1 - spread).mean()
        return self.decode(code), away


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    made, away = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.05 * away
    return out


programs = (
    healthy("autoencoder-fjords-six-by-he", lambda: funnel(he)),
    healthy("autoencoder-fjords-code-by-glorot", lambda: binary(xavier)),
    healthy("autoencoder-fjords-rare-from-a-hundredth", lambda: sparse(1e-2)),
    healthy("autoencoder-fjords-tied", lambda: trained(Tied(), fjords(), Adam, squared_error, lr=8e-3)),
    healthy("autoencoder-fjords-code-by-chance", lambda: trained(Drawn(), fjords(), Adam, bounded, lr=8e-3)),
    faulty(
        "autoencoder-fjords-six-of-unit-normals",
        "exploding-gradient",
        lambda: funnel(normal(1.0)),
        cause=GROWTH,
        twin="autoencoder-fjords-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-fjords-code-drawn-wide",
        "saturated-units",
        lambda: binary(normal(1.0)),
        cause=ENDS + "|sigmoid",
        twin="autoencoder-fjords-code-by-glorot",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-fjords-rare-of-rectifiers",
        "non-finite",
        lambda: sparse(0.0),
        cause=OPERATION + "|sparsity|divergence|rate",
        twin="autoencoder-fjords-rare-from-a-hundredth",
    ),
    faulty(
        "autoencoder-fjords-thresholds-of-four",
        "dead-units",
        lambda: funnel(he, -4.0),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="autoencoder-fjords-six-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
