"""Autoencoders of the light that dyed cloths throw back."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Scaled, chain, squared_error, xavier
from tests.faults.eighth.making import CUT, ENDS, GROWTH, Fill, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import BANDS, dyes


def told_again(model: nn.Module, lr: float = 8e-3) -> Job:
    return trained(model, dyes(), Adam, squared_error, lr=lr)


class Shrunk(nn.Module):
    """Sparse codes in one step: what is above a threshold is kept (Gregor & LeCun, 2010)."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.encode, self.act, self.decode = nn.Linear(BANDS, 64), nn.ReLU(), nn.Linear(64, BANDS)
        self.threshold = threshold
        filled(self, xavier)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.act(self.encode(x) - self.threshold))
        return out


def stepped(steepness: float) -> Job:
    """A code between 0 and 1 that is made steeper through a training; or is as steep as at its end."""
    body, head = chain([BANDS, 40, 8], nn.SiLU), chain([8, 40, BANDS], nn.SiLU)
    return told_again(nn.Sequential(body, Scaled(steepness), nn.Sigmoid(), head), 1.5e-2)


class Bits(nn.Module):
    """Codes of bits, which have no slope: it is taken past them, or is not (Bengio et al., 2013)."""

    def __init__(self, *, is_past: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([BANDS, 40, 12], nn.GELU), chain([12, 40, BANDS], nn.GELU)
        self.is_past = is_past
        nn.init.normal_(self.encode[2].weight, std=0.4)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x)
        bits = (code > 0).float()
        bits = bits + torch.tanh(code) - torch.tanh(code).detach() if self.is_past else bits
        out: Tensor = self.decode(bits)
        return out


def from_0_to_1(weight: Tensor) -> None:
    """What `uniform_` does when it is given no bounds."""
    nn.init.uniform_(weight)


def deep(fill: Fill) -> Job:
    """Three leaky layers down to six numbers, and three up again, drawn in one way."""
    model = chain([BANDS, 40, 24, 6, 24, 40, BANDS], nn.LeakyReLU)
    return told_again(filled(model, fill), 5e-3)


# Healthy trainings that look odd


class Shaken(nn.Module):
    """A mean and a width of each code, of which one is drawn (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([BANDS, 40, 10], nn.Tanh), chain([5, 40, BANDS], nn.Tanh)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, width = self.encode(x).chunk(2, 1)
        code = mean + (width / 2).exp() * torch.randn_like(mean)
        return self.decode(code), (mean.square() + width.exp() - width - 1).sum(1).mean() / 2


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    made, far = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * far
    return out


class Mirror(nn.Module):
    """The way out has the weights of the way in, turned round, and a bias of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.inner = nn.Linear(BANDS, 32), nn.Linear(32, 6)
        self.shift, self.leave = nn.Parameter(torch.zeros(32)), nn.Parameter(torch.zeros(BANDS))

    def forward(self, x: Tensor) -> Tensor:
        code = self.inner(F.elu(self.enter(x)))
        wide = F.elu(F.linear(code, self.inner.weight.T, self.shift))
        return F.linear(wide, self.enter.weight.T, self.leave)


class Missing(nn.Module):
    """A third of the bands is hidden in turn, and all are to be told (He et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([BANDS, 56, BANDS])

    def forward(self, x: Tensor) -> Tensor:
        is_seen = (torch.arange(len(x))[:, None] + torch.arange(BANDS) // 2) % 3 > 0
        out: Tensor = self.rest(1.5 * x * is_seen)
        return out


programs = (
    healthy("autoencoder-dyes-low-threshold", lambda: told_again(Shrunk(0.3))),
    healthy("autoencoder-dyes-gentle-slope", lambda: stepped(1.0)),
    healthy("autoencoder-dyes-slope-past-bits", lambda: told_again(Bits(is_past=True))),
    healthy("autoencoder-dyes-deep-by-glorot", lambda: deep(xavier)),
    healthy("autoencoder-dyes-code-shaken", lambda: trained(Shaken(), dyes(), Adam, bounded, lr=1e-2)),
    healthy("autoencoder-dyes-mirrored", lambda: told_again(Mirror())),
    healthy("autoencoder-dyes-third-hidden", lambda: told_again(Missing(), 6e-3)),
    faulty(
        "autoencoder-dyes-high-threshold",
        "dead-units",
        lambda: told_again(Shrunk(5.0)),
        cause="bias|threshold|initiali[sz]|pre-activation|offset|below 0|negative",
        twin="autoencoder-dyes-low-threshold",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-dyes-steep-from-the-start",
        "saturated-units",
        lambda: stepped(60.0),
        cause=ENDS + "|sigmoid|steep|scale|multipl",
        twin="autoencoder-dyes-gentle-slope",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-dyes-no-slope-past-bits",
        "stalled-layer",
        lambda: told_again(Bits(is_past=False)),
        cause=CUT + "|straight|step function|comparison|threshold",
        twin="autoencoder-dyes-slope-past-bits",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-dyes-deep-from-0-to-1",
        "exploding-gradient",
        lambda: deep(from_0_to_1),
        cause=GROWTH,
        twin="autoencoder-dyes-deep-by-glorot",
        also=("exploding-activation", "unstable-updates"),
    ),
)
