"""Gauges of pumps through a few numbers and back."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, Scaled, chain, he, squared_error, xavier
from tests.faults.drawn.fir.tasks import GAUGES, pumps
from tests.faults.eighth.making import ALIKE, ENDS, SIGMOID, Fill, constant, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN

SIZES = [GAUGES, 48, 8, 48, GAUGES]


def pumped(fill: Fill = he, lr: float = 5e-3) -> Job:
    """Rectifiers all along, also about the code."""
    model = filled(chain([GAUGES, 64, 32, 64, GAUGES]), fill)
    return trained(model, pumps(), Adam, squared_error, lr=lr)


def squeezed(steepness: float) -> Job:
    """Tanh of what comes in times some number, as one makes a code of bits."""
    between: tuple[Make, ...] = (lambda: Scaled(steepness),)
    model = filled(chain(SIZES, nn.Tanh, between=between), xavier)
    return trained(model, pumps(), Adam, squared_error, lr=6e-3)


# Healthy trainings that look odd


class Winners(nn.Module):
    """Of the hidden units only the twelve that say most are let through (Makhzani & Frey, 2014)."""

    def __init__(self, kept: int = 12) -> None:
        super().__init__()
        self.enter, self.leave, self.kept = nn.Linear(GAUGES, 96), nn.Linear(96, GAUGES), kept

    def forward(self, x: Tensor) -> Tensor:
        said = self.enter(x)
        least = said.topk(self.kept, 1).values[:, -1:]
        out: Tensor = self.leave(torch.where(said >= least, said, 0.0))
        return out


class Rounded(nn.Module):
    """A code in steps of a half; the gradient goes by the step (van den Oord et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = chain([GAUGES, 64, 8], nn.GELU), chain([8, 64, GAUGES], nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        code = self.enter(x)
        out: Tensor = self.leave(code + ((2 * code).round() / 2 - code).detach())
        return out


class Mirrored(nn.Module):
    """The way back uses the weights of the way in; some gauges are covered at random."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.code = nn.Linear(GAUGES, 40), nn.Linear(40, 10)
        self.back, self.out = nn.Parameter(torch.zeros(40)), nn.Parameter(torch.zeros(GAUGES))

    def forward(self, x: Tensor) -> Tensor:
        code = self.code(F.elu(self.wide(F.dropout(x, 0.15, self.training))))
        return F.elu(code @ self.code.weight + self.back) @ self.wide.weight + self.out


programs = (
    healthy("autoencoder-pumps-rectifiers-by-he", pumped),
    healthy("autoencoder-pumps-tanh-as-it-is", lambda: squeezed(1.0)),
    healthy(
        "autoencoder-pumps-twelve-winners", lambda: trained(Winners(), pumps(), Adam, squared_error, lr=6e-3)
    ),
    healthy(
        "autoencoder-pumps-code-in-halves", lambda: trained(Rounded(), pumps(), AdamW, squared_error, lr=6e-3)
    ),
    healthy(
        "autoencoder-pumps-way-mirrored", lambda: trained(Mirrored(), pumps(), Adam, squared_error, lr=8e-3)
    ),
    faulty(
        "autoencoder-pumps-tanh-times-twenty",
        "saturated-units",
        lambda: squeezed(20.0),
        cause=SIGMOID + "|" + ENDS + "|scale|steep|tanh",
        twin="autoencoder-pumps-tanh-as-it-is",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-pumps-every-weight-a-twentieth",
        "symmetric-units",
        lambda: pumped(constant(0.05)),
        cause=ALIKE,
        twin="autoencoder-pumps-rectifiers-by-he",
        also=("vanishing-gradient", "dead-units", "exploding-activation"),
    ),
    faulty(
        "autoencoder-pumps-driven-out",
        "dead-units",
        lambda: pumped(lr=0.15),
        cause=DRIVEN,
        twin="autoencoder-pumps-rectifiers-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
