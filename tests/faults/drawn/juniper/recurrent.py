"""States that are carried along strokes, through kilns and peals of bells."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, squared_error
from tests.faults.drawn.juniper.tasks import CREWS, RINGS, bells, kilns, rowing
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    SIGMOID,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Cell(nn.Module):
    """A cell by hand, of which the last state is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.into, self.along = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)
        nn.init.orthogonal_(self.along.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.into(step) + self.along(state))
        out: Tensor = self.last(state)
        return out


def rung(activation: Make = nn.Tanh, fill: Fill = nn.init.orthogonal_) -> Job:
    """What was rung first is to be known at the end."""
    return trained(filled(Cell(5, RINGS, activation), fill), bells(), Adam, lr=4e-3)


def fired(gain: float = 1.0, *, is_raw: bool = False) -> Job:
    """A state that is turned at each step and leaks; the kiln's log is in degrees, or about its means."""
    usual, spread = torch.tensor([860.0, 4.0, 12.0]), torch.tensor([120.0, 1.0, 3.0])
    batches = seen_through(lambda x: usual + spread * x if is_raw else x, kilns())
    model = Cell(3, 1, lambda: nn.LeakyReLU(0.6))
    nn.init.orthogonal_(model.along.weight, gain=gain)
    return trained(model, batches, Adam, squared_error, lr=5e-3)


class Last(nn.Module):
    """A recurrent layer of torch, of which the last step is read."""

    def __init__(self, layer: nn.Module, outputs: int, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


# Healthy trainings that look odd


class Sampled(nn.Module):
    """The heat at each step from that before it, where every second one is the network's own guess."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.last = nn.GRUCell(3, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        said: list[Tensor] = []
        state = x.new_zeros(len(x), WIDTH)
        for place, step in enumerate(x.unbind(1)):
            heat = said[-1] if place % 2 else step[:, :1]
            state = self.cell(torch.cat([heat, step[:, 1:]], 1), state)
            said.append(heat + self.last(state))
        return torch.stack(said, 1)


def all_along(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.l1_loss(model(x), torch.cat([x[:, 1:, :1], y[:, None]], 1))


class Clipped(RMSprop):
    """RMSprop whose gradients are clipped to a norm of a half, as recurrent networks are."""

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        nn.utils.clip_grad_norm_([p for group in self.param_groups for p in group["params"]], 0.5)
        super().step(closure)


programs = (
    healthy("recurrent-bells-state-by-tanh", rung),
    healthy("recurrent-kilns-state-turned", fired),
    healthy(
        "recurrent-kilns-half-its-own-guesses",
        lambda: trained(Sampled(), kilns(), Adam, all_along, lr=8e-3),
    ),
    healthy(
        "recurrent-rowing-clipped-to-a-half",
        lambda: trained(Last(nn.GRU(4, WIDTH, batch_first=True), CREWS), rowing(), Clipped, lr=3e-3),
    ),
    faulty(
        "recurrent-bells-state-by-sigmoid",
        "vanishing-gradient",
        lambda: rung(nn.Sigmoid),
        cause=SIGMOID + "|recurren|time steps?|state|over time",
        twin="recurrent-bells-state-by-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "recurrent-bells-of-unit-normals",
        "saturated-units",
        lambda: rung(fill=normal(1.0)),
        cause=ENDS + "|tanh",
        twin="recurrent-bells-state-by-tanh",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-kilns-state-stretched",
        "exploding-gradient",
        lambda: fired(2.2),
        cause=GROWTH,
        twin="recurrent-kilns-state-turned",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-kilns-in-degrees",
        "unscaled-input",
        lambda: fired(is_raw=True),
        cause=INPUT + "|scale|offset",
        twin="recurrent-kilns-state-turned",
        also=("exploding-activation", "exploding-gradient", "unstable-updates"),
    ),
)
