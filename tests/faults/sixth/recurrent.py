"""Recurrent networks that remember what was said first, tell rhythms apart and foresee demand."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import ASGD, Adam, RMSprop

from tests.faults.building import cross_entropy, squared_error
from tests.faults.fourth.making import Fill
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixth.making import (
    GROWTH,
    INPUT,
    STEP,
    WEIGHTS,
    seen_through,
    trained,
)
from tests.faults.sixth.tasks import RHYTHMS, SYMBOLS, demand, first_said, rhythms

WIDTH = 24


class Plain(nn.Module):
    """A recurrent layer written out, and a head on its last state."""

    def __init__(self, inputs: int, outputs: int, activation: nn.Module, again: Fill) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation, self.head = activation, nn.Linear(WIDTH, outputs)
        again(self.again.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


def orthogonal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain)

    return fill


def uniform(low: float, high: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.uniform_(weight, low, high)

    return fill


def remembering(fill: Fill) -> Job:
    return trained(Plain(SYMBOLS, SYMBOLS, nn.Tanh(), fill), first_said(13), Adam, lr=5e-3)


def of_rhythms(fill: Fill) -> Job:
    return trained(Plain(1, RHYTHMS, nn.ReLU(), fill), rhythms(), Adam, lr=3e-3)


def turning(gain: float) -> Job:
    return trained(Plain(1, RHYTHMS, nn.Tanh(), orthogonal(gain)), rhythms(), RMSprop, lr=3e-3)


class Read(nn.Module):
    """A recurrent layer of PyTorch's and a head on its last state."""

    def __init__(self, layer: nn.RNNBase, outputs: int) -> None:
        super().__init__()
        width = layer.hidden_size
        self.layer, self.head = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(x)[0][:, -1])
        return out


def gated(inputs: int = 2) -> nn.GRU:
    return nn.GRU(inputs, WIDTH, batch_first=True)


def of_calls(lr: float = 1e-2, *, is_scaled: bool = True) -> Job:
    """Calls an hour, about 3000, and degrees, or both on unit scale."""

    def told(x: Tensor) -> Tensor:
        return x if is_scaled else x * torch.tensor([400.0, 8]) + torch.tensor([3000.0, 12])

    return trained(Read(gated(), 1), seen_through(told, demand()), Adam, squared_error, lr=lr)


def averaged() -> Job:
    return trained(Read(gated(), 1), demand(), ASGD, squared_error, lr=0.2)


class Differences(nn.Module):
    """Convolutions that see the past only, further and further back (Bai, Kolter & Koltun, 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(16 if n else 1, 16, 3, dilation=2**n) for n in range(3))
        self.head = nn.Linear(16, RHYTHMS)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for place, conv in enumerate(self.convs):
            x = torch.relu(conv(F.pad(x, (2 * 2**place, 0))))
        out: Tensor = self.head(x.mean(2))
        return out


class OneGate(nn.Module):
    """One gate that forgets as much as it lets in (Zhou et al., 2016), mostly shut at first."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.new, self.head = (
            nn.Linear(SYMBOLS, WIDTH),
            nn.Linear(SYMBOLS, WIDTH),
            nn.Linear(WIDTH, SYMBOLS),
        )
        self.squash = nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            open_ = self.squash(self.gate(x[:, step]))
            state = (1 - open_) * state + open_ * self.new(x[:, step])
        out: Tensor = self.head(state)
        return out


programs = (
    healthy("recurrent-first-word-turned", lambda: remembering(orthogonal(1.0))),
    healthy("recurrent-rhythms-rectified", lambda: of_rhythms(orthogonal(0.9))),
    healthy("recurrent-rhythms-turned", lambda: turning(1.0)),
    healthy("recurrent-calls-on-unit-scale", of_calls),
    healthy("recurrent-averaged-descent", averaged),
    healthy(
        "recurrent-back-in-time", lambda: trained(Differences(), rhythms(), Adam, cross_entropy, lr=1e-2)
    ),
    healthy("recurrent-one-gate-mostly-shut", lambda: trained(OneGate(), first_said(8), Adam, lr=3e-2)),
    faulty(
        "recurrent-first-word-as-drawn",
        "vanishing-gradient",
        lambda: remembering(uniform(-0.1, 0.1)),
        cause=WEIGHTS + "|recurren|state|over time|time steps?|fad(e|ing)",
        twin="recurrent-first-word-turned",
    ),
    faulty(
        "recurrent-rhythms-from-0-to-a-fifth",
        "exploding-gradient",
        lambda: of_rhythms(uniform(0.0, 0.2)),
        cause=GROWTH,
        twin="recurrent-rhythms-rectified",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-rhythms-turned-times-twelve",
        "saturated-units",
        lambda: turning(12.0),
        cause=WEIGHTS + "|pre-activation|gain",
        twin="recurrent-rhythms-turned",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-calls-an-hour",
        "unscaled-input",
        lambda: of_calls(is_scaled=False),
        cause=INPUT + "|mean|offset|centr",
        twin="recurrent-calls-on-unit-scale",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-calls-at-rate-one",
        "unstable-updates",
        lambda: of_calls(1.0),
        cause=STEP,
        twin="recurrent-calls-on-unit-scale",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
