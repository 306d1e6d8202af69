"""States that are carried on: calls of a lift, nights of sleep, gusts at a turbine."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make
from tests.faults.drawn.birch.tasks import CALLS, STAGES, calls, gusts, nights
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    WEIGHTS,
    Fill,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """A state that goes from step to step; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make) -> None:
        super().__init__()
        self.enter, self.carry = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.carry(state))
        out: Tensor = self.last(state)
        return out


def kept(weight: Tensor) -> None:
    """What is in a state stays there (Le et al., 2015)."""
    nn.init.eye_(weight)


def as_torch_does(weight: Tensor) -> None:
    nn.init.uniform_(weight, -(WIDTH**-0.5), WIDTH**-0.5)


def called(carry: Fill) -> Job:
    """Rectified states that are to hold on to what was at the start."""
    model = Cell(CALLS, CALLS, nn.ReLU)
    carry(model.carry.weight)
    return trained(model, calls(), Adam, lr=2e-3)


def slept(enter: Fill = nn.init.xavier_uniform_, *, unit: float = 1.0) -> Job:
    """Waves in some unit; the state goes through tanh."""
    model = Cell(4, STAGES, nn.Tanh)
    enter(model.enter.weight)
    nn.init.orthogonal_(model.carry.weight, gain=0.9)
    return trained(model, seen_through(lambda x: unit * x, nights()), Adam, lr=8e-3)


# Healthy trainings that look odd


class BothWays(nn.Module):
    """Gates of torch, read from both ends, and the mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.GRU(4, 20, batch_first=True, bidirectional=True)
        self.last = nn.Linear(40, STAGES)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.inner(x)[0].mean(1))
        return out


class Clipped(Adam):
    """Adam of a gradient that is made no longer than some length (Pascanu et al., 2013)."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            nn.utils.clip_grad_norm_(group["params"], 0.5)
        return super().step(closure)


class Remembering(nn.Module):
    """Gates of torch that keep what they hold at first: the bias of the one that forgets is 1."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
        with torch.no_grad():
            self.inner.get_parameter("bias_ih_l0")[WIDTH : 2 * WIDTH] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.inner(x)[0][:, -1])
        return out


def robust(model: nn.Module, batch: Batch) -> Tensor:
    """Huber (1964)."""
    return F.huber_loss(model(batch[0]), batch[1], delta=0.8)


class Pool(nn.Module):
    """A state that is drawn once and left as it is, and what is read from it (Jaeger, 2001)."""

    def __init__(self, width: int = 80) -> None:
        super().__init__()
        self.enter, self.carry = nn.Linear(3, width), nn.Linear(width, width, bias=False)
        nn.init.orthogonal_(self.carry.weight, gain=0.8)
        nn.init.normal_(self.enter.weight, std=0.4)
        for part in (self.enter, self.carry):
            part.requires_grad_(False)
        self.last = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.carry.in_features)
        for step in x.unbind(1):
            state = 0.4 * state + 0.6 * torch.tanh(self.enter(step) + self.carry(state))
        out: Tensor = self.last(state)
        return out


programs = (
    healthy("recurrent-lift-kept-by-identity", lambda: called(kept)),
    healthy("recurrent-sleep-tanh-by-glorot", slept),
    healthy("recurrent-sleep-gates-both-ways", lambda: trained(BothWays(), nights(), Adam, lr=1e-2)),
    healthy(
        "recurrent-gusts-forgets-late-and-clipped",
        lambda: trained(Remembering(), gusts(), Clipped, robust, lr=1e-2),
    ),
    healthy("recurrent-gusts-pool-only-read", lambda: trained(Pool(), gusts(), Adam, robust, lr=1e-2)),
    faulty(
        "recurrent-lift-carried-as-torch-draws",
        "vanishing-gradient",
        lambda: called(as_torch_does),
        cause=WEIGHTS + "|over time|time steps?|recurren|state",
        twin="recurrent-lift-kept-by-identity",
        also=("dead-units", "stalled-layer"),
    ),
    faulty(
        "recurrent-lift-carried-by-half-normals",
        "exploding-gradient",
        lambda: called(normal(0.5)),
        cause=GROWTH,
        twin="recurrent-lift-kept-by-identity",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-sleep-entered-by-wide-normals",
        "saturated-units",
        lambda: slept(normal(3.0)),
        cause=ENDS,
        twin="recurrent-sleep-tanh-by-glorot",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "recurrent-sleep-in-microvolts",
        "unscaled-input",
        lambda: slept(unit=60.0),
        cause=INPUT + "|scale",
        twin="recurrent-sleep-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
)
