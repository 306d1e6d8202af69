"""Recurrent networks over jolts of cabins, pulls on hoists and what hearing aids hear."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.fir.tasks import FLOORS, SCENES, cabins, hoists, sounds
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    GROWTH,
    INPUT,
    SIGMOID,
    Fill,
    Warmed,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """A state that two layers of this file's own make anew at each step; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def called(activation: Make, fill: Fill = nn.init.orthogonal_) -> Job:
    """The floor that was asked for, from a state that is turned, orthogonally or in another way."""
    model = filled(Cell(FLOORS, FLOORS, activation), fill)
    return trained(model, cabins(), Adam, lr=6e-3)


def pulled(spread: float) -> Job:
    """Rectifiers whose state is kept by an identity (Le et al., 2015) and noise of some spread."""
    model = Cell(3, 1, nn.ReLU)
    nn.init.eye_(model.turn.weight)
    with torch.no_grad():
        model.turn.weight.mul_(0.9).add_(spread * torch.randn(WIDTH, WIDTH))
        model.turn.bias.zero_()
    return trained(model, hoists(), Adam, squared_error, lr=4e-3)


def listened(fill: Fill = nn.init.xavier_normal_, loud: float = 1.0, level: float = 0.0) -> Job:
    """Levels about their mean on unit scale, or in decibels."""
    batches = seen_through(lambda x: loud * x + level, sounds())
    return trained(filled(Cell(4, SCENES, nn.Tanh), fill), batches, Adam, lr=6e-3)


# Healthy trainings that look odd


class Read(nn.Module):
    """A recurrent layer of torch and a head on its last state."""

    def __init__(self, layer: nn.Module, outputs: int) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


class Minimal(nn.Module):
    """A cell with one gate alone (Zhou et al., 2016), whose bias keeps it near shut at first."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.say, self.last = (nn.Linear(i, o) for i, o in ((35, 32), (35, 32), (32, 1)))
        nn.init.constant_(self.gate.bias, -1.5)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            share = self.gate(torch.cat([step, state], 1)).sigmoid()
            state = state.lerp(self.say(torch.cat([step, share * state], 1)).tanh(), share)
        out: Tensor = self.last(state)
        return out


class Fading(nn.Module):
    """Averages that fade at rates of their own, without any turning; layers over the last ones."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.inner, self.last = nn.Linear(4, 48), nn.Linear(48, 32), nn.Linear(32, SCENES)
        self.fade = nn.Parameter(torch.linspace(-2.0, 3.0, 48))

    def forward(self, x: Tensor) -> Tensor:
        keep = self.fade.sigmoid()
        state = x.new_zeros(len(x), 48)
        for step in self.enter(x).relu().unbind(1):
            state = keep * state + (1 - keep) * step
        out: Tensor = self.last(self.inner(4 * state).relu())
        return out


programs = (
    healthy("recurrent-cabins-tanh-turned", lambda: called(nn.Tanh)),
    healthy("recurrent-hoists-state-kept", lambda: pulled(0.03)),
    healthy("recurrent-scenes-about-their-level", listened),
    healthy(
        "recurrent-scenes-rate-rising-twenty",
        lambda: trained(
            Read(nn.GRU(4, WIDTH, batch_first=True), SCENES), sounds(), Warmed, lr=1.5e-2, steps=20
        ),
    ),
    healthy("recurrent-hoists-one-gate", lambda: trained(Minimal(), hoists(), Adam, squared_error, lr=8e-3)),
    healthy("recurrent-scenes-averages-that-fade", lambda: trained(Fading(), sounds(), Adam, lr=1e-2)),
    faulty(
        "recurrent-cabins-state-squashed",
        "vanishing-gradient",
        lambda: called(nn.Sigmoid),
        cause=SIGMOID + "|over time|recurren|state|time steps?",
        twin="recurrent-cabins-tanh-turned",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "recurrent-cabins-every-weight-alike",
        "symmetric-units",
        lambda: called(nn.Tanh, constant(0.02)),
        cause=ALIKE,
        twin="recurrent-cabins-tanh-turned",
        also=("vanishing-gradient", "stalled-layer", "exploding-gradient", "saturated-units"),
    ),
    faulty(
        "recurrent-hoists-noise-on-what-is-kept",
        "exploding-gradient",
        lambda: pulled(0.5),
        cause=GROWTH,
        twin="recurrent-hoists-state-kept",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-scenes-in-decibels",
        "unscaled-input",
        lambda: listened(loud=12.0, level=65.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-scenes-about-their-level",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "exploding-activation"),
    ),
    faulty(
        "recurrent-scenes-unit-normals",
        "saturated-units",
        lambda: listened(normal(1.0)),
        cause=ENDS,
        twin="recurrent-scenes-about-their-level",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
)
