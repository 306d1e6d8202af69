"""Recurrent networks: prices of a day, where a flight ends, and brackets that have to be closed."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, cross_entropy, squared_error
from tests.faults.eighth.making import ENDS, GROWTH, INPUT, STEP, UNDEFINED, WEIGHTS, Fill, normal, trained
from tests.faults.ninth.tasks import BRACKETS, TOPICS, WORDS, brackets, flights, headlines, stocks
from tests.faults.program import Job, faulty, healthy

WIDTH = 24


class Widened(nn.Module):
    """A layer before the memory, as in many tutorials."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.relu = nn.Linear(1, 16), nn.ReLU()
        self.layer, self.head = nn.LSTM(16, 32, batch_first=True), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(self.relu(self.enter(x)))[0][:, -1])
        return out


def priced(*, is_scaled: bool = True, lr: float = 1e-2) -> Job:
    return trained(Widened(), stocks(is_scaled=is_scaled), Adam, squared_error, lr=lr)


class Cell(nn.Module):
    """A recurrent cell by hand, whose weights to itself are filled in some way."""

    def __init__(self, again: Fill, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.again = (nn.Linear(n, WIDTH, bias=False) for n in (2, WIDTH))
        self.activation, self.head = activation(), nn.Linear(WIDTH, 2)
        again(self.again.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


def flown(model: nn.Module, lr: float = 5e-3, kind: type = Adam, length: int = 24) -> Job:
    return trained(model, flights(length), kind, squared_error, lr=lr)


def turned(weight: Tensor) -> None:
    nn.init.orthogonal_(weight)


def itself(weight: Tensor) -> None:
    nn.init.eye_(weight)


class Topic(nn.Module):
    """Words of at least four letters are averaged; in batches with a headline of none that is 0 / 0."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.word, self.least = nn.Embedding(WORDS, 16), least
        self.layer, self.head = nn.GRU(16, 24, batch_first=True), nn.Linear(24, TOPICS)

    def forward(self, x: Tensor) -> Tensor:
        kept = (x >= 40).float()[..., None]
        states = self.layer(self.word(x))[0]
        mean = (states * kept).sum(1) / kept.sum(1).clamp(min=self.least)
        out: Tensor = self.head(mean)
        return out


def averaged(least: float) -> Job:
    return trained(Topic(least), headlines(), Adam, cross_entropy, lr=1e-2)


def closed(model: nn.Module, lr: float = 1e-2, kind: type = Adam) -> Job:
    return trained(model, brackets(), kind, cross_entropy, lr=lr)


class Pieces(nn.Module):
    """The gradient goes back six steps, by design (Williams & Peng, 1990)."""

    def __init__(self) -> None:
        super().__init__()
        self.symbol, self.cell = nn.Embedding(BRACKETS, 16), nn.GRUCell(16, 32)
        self.head = nn.Linear(32, BRACKETS)

    def forward(self, x: Tensor) -> Tensor:
        state, said = torch.zeros(len(x), 32), []
        for step in range(x.shape[1]):
            state = state.detach() if step % 6 == 0 else state
            state = self.cell(self.symbol(x[:, step]), state)
            said.append(state)
        out: Tensor = self.head(torch.stack(said, 1))
        return out


class Wave(nn.Module):
    """Convolutions that see only what was, with gates, spread ever wider (van den Oord et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.symbol = nn.Embedding(BRACKETS, 16)
        self.layers = nn.ModuleList(nn.Conv1d(16, 32, 2, dilation=2**place) for place in range(3))
        self.head = nn.Linear(16, BRACKETS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.symbol(x).mT
        for place, layer in enumerate(self.layers):
            new, gate = layer(F.pad(seen, (2**place, 0))).chunk(2, 1)
            seen = seen + new.tanh() * gate.sigmoid()
        out: Tensor = self.head(seen.mT)
        return out


class Looking(nn.Module):
    """All states are weighed by what a small network says of them (Bahdanau, Cho & Bengio, 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(2, 24, batch_first=True)
        self.score = nn.Sequential(nn.Linear(24, 16), nn.Tanh(), nn.Linear(16, 1))
        self.head = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        states = self.layer(x)[0]
        out: Tensor = self.head((self.score(states).softmax(1) * states).sum(1))
        return out


programs = (
    healthy("recurrent-stocks-on-scale", lambda: priced()),
    healthy("recurrent-flights-tanh-turned", lambda: flown(Cell(turned))),
    healthy("recurrent-flights-relu-as-it-was", lambda: flown(Cell(itself, nn.ReLU), 3e-3)),
    healthy("recurrent-headlines-of-one-word-at-least", lambda: averaged(1.0)),
    healthy("recurrent-brackets-in-pieces-of-six", lambda: closed(Pieces())),
    healthy("recurrent-brackets-by-waves", lambda: closed(Wave())),
    healthy("recurrent-flights-looked-over", lambda: flown(Looking(), 1e-2)),
    faulty(
        "recurrent-stocks-in-dollars",
        "unscaled-input",
        lambda: priced(is_scaled=False),
        cause=INPUT,
        twin="recurrent-stocks-on-scale",
        also=("dead-units", "saturated-units", "stalled-layer", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-stocks-rate-of-one",
        "unstable-updates",
        lambda: priced(lr=1.0),
        cause=STEP,
        twin="recurrent-stocks-on-scale",
        also=("dead-units", "saturated-units", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-flights-tanh-of-tenths",
        "vanishing-gradient",
        lambda: flown(Cell(normal(0.1))),
        cause=WEIGHTS + "|recurren|over time|time steps",
        twin="recurrent-flights-tanh-turned",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-flights-tanh-of-unit-normals",
        "saturated-units",
        lambda: flown(Cell(normal(1.0))),
        cause=ENDS,
        twin="recurrent-flights-tanh-turned",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-flights-relu-drawn-wide",
        "exploding-gradient",
        lambda: flown(Cell(normal(0.45), nn.ReLU), 3e-3),
        cause=GROWTH,
        twin="recurrent-flights-relu-as-it-was",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-headlines-of-no-word",
        "non-finite",
        lambda: averaged(0.0),
        cause=UNDEFINED + "|mean|count|length",
        twin="recurrent-headlines-of-one-word-at-least",
    ),
)
