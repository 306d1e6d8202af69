"""Recurrent networks that run with marathons, and hear where a speaker comes from."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error, xavier
from tests.faults.drawn.cedar.tasks import REGIONS, dialects, marathons
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

WIDTH = 28


class Simple(nn.Module):
    """A state of one layer (Elman, 1990); the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def orthogonal(weight: Tensor) -> None:
    nn.init.orthogonal_(weight, gain=1.1)


def uniform(weight: Tensor) -> None:
    """As a framework of 2014 drew all."""
    nn.init.uniform_(weight, -0.05, 0.05)


def heard(fill: Fill = orthogonal) -> Job:
    return trained(filled(Simple(4, REGIONS), fill), dialects(), Adam, lr=4e-3)


def run(turn: Fill = nn.init.eye_, unit: float = 1.0, mean: float = 0.0) -> Job:
    """Rectifiers whose state is at first kept as it is (Le et al., 2015); the pulse is in some unit."""
    scale, shift = torch.tensor([unit, 1.0, 1.0]), torch.tensor([mean, 0.0, 0.0])
    model = Simple(3, 1, nn.ReLU)
    xavier(model.enter.weight, 0.4)
    turn(model.turn.weight)
    batches = seen_through(lambda x: x * scale + shift, marathons())
    return trained(model, batches, Adam, squared_error, lr=3e-3)


# Healthy trainings that look odd


class Halved(nn.Module):
    """Only the last eight miles send a gradient back; the state before them is taken as given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = self.layer(x[:, :-8])[1].detach()
        out: Tensor = self.last(self.layer(x[:, -8:], state)[0][:, -1])
        return out


class Clipped(AdamW):
    """Gradients are cut at a norm of one before each step."""

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        nn.utils.clip_grad_norm_([p for group in self.param_groups for p in group["params"]], 1.0)
        super().step(closure)


class Packed(nn.Module):
    """Runners who gave up at some mile are read where they did."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        miles = 15 - 2 * (torch.arange(len(x)) % 4)
        packed = nn.utils.rnn.pack_padded_sequence(x.flip(1), miles, batch_first=True, enforce_sorted=False)
        out: Tensor = self.last(self.layer(packed)[1][0][-1])
        return out


def far_off(model: nn.Module, batch: Batch) -> Tensor:
    """The logarithm of how a miss grows, which is gentle to those who are far off."""
    error = model(batch[0]) - batch[1]
    out: Tensor = (error + nn.functional.softplus(-2 * error) - 0.693).mean()
    return out


programs = (
    healthy("recurrent-dialects-turned", heard),
    healthy("recurrent-marathons-kept-at-first", run),
    healthy(
        "recurrent-marathons-gradient-of-eight-miles",
        lambda: trained(Halved(), marathons(), Adam, squared_error, lr=8e-3),
    ),
    healthy(
        "recurrent-marathons-packed-and-clipped",
        lambda: trained(Packed(), marathons(), Clipped, far_off, lr=1e-2),
    ),
    faulty(
        "recurrent-dialects-drawn-as-in-2014",
        "vanishing-gradient",
        lambda: heard(uniform),
        cause=WEIGHTS + "|recurren|time steps?|state|over time",
        twin="recurrent-dialects-turned",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-dialects-drawn-wide",
        "saturated-units",
        lambda: heard(normal(1.2)),
        cause=ENDS,
        twin="recurrent-dialects-turned",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-marathons-state-drawn-wide",
        "exploding-gradient",
        lambda: run(normal(0.6)),
        cause=GROWTH,
        twin="recurrent-marathons-kept-at-first",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-marathons-pulse-in-beats",
        "unscaled-input",
        lambda: run(unit=14.0, mean=158.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-marathons-kept-at-first",
        also=("exploding-activation", "exploding-gradient", "dead-units", "unstable-updates"),
    ),
)
