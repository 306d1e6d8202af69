"""Recurrent networks: cells by hand, which are seen step by step, and PyTorch's own, which are not."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, NAdam, RMSprop

from tests.faults.building import squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.third.making import ALIKE, DATA, GROWTH, STEP, seen_through, trained
from tests.faults.third.tasks import reckoning, tides

WIDTH = 24


class Memory(nn.Module):
    """A long short-term memory by hand; a head on its last state."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, 4 * WIDTH), nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.gate, self.squash, self.head = nn.Sigmoid(), nn.Tanh(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = cell = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            parts = (self.enter(x[:, step]) + self.again(state)).split((3 * WIDTH, WIDTH), 1)
            forget, pass_in, pass_out = self.gate(parts[0]).chunk(3, 1)
            cell = forget * cell + pass_in * self.squash(parts[1])
            state = pass_out * self.squash(cell)
        out: Tensor = self.head(state)
        return out


def remembered(bias: float, places: slice) -> Job:
    """A bias of some gates, or of all that a step computes."""
    model = Memory(2, 2)
    with torch.no_grad():
        model.enter.bias[places] = bias
    return trained(model, reckoning(), Adam, squared_error, lr=1e-2)


FORGET, ALL = slice(0, WIDTH), slice(0, 4 * WIDTH)


class Linear(nn.Module):
    """A state that is turned, stretched and added to at every step, without any activation."""

    def __init__(self, stretch: float) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(2, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.head = nn.Linear(WIDTH, 2)
        nn.init.orthogonal_(self.again.weight, gain=stretch)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.enter(x[:, step]) + self.again(state)
        out: Tensor = self.head(state)
        return out


def stretched(stretch: float) -> Job:
    return trained(Linear(stretch), reckoning(), Adam, squared_error, lr=1e-2)


class Gated(nn.Module):
    """A gated recurrent unit by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.gates, self.candidate = nn.Linear(1 + WIDTH, 2 * WIDTH), nn.Linear(1 + WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            seen = torch.cat([x[:, step], state], 1)
            keep, reset = self.gates(seen).sigmoid().chunk(2, 1)
            new = self.candidate(torch.cat([x[:, step], reset * state], 1)).tanh()
            state = keep * state + (1 - keep) * new
        out: Tensor = self.head(state)
        return out


def guessed(value: float | None = None, kind: type = Adam, lr: float = 1e-2) -> Job:
    """The next height of the tide; all weights may begin as one value."""
    model = Gated()
    for parameter in model.parameters():
        if value is not None:
            nn.init.constant_(parameter, value)
    return trained(model, tides(), kind, squared_error, lr=lr)


def ragged(padding: float) -> Job:
    """Series of unlike length; a mask of 0 and 1 takes what was filled in behind their end out again."""

    def shortened(x: Tensor) -> Tensor:
        lengths = 4 + torch.arange(len(x)) % 9
        inside = (torch.arange(x.shape[1]) >= x.shape[1] - lengths[:, None])[..., None]
        filled = torch.where(inside, x, torch.full_like(x, padding))
        return filled * inside

    return trained(Gated(), seen_through(shortened, tides()), NAdam, squared_error, lr=1e-2)


class Own(nn.Module):
    """One of PyTorch's recurrent layers, and a head on its last state."""

    def __init__(self, layer: nn.RNNBase, outputs: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(layer.hidden_size, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(x)[0][:, -1])
        return out


def stacked() -> Job:
    layer = nn.LSTM(1, 24, num_layers=2, batch_first=True)
    return trained(Own(layer, 1), tides(), Adam, squared_error, lr=1e-2)


def reservoir() -> Job:
    """A recurrent layer that is never trained, by design: the head reads what echoes in it."""
    layer = nn.RNN(1, 64, batch_first=True).requires_grad_(False)
    nn.init.orthogonal_(next(p for p in layer.parameters() if p.shape == (64, 64)), gain=0.95)
    return trained(Own(layer, 1), tides(), Adam, squared_error, lr=2e-2)


def clipped() -> Job:
    """A loss of squares above a distance that counts as near enough: many examples have no gradient."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return (F.relu((model(x) - y).abs() - 0.25)).square().mean()

    return trained(Own(nn.GRU(1, 24, batch_first=True), 1), tides(), RMSprop, loss, lr=5e-3)


def descent(lr: float) -> Job:
    return trained(Own(nn.RNN(1, 24, batch_first=True), 1), tides(), SGD, squared_error, lr=lr, momentum=0.9)


programs = (
    healthy("recurrent-forget-gates-open", lambda: remembered(3.0, FORGET)),
    healthy("recurrent-turned", lambda: stretched(1.0)),
    healthy("recurrent-tides", guessed),
    healthy("recurrent-ragged", lambda: ragged(0.0)),
    healthy("recurrent-tides-descent", lambda: descent(0.01)),
    healthy("recurrent-two-memories", stacked),
    healthy("recurrent-reservoir", reservoir),
    healthy("recurrent-near-enough", clipped),
    faulty(
        "recurrent-forget-gates-shut",
        "vanishing-gradient",
        lambda: remembered(-6.0, FORGET),
        cause="gate|bias|forget|sigmoid|saturat|flat end|slope",
        twin="recurrent-forget-gates-open",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-stretched",
        "exploding-gradient",
        lambda: stretched(1.9),
        cause=GROWTH,
        twin="recurrent-turned",
        also=("exploding-activation",),
    ),
    faulty(
        "recurrent-bias-for-all-gates",
        "saturated-units",
        lambda: remembered(5.0, ALL),
        cause="bias",
        twin="recurrent-forget-gates-open",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-padding-not-a-number",
        "non-finite",
        lambda: ragged(torch.nan),
        cause=DATA,
        twin="recurrent-ragged",
    ),
    faulty(
        "recurrent-gates-of-one-value",
        "symmetric-units",
        lambda: guessed(0.05),
        cause=ALIKE,
        twin="recurrent-tides",
    ),
    faulty(
        "recurrent-adam-rate",
        "unstable-updates",
        lambda: guessed(lr=1.0),
        cause=STEP,
        twin="recurrent-tides",
        also=("saturated-units", "vanishing-gradient"),
    ),
)
