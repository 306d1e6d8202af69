"""Recurrent networks that hear owls and follow the warmth of rooms."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.elder.tasks import OWLS, answers, heating
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """The network of a course: the state and what comes in, each through a layer; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.see, self.keep = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for one in x.unbind(1):
            state = self.act(self.see(one) + self.keep(state))
        out: Tensor = self.last(state)
        return out


def orthogonal(weight: Tensor) -> None:
    nn.init.orthogonal_(weight)


def remembered(fill: Fill) -> Job:
    """The first call is to be known at the end of a night."""
    return trained(filled(Cell(4, OWLS), fill), answers(), Adam, lr=4e-3)


def warmed(fill: Fill, *, in_kelvin: bool = False) -> Job:
    """The warmth of a room, from a state of leaky rectifiers; both warmths in kelvin or about their means."""
    by, plus = torch.tensor([2.0, 5.0, 1.0]), torch.tensor([293.0, 279.0, 0.0])
    batches = seen_through(lambda x: by * x + plus, heating()) if in_kelvin else heating()
    model = Cell(3, 1, lambda: nn.LeakyReLU(0.3))
    fill(model.keep.weight)
    return trained(model, batches, Adam, squared_error, lr=5e-3)


# Healthy trainings that look odd


class Lasting(nn.Module):
    """A state of which each number forgets at its own pace, that it learns; no layer turns it."""

    def __init__(self) -> None:
        super().__init__()
        self.see, self.last = nn.Linear(3, 48), nn.Sequential(nn.Linear(48, 32), nn.SiLU(), nn.Linear(32, 1))
        self.pace = nn.Parameter(torch.linspace(-1, 3, 48))

    def forward(self, x: Tensor) -> Tensor:
        keep, state = self.pace.sigmoid(), x.new_zeros(len(x), 48)
        for one in self.see(x).unbind(1):
            state = keep * state + (1 - keep) * one
        out: Tensor = self.last(state)
        return out


class Guess(nn.Module):
    """The next warmth at every hour, from all before it, and how far it may be off."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0])
        return out


def likely(model: nn.Module, batch: Batch) -> Tensor:
    """How unlikely what came is under a normal law, whose variance is surely above 0."""
    x, y = batch
    mean, spread = model(x).unbind(-1)
    came = torch.cat([x[:, 1:, 0], y], 1)
    return F.gaussian_nll_loss(mean, came, F.softplus(spread), eps=1e-2, full=True)


programs = (
    healthy("recurrent-answers-by-orthogonal", lambda: remembered(orthogonal)),
    healthy("recurrent-rooms-kept-by-orthogonal", lambda: warmed(orthogonal)),
    healthy(
        "recurrent-rooms-each-at-its-pace",
        lambda: trained(Lasting(), heating(), Adam, squared_error, lr=6e-3),
    ),
    healthy("recurrent-rooms-mean-and-spread", lambda: trained(Guess(), heating(), Adam, likely, lr=8e-3)),
    faulty(
        "recurrent-answers-of-hundredths",
        "vanishing-gradient",
        lambda: remembered(normal(0.05)),
        cause=WEIGHTS + "|recurren|time steps?|state|over time",
        twin="recurrent-answers-by-orthogonal",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-rooms-kept-by-randn",
        "exploding-gradient",
        lambda: warmed(normal(1.0)),
        cause=GROWTH,
        twin="recurrent-rooms-kept-by-orthogonal",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-answers-drawn-too-wide",
        "saturated-units",
        lambda: remembered(normal(1.5)),
        cause=ENDS,
        twin="recurrent-answers-by-orthogonal",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-rooms-in-kelvin",
        "unscaled-input",
        lambda: warmed(orthogonal, in_kelvin=True),
        cause=INPUT + "|scale|offset",
        twin="recurrent-rooms-kept-by-orthogonal",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
