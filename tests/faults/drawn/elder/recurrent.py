"""Recurrent networks that hear owls and follow the warmth of rooms."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, squared_error
from tests.faults.drawn.elder.tasks import OWLS, answers, heating, hoots
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    STEP,
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


def warmed(fill: Fill) -> Job:
    """The warmth of a room, from a state that is kept by leaky rectifiers."""
    model = Cell(3, 1, lambda: nn.LeakyReLU(0.3))
    fill(model.keep.weight)
    return trained(model, heating(), Adam, squared_error, lr=5e-3)


def heard(fill: Fill) -> Job:
    return trained(filled(Cell(4, OWLS), fill), hoots(), Adam, lr=5e-3)


class Read(nn.Module):
    """A recurrent layer of torch, and a layer on its last state."""

    def __init__(self, layer: nn.Module, outputs: int, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


def in_units(by: float, plus: float) -> Job:
    """The room and the air outside in some unit, the boiler as it is."""
    scale, shift = torch.tensor([by, 2 * by, 1.0]), torch.tensor([plus, plus - 6 * by, 0.0])
    batches = seen_through(lambda x: scale * x + shift, heating())
    model = Read(nn.RNN(3, WIDTH, batch_first=True), 1)
    return trained(model, batches, Adam, squared_error, lr=8e-3)


def gated(lr: float) -> Job:
    return trained(Read(nn.GRU(4, WIDTH, batch_first=True), OWLS), hoots(), RMSprop, lr=lr)


# Healthy trainings that look odd


class Watched(nn.Module):
    """Hoots are heard both ways; the greatest of each number over the night is read."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(4, 20, batch_first=True, bidirectional=True), nn.Linear(40, OWLS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0].amax(1))
        return out


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


class Halves(nn.Module):
    """The state of the first half of a night is kept as it is, without a gradient through it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(4, WIDTH, batch_first=True), nn.Linear(WIDTH, OWLS)

    def forward(self, x: Tensor) -> Tensor:
        half = x.shape[1] // 2
        first, state = self.layer(x[:, :half])
        second, _ = self.layer(x[:, half:], state.detach())
        return torch.stack([self.last(said.mean(1)) for said in (first, second)])


def both_halves(model: nn.Module, batch: Batch) -> Tensor:
    said = model(batch[0])
    return F.cross_entropy(said.flatten(0, 1), batch[1].repeat(2))


class Guess(nn.Module):
    """The next warmth at every hour, from all before it, and how far it may be off."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0])
        return out


def likely(model: nn.Module, batch: Batch) -> Tensor:
    """How unlikely what came is under a normal law, in bits and from where it is surely above 0."""
    x, y = batch
    mean, spread = model(x).unbind(-1)
    came = torch.cat([x[:, 1:, 0], y], 1)
    return F.gaussian_nll_loss(mean, came, F.softplus(spread), eps=1e-2, full=True)


programs = (
    healthy("recurrent-answers-by-orthogonal", lambda: remembered(orthogonal)),
    healthy("recurrent-rooms-kept-by-orthogonal", lambda: warmed(orthogonal)),
    healthy("recurrent-hoots-by-glorot", lambda: heard(nn.init.xavier_normal_)),
    healthy("recurrent-rooms-about-their-means", lambda: in_units(1.0, 0.0)),
    healthy("recurrent-hoots-gated", lambda: gated(3e-3)),
    healthy("recurrent-hoots-both-ways-greatest", lambda: trained(Watched(), hoots(), Adam, lr=1e-2)),
    healthy(
        "recurrent-rooms-each-at-its-pace",
        lambda: trained(Lasting(), heating(), Adam, squared_error, lr=6e-3),
    ),
    healthy(
        "recurrent-hoots-half-without-gradient",
        lambda: trained(Halves(), hoots(), Adam, both_halves, lr=1e-2),
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
        "recurrent-hoots-by-randn-and-more",
        "saturated-units",
        lambda: heard(normal(1.5)),
        cause=ENDS,
        twin="recurrent-hoots-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-rooms-in-kelvin",
        "unscaled-input",
        lambda: in_units(2.0, 293.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-rooms-about-their-means",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-hoots-gated-at-three-tenths",
        "unstable-updates",
        lambda: gated(0.3),
        cause=STEP,
        twin="recurrent-hoots-gated",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
