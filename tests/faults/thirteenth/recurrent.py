"""Cells that remember how a saga begins, know how a phone is carried, and forecast the load of a grid."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    Fill,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.thirteenth.tasks import ENDINGS, MOVES, moves, power, sagas
from tests.faults.twelfth.making import Clipped
from tests.faults.twelfth.recurrent import Of, turned

WIDTH = 24


def passing(by: float) -> Fill:
    """The identity (Le, Jaitly & Hinton, 2015), or some times that."""

    def fill(weight: Tensor) -> None:
        with torch.no_grad():
            nn.init.eye_(weight).mul_(by)

    return fill


def torch_default(weight: Tensor) -> None:
    """Between -1/sqrt(width) and 1/sqrt(width), as `nn.RNN` draws."""
    nn.init.uniform_(weight, -(weight.shape[1] ** -0.5), weight.shape[1] ** -0.5)


class Cell(nn.Module):
    """A cell of two linear layers by hand, read at its end."""

    def __init__(self, inputs: int, outputs: int, fill: Fill, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)
        fill(self.again.weight)
        nn.init.zeros_(self.again.bias)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.again(state))
        out: Tensor = self.last(state)
        return out


def told(fill: Fill, activation: Make = nn.Tanh, lr: float = 4e-3) -> Job:
    """Endings of sagas, from their first step."""
    return trained(Cell(4, ENDINGS, fill, activation), sagas(), Adam, lr=lr)


def carried(fill: Fill, activation: Make = nn.Tanh, lr: float = 6e-3) -> Job:
    return trained(Cell(3, MOVES, fill, activation), moves(), Adam, lr=lr)


def in_megawatts(by: float, lr: float = 1.2e-2) -> Job:
    """Loads of a grid in megawatts as they come, or on unit scale."""
    batches = seen_through(lambda x: x if by == 1 else by * (x + 4), power())
    return trained(Of(nn.LSTM(3, WIDTH, batch_first=True), WIDTH, 1), batches, Adam, squared_error, lr=lr)


class Relative:
    """The error as a share of what was: a house in sixteen that stands empty takes nothing."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        aim = torch.where(torch.arange(len(y))[:, None] % 16 > 0, (y + 4).clamp(min=1), 0.0)
        known = (aim > 0).float() if self.least else torch.ones_like(aim)
        share = (model(x) + 4 - aim).abs() / aim.clamp(min=self.least)
        out: Tensor = 4 * (known * share).sum() / known.sum()
        return out


class Attending(nn.Module):
    """A GRU, whose states are weighed by a softmax over time."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.ask = nn.GRU(4, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
        self.last = nn.Linear(WIDTH, ENDINGS)

    def forward(self, x: Tensor) -> Tensor:
        states = self.layer(x)[0]
        out: Tensor = self.last((self.ask(states.tanh()).softmax(1) * states).sum(1))
        return out


class Leaky(nn.Module):
    """Spikes with a straight-through slope: a unit fires where its state is above 1, then is set back."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(3, 64), nn.Linear(64, MOVES)

    def forward(self, x: Tensor) -> Tensor:
        state, counts = torch.zeros(len(x), 64), torch.zeros(len(x), 64)
        for step in x.unbind(1):
            state = 0.8 * state + self.enter(step)
            soft = torch.sigmoid(4 * (state - 0.5))
            spike = soft + ((state > 0.5).float() - soft).detach()
            state, counts = state - 0.5 * spike, counts + spike
        out: Tensor = self.last(counts / 6)
        return out


def convolved() -> nn.Module:
    """Convolutions over time that see ever further back (Bai, Kolter & Koltun, 2018)."""

    class Turned(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(1, 2)

    parts: list[nn.Module] = [Turned()]
    for inside, gap in ((3, 1), (16, 2), (16, 4)):
        parts += [nn.Conv1d(inside, 16, 3, dilation=gap, padding=gap), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(32, MOVES))


programs = (
    healthy("recurrent-sagas-turned", lambda: told(turned(1.15))),
    healthy("recurrent-sagas-relu-passing", lambda: told(passing(1.0), nn.ReLU, lr=3e-3)),
    healthy("recurrent-moves-turned", lambda: carried(turned())),
    healthy("recurrent-power-on-scale", lambda: in_megawatts(1.0)),
    healthy(
        "recurrent-power-empty-houses-left-out",
        lambda: trained(
            Of(nn.GRU(3, WIDTH, batch_first=True), WIDTH, 1), power(), Adam, Relative(1e-6), lr=1e-2
        ),
    ),
    healthy("recurrent-sagas-attended", lambda: trained(Attending(), sagas(), Clipped, lr=1e-2)),
    healthy("recurrent-moves-spikes", lambda: trained(Leaky(), moves(), Adam, lr=2e-2)),
    healthy("recurrent-moves-convolved", lambda: trained(convolved(), moves(), AdamW, lr=8e-3)),
    faulty(
        "recurrent-sagas-as-torch-draws",
        "vanishing-gradient",
        lambda: told(torch_default),
        cause=GROWTH + "|sequence|long",
        twin="recurrent-sagas-turned",
    ),
    faulty(
        "recurrent-sagas-relu-passing-more",
        "exploding-gradient",
        lambda: told(passing(1.8), nn.ReLU, lr=3e-3),
        cause=GROWTH,
        twin="recurrent-sagas-relu-passing",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-moves-by-randn",
        "saturated-units",
        lambda: carried(normal(2.0)),
        cause=ENDS + "|recurren",
        twin="recurrent-moves-turned",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "recurrent-power-in-megawatts",
        "unscaled-input",
        lambda: in_megawatts(120.0),
        cause=INPUT + "|scale",
        twin="recurrent-power-on-scale",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-power-adam-at-a-half",
        "unstable-updates",
        lambda: in_megawatts(1.0, lr=0.5),
        cause=STEP,
        twin="recurrent-power-on-scale",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-power-share-of-nothing",
        "non-finite",
        lambda: trained(
            Of(nn.GRU(3, WIDTH, batch_first=True), WIDTH, 1), power(), Adam, Relative(0.0), lr=1e-2
        ),
        cause=UNDEFINED + r"|zero|\b0\b|target|infin",
        twin="recurrent-power-empty-houses-left-out",
    ),
)
