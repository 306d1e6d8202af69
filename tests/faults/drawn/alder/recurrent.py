"""Recurrent networks over keys that are hit, shortcuts, and tides."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.alder.tasks import TYPISTS, keystrokes, openings, tides
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


class Unrolled(nn.Module):
    """A recurrent network by hand: one layer over the step and the state, and a head on the last state."""

    def __init__(self, inputs: int, outputs: int, activation: Make) -> None:
        super().__init__()
        self.both, self.act = nn.Linear(inputs + WIDTH, WIDTH), activation()
        self.last = nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.both(torch.cat([step, state], 1)))
        out: Tensor = self.last(state)
        return out


def turned(gain: float) -> Fill:
    """What comes in is drawn by Glorot; the state is turned, and stretched by some gain."""

    def fill(weight: Tensor) -> None:
        nn.init.xavier_normal_(weight)
        if weight.shape[0] == WIDTH:
            nn.init.orthogonal_(weight[:, -WIDTH:], gain=gain)

    return fill


def known_by(activation: Make, fill: Fill) -> Job:
    """The first key is to be known at the end."""
    return trained(filled(Unrolled(4, TYPISTS, activation), fill), openings(), Adam, lr=5e-3)


def rising(gain: float = 1.0, unit: float = 1.0, offset: float = 0.0) -> Job:
    """Tides from a state of leaky rectifiers; heights in some unit over some level, winds as they are."""
    scale, shift = torch.tensor([unit, 1.0]), torch.tensor([offset, 0.0])
    model = filled(Unrolled(2, 1, lambda: nn.LeakyReLU(0.4)), turned(gain))
    return trained(model, seen_through(lambda x: x * scale + shift, tides()), Adam, squared_error, lr=4e-3)


# Healthy trainings that look odd


class Cell(nn.Module):
    """Gates by hand, as a class has one write them: one layer for all, and a state that goes round."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gates, self.last = nn.Linear(inputs + WIDTH, 4 * WIDTH), nn.Linear(WIDTH, outputs)
        self.open, self.act = nn.Sigmoid(), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        state, kept = x.new_zeros(2, len(x), WIDTH)
        for step in x.unbind(1):
            said = self.gates(torch.cat([step, state], 1))
            keep, enter, leave = self.open(said[:, WIDTH:]).chunk(3, 1)
            kept = keep * kept + enter * self.act(said[:, :WIDTH])
            state = leave * self.act(kept)
        out: Tensor = self.last(state)
        return out


class Halves(nn.Module):
    """Run in two pieces; what goes from the first to the second has no gradient, to save time."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(2, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, state = self.layer(x[:, :7])
        out: Tensor = self.last(self.layer(x[:, 7:], state.detach())[0][:, -1])
        return out


def by_absolute(model: nn.Module, batch: Batch) -> Tensor:
    return F.l1_loss(model(batch[0]), batch[1])


programs = (
    healthy("recurrent-shortcuts-state-of-tanh", lambda: known_by(nn.Tanh, turned(1.1))),
    healthy("recurrent-tides-state-turned", rising),
    healthy(
        "recurrent-keystrokes-gates-by-hand", lambda: trained(Cell(4, TYPISTS), keystrokes(), Adam, lr=1.2e-2)
    ),
    healthy("recurrent-tides-in-two-pieces", lambda: trained(Halves(), tides(), Adam, by_absolute, lr=8e-3)),
    faulty(
        "recurrent-shortcuts-state-of-sigmoids",
        "vanishing-gradient",
        lambda: known_by(nn.Sigmoid, turned(1.1)),
        cause=SIGMOID + "|recurren|time steps?|over time",
        twin="recurrent-shortcuts-state-of-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "recurrent-tides-state-stretched",
        "exploding-gradient",
        lambda: rising(2.6),
        cause=GROWTH,
        twin="recurrent-tides-state-turned",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-shortcuts-of-unit-normals",
        "saturated-units",
        lambda: known_by(nn.Tanh, normal(1.0)),
        cause=ENDS,
        twin="recurrent-shortcuts-state-of-tanh",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-tides-in-centimetres",
        "unscaled-input",
        lambda: rising(unit=90.0, offset=320.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-tides-state-turned",
        also=("exploding-activation", "exploding-gradient", "unstable-updates", "vanishing-gradient"),
    ),
)
