"""Autoencoders of tremors of a machine, some with a code that is drawn, or looked up."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Detached, Make, chain, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    INPUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.thirteenth.tasks import TREMOR, tremors

CODE = 6


def made(model: nn.Module, lr: float = 5e-3, kind: type = Adam, **settings: float) -> Job:
    return trained(model, tremors(), kind, squared_error, lr=lr, **settings)


def hourglass(activation: Make, fill: Fill, lr: float = 5e-3, goes_over: Make = nn.Identity) -> Job:
    """Three hidden layers on each side of the code, which goes over as it is, or as `.detach()` of it."""
    encode = filled(chain([TREMOR, 40, 32, 24, CODE], activation), fill)
    decode = filled(chain([CODE, 24, 32, 40, TREMOR], activation), fill)
    return made(nn.Sequential(encode, activation(), goes_over(), decode), lr)


def measured(by: float) -> Job:
    """Tremors in metres, or in as many micrometres of which 1 is the deviation."""
    batches = seen_through(lambda x: by * x, tremors())
    return trained(
        chain([TREMOR, 48, CODE, 48, TREMOR], nn.SiLU), batches, SGD, squared_error, lr=0.25, momentum=0.9
    )


class Drawn(nn.Module):
    """A code that is drawn: its deviation is the exponential of what a layer says, or its root."""

    def __init__(self, spread: str = "half") -> None:
        super().__init__()
        self.encode, self.decode = chain([TREMOR, 48, 2 * CODE], nn.GELU), chain([CODE, 48, TREMOR], nn.GELU)
        self.spread = spread

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, raw = self.encode(x).chunk(2, 1)
        variance = raw.exp() if self.spread == "half" else raw
        return self.decode(mean + variance.sqrt() * torch.randn(mean.shape)), mean, variance


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    said, mean, variance = model(batch[0])
    divergence = 0.5 * (mean.square() + variance - 1 - variance.log()).sum(1).mean()
    out: Tensor = F.mse_loss(said, batch[1]) + 0.02 * divergence
    return out


class Grid(nn.Module):
    """Each number of the code is rounded to a grid, with a slope of one (Mentzer et al., 2024)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([TREMOR, 48, CODE], nn.ELU), chain([CODE, 48, TREMOR], nn.ELU)

    def forward(self, x: Tensor) -> Tensor:
        code = 3 * torch.tanh(self.encode(x))
        out: Tensor = self.decode((code + (code.round() - code).detach()) / 2)
        return out


class Topped(nn.Module):
    """Of 96 units, the 16 that are greatest are kept (Makhzani & Frey, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode, self.act = nn.Linear(TREMOR, 96), nn.Linear(96, TREMOR), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        fired = self.act(self.encode(x))
        least = fired.topk(16, dim=1).values[:, -1:]
        out: Tensor = self.decode(torch.where(fired >= least, fired, 0.0))
        return out


class Tied(nn.Module):
    """What goes out is the transpose of what goes in."""

    def __init__(self) -> None:
        super().__init__()
        self.into = nn.Linear(TREMOR, 10)
        self.bias = nn.Parameter(torch.zeros(TREMOR))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.into(x), self.into.weight.t(), self.bias)


def hidden(model: nn.Module, batch: Batch) -> Tensor:
    """Six neighbours are hidden, and are to be told from all others."""
    x, y = batch
    at = torch.randint(TREMOR - 6, (len(x), 1))
    gone = (torch.arange(TREMOR) >= at) & (torch.arange(TREMOR) < at + 6)
    return F.mse_loss(model(torch.where(gone, 0.0, x))[gone], y[gone])


def charged(model: nn.Module, batch: Batch) -> Tensor:
    """What units say counts too, so that few fire at once."""
    assert isinstance(model, nn.Sequential)
    code = model[:2](batch[0])
    out: Tensor = F.mse_loss(model(batch[0]), batch[1]) + 0.05 * code.abs().mean()
    return out


programs = (
    healthy("autoencoder-tremors-hourglass", lambda: hourglass(nn.Tanh, xavier)),
    healthy("autoencoder-tremors-on-scale", lambda: measured(1.0)),
    healthy("autoencoder-tremors-drawn", lambda: trained(Drawn(), tremors(), Adam, bounded, lr=1e-2)),
    healthy("autoencoder-tremors-on-a-grid", lambda: made(Grid(), 1e-2)),
    healthy("autoencoder-tremors-sixteen-kept", lambda: made(Topped(), 1e-2)),
    healthy("autoencoder-tremors-transposed", lambda: made(Tied(), 2e-2)),
    healthy(
        "autoencoder-tremors-six-hidden",
        lambda: trained(chain([TREMOR, 96, TREMOR]), tremors(), AdamW, hidden, lr=1e-2),
    ),
    healthy(
        "autoencoder-tremors-charged-units",
        lambda: trained(chain([TREMOR, 80, TREMOR]), tremors(), Adam, charged, lr=1e-2),
    ),
    faulty(
        "autoencoder-tremors-hourglass-sigmoid",
        "vanishing-gradient",
        lambda: hourglass(nn.Sigmoid, xavier),
        cause=SIGMOID,
        twin="autoencoder-tremors-hourglass",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-tremors-hourglass-thin",
        "vanishing-gradient",
        lambda: hourglass(nn.Tanh, normal(0.02)),
        cause=WEIGHTS,
        twin="autoencoder-tremors-hourglass",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-tremors-hourglass-by-randn",
        "saturated-units",
        lambda: hourglass(nn.Tanh, normal(1.0)),
        cause=ENDS,
        twin="autoencoder-tremors-hourglass",
        also=("vanishing-gradient", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "autoencoder-tremors-hourglass-alike",
        "symmetric-units",
        lambda: hourglass(nn.Tanh, constant(0.1)),
        cause=ALIKE,
        twin="autoencoder-tremors-hourglass",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "autoencoder-tremors-in-metres",
        "unscaled-input",
        lambda: measured(1e-4),
        cause=INPUT + "|scale",
        twin="autoencoder-tremors-on-scale",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-tremors-variance-without-exp",
        "non-finite",
        lambda: trained(Drawn("raw"), tremors(), Adam, bounded, lr=1e-2),
        cause=UNDEFINED + "|negative",
        twin="autoencoder-tremors-drawn",
    ),
    faulty(
        "autoencoder-tremors-hourglass-detached",
        "stalled-layer",
        lambda: hourglass(nn.Tanh, xavier, goes_over=Detached),
        cause=CUT,
        twin="autoencoder-tremors-hourglass",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-tremors-adam-at-a-half",
        "unstable-updates",
        lambda: hourglass(nn.Tanh, xavier, lr=0.5),
        cause=STEP,
        twin="autoencoder-tremors-hourglass",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "exploding-activation"),
    ),
)
