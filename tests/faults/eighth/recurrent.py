"""Recurrent cells by hand and PyTorch's own, on calls that are heard early; and one sequence from another."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    GROWTH,
    WEIGHTS,
    Fill,
    constant,
    normal,
    trained,
)
from tests.faults.eighth.tasks import SYMBOLS, calls, dialects
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Cell(nn.Module):
    """A recurrent cell by hand, and a head on its last state."""

    def __init__(self, again: Fill, activation: Make = nn.Tanh, width: int = WIDTH) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(2, width), nn.Linear(width, width)
        self.activation, self.head = activation(), nn.Linear(width, 1)
        again(self.again.weight)
        nn.init.zeros_(self.again.bias)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.again.in_features)
        for step in range(x.shape[1]):
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


def called(model: nn.Module, lr: float = 5e-3, kind: type = Adam, length: int = 14) -> Job:
    return trained(model, calls(length), kind, squared_error, lr=lr)


def turned(weight: Tensor) -> None:
    nn.init.orthogonal_(weight)


class Spoken(nn.Module):
    """The next symbol by a cell that hears each as a one among zeros; all weights are filled in one way."""

    def __init__(self, fill: Fill) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(SYMBOLS, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, SYMBOLS)
        for layer in (self.enter, self.again, self.head):
            fill(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        heard, said = self.enter(F.one_hot(x, SYMBOLS).float()), []
        state = heard.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = torch.tanh(heard[:, step] + self.again(state))
            said.append(state)
        out: Tensor = self.head(torch.stack(said, 1))
        return out


def spoken(fill: Fill) -> Job:
    return trained(Spoken(fill), dialects(), Adam, next_symbol, lr=1e-2)


class Minimal(nn.Module):
    """A cell of one gate (Zhou et al., 2016), with weights of some deviation."""

    def __init__(self, deviation: float, width: int = 32) -> None:
        super().__init__()
        self.to_gate, self.to_new = nn.Linear(2 + width, width), nn.Linear(2 + width, width)
        self.gate, self.squash, self.head = nn.Sigmoid(), nn.Tanh(), nn.Linear(width, 1)
        for layer in (self.to_gate, self.to_new):
            nn.init.normal_(layer.weight, std=deviation)
        nn.init.constant_(self.to_gate.bias, -1.0)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.head.in_features)
        for step in range(x.shape[1]):
            gate = self.gate(self.to_gate(torch.cat([x[:, step], state], 1)))
            new = self.squash(self.to_new(torch.cat([x[:, step], gate * state], 1)))
            state = (1 - gate) * state + gate * new
        out: Tensor = self.head(state)
        return out


class Translated(nn.Module):
    """An encoder whose last state a decoder begins with, that says again what was heard, from the end."""

    def __init__(self, *, is_cut: bool, symbols: int = SYMBOLS, length: int = 4) -> None:
        super().__init__()
        self.symbol, self.is_cut, self.length = nn.Embedding(symbols + 1, 16), is_cut, length
        self.encode, self.decode = (nn.GRU(16, 48, batch_first=True) for _ in range(2))
        self.head = nn.Linear(48, symbols)

    def forward(self, x: Tensor) -> Tensor:
        heard = x[:, : self.length]
        said = torch.cat([torch.full_like(heard[:, :1], SYMBOLS), heard.flip(1)[:, :-1]], 1)
        _, state = self.encode(self.symbol(heard))
        state = state.data if self.is_cut else state
        out: Tensor = self.head(self.decode(self.symbol(said), state)[0])
        return out


def backwards(model: nn.Module, batch: Batch) -> Tensor:
    x, _ = batch
    return F.cross_entropy(model(x).flatten(0, 1), x[:, :4].flip(1).flatten())


def translated(*, is_cut: bool) -> Job:
    return trained(Translated(is_cut=is_cut), dialects(48), Adam, backwards, lr=2e-2)


class Summed(nn.Module):
    """A state that is added to at every step: by a new one of its own, or by one of what is heard."""

    def __init__(self, growth: float) -> None:
        super().__init__()
        self.enter, self.again, self.head = nn.Linear(2, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)
        nn.init.normal_(self.again.weight, std=growth / WIDTH**0.5)
        nn.init.normal_(self.head.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = state + self.enter(x[:, step]) + self.again(F.relu(state))
        out: Tensor = self.head(state)
        return out


class Torch(nn.Module):
    """One of PyTorch's layers; the head sees the last state, or the mean of all."""

    def __init__(self, layer: nn.RNNBase, width: int, *, is_mean: bool = False) -> None:
        super().__init__()
        self.layer, self.head, self.is_mean = layer, nn.Linear(width, 1), is_mean

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.layer(x)
        out: Tensor = self.head(states.mean(1) if self.is_mean else states[:, -1])
        return out


class Language(nn.Module):
    """The next symbol, by the same vectors that it is read by (Press & Wolf, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.symbol = nn.Embedding(SYMBOLS, 24)
        self.layer, self.drop = nn.LSTM(24, 24, batch_first=True), nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        said, _ = self.layer(self.drop(self.symbol(x)))
        return F.linear(self.drop(said), self.symbol.weight)


def next_symbol(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


class Echo(nn.Module):
    """A fixed random state of sixty numbers, of which only the head is learned (Jaeger, 2001)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("again", 0.98 * torch.linalg.qr(torch.randn(60, 60))[0])
        self.register_buffer("enter", 0.7 * torch.randn(2, 60))
        self.head = nn.Sequential(nn.Linear(60, 24), nn.Tanh(), nn.Linear(24, 1))

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), 60)
        for step in range(x.shape[1]):
            state = torch.tanh(x[:, step] @ self.enter + state @ self.again)  # type: ignore[operator]
        out: Tensor = self.head(state)
        return out


programs = (
    healthy("recurrent-calls-turned", lambda: called(Cell(turned), length=10)),
    healthy("recurrent-relu-turned", lambda: called(Cell(turned, nn.ReLU, 32), 5e-3)),
    healthy("recurrent-cells-drawn", lambda: spoken(nn.init.xavier_normal_)),
    healthy("recurrent-single-gate", lambda: called(Minimal(0.15), 2e-2)),
    healthy("recurrent-said-backwards", lambda: translated(is_cut=False)),
    healthy("recurrent-sums-that-stay", lambda: called(Summed(0.1), 5e-3, AdamW)),
    healthy(
        "recurrent-mean-of-all",
        lambda: called(Torch(nn.GRU(2, 24, batch_first=True), 24, is_mean=True), 2e-2, RMSprop),
    ),
    healthy(
        "recurrent-both-directions",
        lambda: called(Torch(nn.LSTM(2, 20, batch_first=True, bidirectional=True), 40, is_mean=True), 2e-2),
    ),
    healthy("recurrent-vectors-tied", lambda: trained(Language(), dialects(), Adam, next_symbol, lr=1e-2)),
    healthy("recurrent-echo", lambda: called(Echo(), 2e-2, length=8)),
    faulty(
        "recurrent-calls-forgotten",
        "vanishing-gradient",
        lambda: called(Cell(normal(0.03)), length=10),
        cause=WEIGHTS + "|recurren|state|over time|time steps?",
        twin="recurrent-calls-turned",
    ),
    faulty(
        "recurrent-relu-of-seven-tenths-normals",
        "exploding-gradient",
        lambda: called(Cell(normal(0.7), nn.ReLU, 32), 5e-3),
        cause=GROWTH,
        twin="recurrent-relu-turned",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-cells-of-one-number",
        "symmetric-units",
        lambda: spoken(constant(0.05)),
        cause=ALIKE,
        twin="recurrent-cells-drawn",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-single-gate-of-twos",
        "saturated-units",
        lambda: called(Minimal(2.0), 2e-2),
        cause=ENDS,
        twin="recurrent-single-gate",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-state-by-data",
        "stalled-layer",
        lambda: translated(is_cut=True),
        cause=CUT + r"|\.data",
        twin="recurrent-said-backwards",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-sums-that-grow",
        "exploding-activation",
        lambda: called(Summed(1.5), 5e-3, AdamW),
        cause=GROWTH,
        twin="recurrent-sums-that-stay",
        also=("exploding-gradient", "unstable-updates"),
    ),
)
