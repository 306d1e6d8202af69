"""Recurrent networks over months of glaciers and beats of shanties."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.hazel.tasks import SHANTIES, glaciers, shanties
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    SIGMOID,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """A state that is made anew at each step by two layers; the last one is read."""

    def __init__(self, inputs: int, outputs: int, act: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = act(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for now in x.unbind(1):
            state = self.act(self.enter(now) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def orthogonal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=gain)

    return fill


def stamped(act: Make) -> Job:
    """Elman's network; states of 1990 lay between 0 and 1."""
    return trained(filled(Cell(4, SHANTIES, act), orthogonal(1.1)), shanties(), Adam, lr=5e-3)


def turned(gain: float) -> Job:
    """A state of rectifiers that is turned by some identity (Le, Jaitly & Hinton, 2015)."""
    model = Cell(3, 1, lambda: nn.LeakyReLU(0.3))
    with torch.no_grad():
        model.turn.weight.copy_(gain * torch.eye(WIDTH))
    return trained(model, glaciers(), Adam, squared_error, lr=3e-3)


def melted(fill: Fill, unit: float = 1.0, offset: float = 0.0) -> Job:
    """Speeds in metres a year, or about their mean; snow and warmth as they are."""
    by, plus = torch.tensor([unit, 1.0, 1.0]), torch.tensor([offset, 0.0, 0.0])
    batches = seen_through(lambda x: by * x + plus, glaciers())
    return trained(filled(Cell(3, 1), fill), batches, Adam, squared_error, lr=6e-3)


class Read(nn.Module):
    """A recurrent layer of torch, and a head on its last state."""

    def __init__(self, layer: nn.Module, outputs: int, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


# Healthy trainings that look odd


class Least(nn.Module):
    """One gate for what is kept and what is made anew (Zhou et al., 2016), starting mostly shut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gate, self.anew = nn.Linear(inputs + WIDTH, WIDTH), nn.Linear(inputs + WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, outputs)
        nn.init.constant_(self.gate.bias, -1.5)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for now in x.unbind(1):
            open_ = torch.sigmoid(self.gate(torch.cat([now, state], 1)))
            state = torch.lerp(state, torch.tanh(self.anew(torch.cat([now, open_ * state], 1))), open_)
        out: Tensor = self.last(state)
        return out


class Leaky(nn.Module):
    """Means that fade at rates which are learned, between linear layers (Gu et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(3, WIDTH), nn.Linear(WIDTH, 1)
        self.fade = nn.Parameter(torch.linspace(-2, 3, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        back = torch.arange(x.shape[1] - 1, -1, -1)
        weights = self.fade.sigmoid() ** back[:, None]
        out: Tensor = self.last(F.silu((weights * self.enter(x)).sum(1)))
        return out


class Likely(nn.Module):
    """A mean and a logarithm of a deviation, which is kept within bounds by a tanh."""

    def __init__(self) -> None:
        super().__init__()
        self.read = Read(nn.GRU(3, WIDTH, batch_first=True), 2)

    def forward(self, x: Tensor) -> Tensor:
        mean, spread = self.read(x).split(1, 1)
        return torch.cat([mean, 2 * torch.tanh(spread / 2)], 1)


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    """The logarithm of a normal density, with its constant."""
    mean, spread = model(batch[0]).split(1, 1)
    out: Tensor = (spread + 0.919 + 0.5 * ((batch[1] - mean) / spread.exp()).square()).mean()
    return out


programs = (
    healthy("recurrent-shanties-state-of-tanh", lambda: stamped(nn.Tanh)),
    healthy("recurrent-glaciers-by-identity", lambda: turned(0.9)),
    healthy("recurrent-glaciers-by-orthogonal", lambda: melted(orthogonal(0.9))),
    healthy(
        "recurrent-shanties-one-gate-shut", lambda: trained(Least(4, SHANTIES), shanties(), Adam, lr=1.2e-2)
    ),
    healthy(
        "recurrent-glaciers-means-that-fade",
        lambda: trained(Leaky(), glaciers(), Adam, squared_error, lr=8e-3),
    ),
    healthy("recurrent-glaciers-how-sure", lambda: trained(Likely(), glaciers(), Adam, unlikely, lr=1e-2)),
    faulty(
        "recurrent-shanties-state-of-sigmoid",
        "vanishing-gradient",
        lambda: stamped(nn.Sigmoid),
        cause=SIGMOID + "|recurren|time steps?|state|over time",
        twin="recurrent-shanties-state-of-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "recurrent-glaciers-identity-times-two-and-a-half",
        "exploding-gradient",
        lambda: turned(2.5),
        cause=GROWTH,
        twin="recurrent-glaciers-by-identity",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-glaciers-normals-of-one-and-a-half",
        "saturated-units",
        lambda: melted(normal(1.5)),
        cause=ENDS,
        twin="recurrent-glaciers-by-orthogonal",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-glaciers-speeds-in-metres",
        "unscaled-input",
        lambda: melted(orthogonal(0.9), 70.0, 320.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-glaciers-by-orthogonal",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
)
