"""Recurrent networks over radio waves, the melt of a glacier, lamps of lighthouses and keys of Morse."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import GROWTH, INPUT, WEIGHTS, Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.sequences import LIGHTS, SIGNALS, lighthouses, melt, morse, radio
from tests.faults.tenth.making import OPERATION

WIDTH = 32


class Kept(nn.Module):
    """A state of which a share is kept at each step, and the rest is made anew; the last one is read."""

    def __init__(self, inputs: int, outputs: int, kept: float = 0.0, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last, self.kept = activation(), nn.Linear(WIDTH, outputs), kept

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for place in range(x.shape[1]):
            state = torch.lerp(self.act(self.enter(x[:, place]) + self.turn(state)), state, self.kept)
        out: Tensor = self.last(state)
        return out


def remembered(kept: float) -> Job:
    """The share that is to be kept, and the share that is to be new, may be taken for each other."""
    return trained(Kept(3, LIGHTS, kept), lighthouses(), Adam, lr=1e-2)


def melted(fill: Fill, sun: float = 1.0) -> Job:
    """A state of leaky rectifiers, whose turn is drawn in one way; sun may be in joules."""
    model = Kept(3, 1, activation=lambda: nn.LeakyReLU(0.5))
    fill(model.turn.weight)
    return trained(
        model, seen_through(lambda x: x * torch.tensor([1.0, sun, 1.0]), melt()), Adam, squared_error, lr=5e-3
    )


def from_0(weight: Tensor) -> None:
    """Numbers from 0 on, where some about 0 were meant."""
    nn.init.uniform_(weight, 0.0, 0.3)


def about_0(weight: Tensor) -> None:
    nn.init.uniform_(weight, -0.3, 0.3)


def tuned_in(most: float) -> Job:
    """Weights from minus some number to it."""
    model = filled(Kept(2, SIGNALS), lambda weight: nn.init.uniform_(weight, -most, most))
    return trained(model, radio(), Adam, lr=8e-3)


class Signs(nn.Module):
    """What is said at each step: one of three signs, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(4, 20, batch_first=True, bidirectional=True), nn.Linear(40, 4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0])
        return out


class Aligned:
    """The chance of the signs in their order, over all ways to lay them in time (Graves et al., 2006)."""

    def __init__(self, *, is_spared: bool) -> None:
        self.is_spared = is_spared  # a file that is too short for its signs counts 0

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, signs, told, count = batch
        said = model(x).log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(said, signs, told, count, zero_infinity=self.is_spared)


def keyed(*, is_spared: bool) -> Job:
    return trained(Signs(), morse(), Adam, Aligned(is_spared=is_spared), lr=1.5e-2)


# Healthy trainings that look odd


class Minimal(nn.Module):
    """A gate that hears the input alone says how much of the state stays (Feng et al., 2024)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.new, self.sigmoid = nn.Linear(3, WIDTH), nn.Linear(3, WIDTH), nn.Sigmoid()
        self.last = nn.Linear(WIDTH, LIGHTS)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        opened, new = self.sigmoid(self.gate(x)), self.new(x)
        state = x.new_zeros(len(x), WIDTH)
        for place in range(x.shape[1]):
            state = torch.lerp(state, new[:, place], opened[:, place])
        out: Tensor = self.last(state)
        return out


class Ringing(nn.Module):
    """Pairs of numbers that are turned and shrunk at each step; only what reads them is not linear."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.read = nn.Linear(2, 48), nn.Sequential(nn.Linear(48, WIDTH), nn.GELU())
        self.pace = nn.Parameter(torch.linspace(0.1, 1.8, 24))
        self.stay = nn.Parameter(torch.full((24,), 2.0))
        self.last = nn.Linear(WIDTH, SIGNALS)

    def forward(self, x: Tensor) -> Tensor:
        come = torch.view_as_complex(self.enter(x).unflatten(2, (24, 2)))
        turn = torch.polar(self.stay.sigmoid(), self.pace)
        ahead = turn ** torch.arange(x.shape[1] - 1, -1, -1)[:, None]
        state = torch.view_as_real((come * ahead).sum(1)).flatten(1)
        out: Tensor = self.last(self.read(state / 2))
        return out


class Forgetful(nn.Module):
    """The state of the first days goes on to the last ones, with no gradient between (Williams, 1990)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            _, state = self.layer(x[:, :6])
        out: Tensor = self.last(self.layer(x[:, 6:], state)[0][:, -1])
        return out


class Stopped(nn.Module):
    """Watches end at different times; what is read is the state at the end of each."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(WIDTH, LIGHTS)

    def forward(self, x: Tensor) -> Tensor:
        ends = 5 + torch.arange(len(x)) % 11
        packed = nn.utils.rnn.pack_padded_sequence(x, ends, batch_first=True, enforce_sorted=False)
        out: Tensor = self.last(self.layer(packed)[1][0])
        return out


programs = (
    healthy("recurrent-lighthouses-much-kept", lambda: remembered(0.9)),
    healthy("recurrent-melt-turned-about-0", lambda: melted(about_0)),
    healthy("recurrent-radio-drawn-from-a-third", lambda: tuned_in(0.35)),
    healthy("recurrent-morse-short-files-spared", lambda: keyed(is_spared=True)),
    healthy(
        "recurrent-lighthouses-gate-of-input", lambda: trained(Minimal(), lighthouses(), Adam, lr=1.5e-2)
    ),
    healthy("recurrent-radio-rings", lambda: trained(Ringing(), radio(), Adam, lr=1e-2)),
    healthy(
        "recurrent-melt-state-handed-on", lambda: trained(Forgetful(), melt(), Adam, squared_error, lr=1.5e-2)
    ),
    healthy("recurrent-lighthouses-ends-apart", lambda: trained(Stopped(), lighthouses(), Adam, lr=1.2e-2)),
    faulty(
        "recurrent-lighthouses-little-kept",
        "vanishing-gradient",
        lambda: remembered(0.1),
        cause=WEIGHTS + "|recurren|time steps?|state|over time|memory",
        twin="recurrent-lighthouses-much-kept",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-melt-turned-from-0",
        "exploding-gradient",
        lambda: melted(from_0),
        cause=GROWTH,
        twin="recurrent-melt-turned-about-0",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-radio-drawn-from-two",
        "saturated-units",
        lambda: tuned_in(2.0),
        cause=WEIGHTS + "|pre-activation",
        twin="recurrent-radio-drawn-from-a-third",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-melt-sun-in-joules",
        "unscaled-input",
        lambda: melted(about_0, 4e6),
        cause=INPUT + "|scale",
        twin="recurrent-melt-turned-about-0",
        also=("exploding-activation", "exploding-gradient", "unstable-updates", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-morse-longer-than-its-file",
        "non-finite",
        lambda: keyed(is_spared=False),
        cause=OPERATION + "|length|align|target|label|data|ctc",
        twin="recurrent-morse-short-files-spared",
    ),
)
