"""Cells that tell how somebody walks, which of two events came first, and what a household draws next."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import Make, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.tasks import GAITS, gaits, loads, orders

WIDTH = 32


def turned(by: float = 1.0) -> Fill:
    """A turn, shrunk or stretched."""

    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=by)

    return fill


class Plain(nn.Module):
    """Elman's network, read at its end."""

    def __init__(self, sizes: tuple[int, int], fill: Fill, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter = nn.Linear(sizes[0], WIDTH, bias=False)
        self.again = nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, sizes[1])
        fill(self.again.weight)
        xavier(self.enter.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.again(state))
        out: Tensor = self.last(state)
        return out


class Gated(nn.Module):
    """A gated cell (Cho et al., 2014) of linear layers."""

    def __init__(self, sizes: tuple[int, int]) -> None:
        super().__init__()
        self.gates, self.new = nn.Linear(sizes[0] + WIDTH, 2 * WIDTH), nn.Linear(sizes[0] + WIDTH, WIDTH)
        self.sigmoid, self.tanh, self.last = nn.Sigmoid(), nn.Tanh(), nn.Linear(WIDTH, sizes[1])

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            reset, keep = self.sigmoid(self.gates(torch.cat([step, state], 1))).chunk(2, 1)
            new = self.tanh(self.new(torch.cat([step, reset * state], 1)))
            state = keep * state + (1 - keep) * new
        out: Tensor = self.last(state)
        return out


class Kept(nn.Module):
    """Torch's own layer, its last state through a linear layer."""

    def __init__(self, layer: nn.Module, outputs: int, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


class Handed(nn.Module):
    """An encoder hands its state to a decoder; as it is, or repacked as between batches of a text."""

    def __init__(self, *, is_repacked: bool) -> None:
        super().__init__()
        self.into, self.again = nn.Linear(3, 2), nn.Linear(2, 2)
        self.out, self.is_repacked = (
            nn.Sequential(nn.Linear(2, WIDTH), nn.Tanh(), nn.Linear(WIDTH, GAITS)),
            is_repacked,
        )

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), 2)
        for step in x.unbind(1):
            state = (self.into(step) + self.again(state)).tanh()
        out: Tensor = self.out(state.detach() if self.is_repacked else state)
        return out


def handed(*, is_repacked: bool) -> Job:
    return trained(Handed(is_repacked=is_repacked), gaits(), Adam, lr=2e-2)


def remembered(fill: Fill, activation: Make = nn.Tanh, lr: float = 3e-3) -> Job:
    return trained(Plain((2, 4), fill, activation), orders(), Adam, lr=lr)


def walked(fill: Fill, activation: Make = nn.ReLU) -> Job:
    return trained(Plain((3, GAITS), fill, activation), gaits(), Adam, lr=5e-3)


def filled_with(value: float) -> Job:
    """Every weight is one number."""
    return trained(filled(Plain((3, GAITS), xavier), constant(value)), gaits(), Adam, lr=5e-3)


def drew(by: float = 1.0, offset: float = 0.0) -> Job:
    batches = seen_through(lambda x: by * x + offset, loads())
    return trained(Plain((1, 1), turned(0.9)), batches, Adam, squared_error, lr=5e-3)


def gated(deviation: float | None = None, lr: float = 1e-2) -> Job:
    model = Gated((3, GAITS))
    if deviation:
        filled(model, normal(deviation))
    return trained(model, gaits(), Adam, lr=lr)


class Means(nn.Module):
    """The mean of states over the steps that were recorded; of some walks there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(WIDTH, GAITS)

    def forward(self, x: Tensor) -> Tensor:
        known = (x.abs().sum(-1) > 0).float()[..., None]
        mean = (self.layer(x)[0] * known).sum(1) / known.sum(1).clamp(min=1)
        out: Tensor = self.last(mean)
        return out


def averaged() -> Job:
    def cut(x: Tensor) -> Tensor:
        length = (torch.arange(len(x)) * 7) % 17
        return torch.where(torch.arange(16)[:, None] < length[:, None, None], x, 0.0)

    return trained(Means(), seen_through(cut, gaits()), Adam, lr=1e-2)


def by_logarithm() -> Job:
    """The logarithm of a meter that says 0 when it is off, and of a bit more."""

    def logs(x: Tensor) -> Tensor:
        level = (2 + x).clamp(min=0) + 0.3
        return torch.cat([level.log() - 0.6, x], 2)

    model = Kept(nn.GRU(2, WIDTH, batch_first=True), 1)
    return trained(model, seen_through(logs, loads()), Adam, squared_error, lr=1e-2)


def every_step(model: nn.Module, batch: Batch) -> Tensor:
    """Told at each step of the second half; the last ones count most."""
    assert isinstance(model, Kept)
    x, y = batch
    said = model.last(model.layer(x)[0])[:, 8:]
    each = F.cross_entropy(said.flatten(0, 1), y.repeat_interleave(8), reduction="none")
    return each.mean()


programs = (
    healthy("recurrent-orders-turned", lambda: remembered(turned())),
    healthy("recurrent-gaits-relu-turned", lambda: walked(turned(0.9))),
    healthy("recurrent-gaits-tanh-turned", lambda: walked(turned(), nn.Tanh)),
    healthy("recurrent-loads-about-their-mean", drew),
    healthy("recurrent-gaits-gated", gated),
    healthy("recurrent-at-least-one-known", averaged),
    healthy("recurrent-log-of-a-bit-more", by_logarithm),
    healthy("recurrent-state-handed-on", lambda: handed(is_repacked=False)),
    healthy(
        "recurrent-loads-lstm",
        lambda: trained(Kept(nn.LSTM(1, WIDTH, batch_first=True), 1), loads(), Adam, squared_error, lr=2e-2),
    ),
    healthy(
        "recurrent-gaits-both-directions",
        lambda: trained(
            Kept(nn.GRU(3, 16, batch_first=True, bidirectional=True), GAITS), gaits(), AdamW, lr=1e-2
        ),
    ),
    healthy(
        "recurrent-told-at-each-step",
        lambda: trained(
            Kept(nn.LSTM(3, WIDTH, 2, batch_first=True, dropout=0.2), GAITS),
            gaits(),
            Adam,
            every_step,
            lr=1e-2,
        ),
    ),
    healthy(
        "recurrent-gaits-rmsprop",
        lambda: trained(Kept(nn.RNN(3, WIDTH, batch_first=True), GAITS), gaits(), RMSprop, lr=4e-3),
    ),
    faulty(
        "recurrent-orders-of-a-twentieth",
        "vanishing-gradient",
        lambda: remembered(normal(0.05)),
        cause=WEIGHTS,
        twin="recurrent-orders-turned",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-gaits-relu-doubled",
        "exploding-activation",
        lambda: walked(turned(2.5)),
        cause=GROWTH,
        twin="recurrent-gaits-relu-turned",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-orders-stretched",
        "exploding-gradient",
        lambda: remembered(turned(3.0)),
        cause=GROWTH + "|saturat",
        twin="recurrent-orders-turned",
        also=("saturated-units", "unstable-updates"),
    ),
    faulty(
        "recurrent-loads-in-watts",
        "unscaled-input",
        lambda: drew(250.0, 900.0),
        cause=INPUT,
        twin="recurrent-loads-about-their-mean",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-gates-of-threes",
        "saturated-units",
        lambda: gated(3.0),
        cause=ENDS,
        twin="recurrent-gaits-gated",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-gaits-gated-at-a-half",
        "unstable-updates",
        lambda: gated(lr=0.5),
        cause=STEP,
        twin="recurrent-gaits-gated",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "recurrent-gaits-of-tenths",
        "symmetric-units",
        lambda: filled_with(0.1),
        cause=ALIKE,
        twin="recurrent-gaits-tanh-turned",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-state-repacked",
        "stalled-layer",
        lambda: handed(is_repacked=True),
        cause=CUT,
        twin="recurrent-state-handed-on",
        also=("vanishing-gradient",),
    ),
)
