"""Recurrent networks over lamps of lighthouses, and over the clocks of games of chess."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.dogwood.tasks import LIGHTS, clocks, lighthouses
from tests.faults.eighth.making import GROWTH, INPUT, STEP, Fill, normal, seen_through, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """A state that is made anew at each moment; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for moment in x.unbind(1):
            state = self.act(self.enter(moment) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def kept(share: float) -> Job:
    """A state of which all is kept from one moment to the next, or a part."""
    model = Cell(3, LIGHTS)
    with torch.no_grad():
        model.turn.weight.copy_(share * torch.eye(WIDTH))
    return trained(model, lighthouses(), Adam, lr=5e-3)


def thought(fill: Fill, lr: float = 5e-3) -> Job:
    """Rectifiers whose turn from one move to the next is filled in one way."""
    model = Cell(3, 1, nn.ReLU)
    fill(model.turn.weight)
    return trained(model, clocks(), Adam, squared_error, lr=lr)


class Remembering(nn.Module):
    """One gate says how much of the state is kept (Zhou et al., 2016); its bias says how much at first."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.gate, self.new = nn.Linear(3 + WIDTH, WIDTH), nn.Linear(3 + WIDTH, WIDTH)
        self.keep, self.act, self.last = nn.Sigmoid(), nn.Tanh(), nn.Linear(WIDTH, 1)
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for moment in x.unbind(1):
            keep = self.keep(self.gate(torch.cat([moment, state], 1)))
            new = self.act(self.new(torch.cat([moment, keep * state], 1)))
            state = keep * state + (1 - keep) * new
        out: Tensor = self.last(state)
        return out


def timed(unit: float, usual: float) -> Job:
    """Thought and clock in some unit of time from some level; danger as it is, and a gate half open."""
    scale, shift = torch.tensor([unit, 1.0, unit]), torch.tensor([usual, 0.0, 4 * usual])
    batches = seen_through(lambda x: x * scale + shift, clocks())
    return trained(Remembering(1.0), batches, Adam, squared_error, lr=6e-3)


# Healthy trainings that look odd


class Half(Cell):
    """Gradients go back seven moments, on purpose: the state is cut off there (Williams & Peng, 1990)."""

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for place, moment in enumerate(x.unbind(1)):
            state = state.detach() if place == 7 else state
            state = self.act(self.enter(moment) + self.turn(state))
        out: Tensor = self.last(state)
        return out


class Slow(nn.Module):
    """Each unit keeps a share of its own, fixed and spread from some to almost all (Mozer, 1992)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(3, WIDTH), nn.Linear(WIDTH, LIGHTS)
        self.register_buffer("share", torch.linspace(0.7, 0.99, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        assert isinstance(self.share, Tensor)
        for moment in x.unbind(1):
            state = self.share * state + torch.tanh(self.enter(moment))
        out: Tensor = self.last(state)
        return out


programs = (
    healthy("recurrent-lighthouses-all-kept", lambda: kept(1.0)),
    healthy("recurrent-clocks-turned-by-glorot", lambda: thought(nn.init.xavier_normal_)),
    healthy(
        "recurrent-clocks-gate-half-open",
        lambda: trained(Remembering(1.0), clocks(), Adam, squared_error, lr=6e-3),
    ),
    healthy(
        "recurrent-clocks-seven-back", lambda: trained(Half(3, 1), clocks(), Adam, squared_error, lr=6e-3)
    ),
    healthy("recurrent-lighthouses-shares-fixed", lambda: trained(Slow(), lighthouses(), Adam, lr=1e-2)),
    faulty(
        "recurrent-lighthouses-half-kept",
        "vanishing-gradient",
        lambda: kept(0.4),
        cause="weights?|initiali[sz]|recurren|time steps?|state|over time|tanh",
        twin="recurrent-lighthouses-all-kept",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-clocks-turned-by-halves",
        "exploding-gradient",
        lambda: thought(normal(0.6)),
        cause=GROWTH,
        twin="recurrent-clocks-turned-by-glorot",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-clocks-gate-never-open",
        "saturated-units",
        lambda: trained(Remembering(8.0), clocks(), Adam, squared_error, lr=6e-3),
        cause="bias|gate|initiali[sz]|pre-activation",
        twin="recurrent-clocks-gate-half-open",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "recurrent-clocks-in-seconds",
        "unscaled-input",
        lambda: timed(90.0, 200.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-clocks-gate-half-open",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-clocks-turned-at-a-third",
        "unstable-updates",
        lambda: thought(nn.init.xavier_normal_, 0.3),
        cause=STEP,
        twin="recurrent-clocks-turned-by-glorot",
        also=("exploding-activation", "exploding-gradient", "dead-units", "vanishing-gradient"),
    ),
)
