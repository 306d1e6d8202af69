"""Recurrent networks over songs of birds, sugar in the blood, and words that were said at the start."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import (
    ALIKE,
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
from tests.faults.fourteenth.tasks import SONGS, STEPS, birdsong, glucose, passwords
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Unrolled(nn.Module):
    """A state that is made anew at each step by layers of this file's own; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for place in range(x.shape[1]):
            state = self.act(self.enter(x[:, place]) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def rectified(gain: float) -> Job:
    """Sugar from a state of leaky rectifiers that is turned at every hour, and stretched."""
    model = Unrolled(3, 1, lambda: nn.LeakyReLU(0.5))
    turned(gain)(model.turn.weight)
    return trained(model, glucose(), Adam, squared_error, lr=6e-3)


def recalled_by(fill: Fill) -> Job:
    """The first word is to be known at the end; every layer is drawn in one way."""
    return trained(filled(Unrolled(4, STEPS), fill), passwords(), Adam, lr=4e-3)


def turned(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=gain)

    return fill


def sung(fill: Fill = nn.init.xavier_normal_, lr: float = 6e-3) -> Job:
    return trained(filled(Unrolled(5, SONGS), fill), birdsong(), Adam, lr=lr)


class Read(nn.Module):
    """A recurrent layer of torch and a head on its last state."""

    def __init__(self, layer: nn.Module, outputs: int, *, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


def measured(unit: float, offset: float) -> Job:
    """Sugar in milligrams, or about its mean; meals and doses as they are."""
    scale, shift = torch.tensor([unit, 1.0, 1.0]), torch.tensor([offset, 0.0, 0.0])
    batches = seen_through(lambda x: x * scale + shift, glucose())
    return trained(Read(nn.RNN(3, WIDTH, batch_first=True), 1), batches, Adam, squared_error, lr=1e-2)


# Healthy trainings that look odd


class Even(nn.Module):
    """Each band of a song over its own deviation in time; a band that is silent stays so."""

    def __init__(self) -> None:
        super().__init__()
        self.read = Read(nn.LSTM(5, WIDTH, batch_first=True), SONGS)

    def forward(self, x: Tensor) -> Tensor:
        far = x - x.mean(1, keepdim=True)
        out: Tensor = self.read(far / far.square().mean(1, keepdim=True).add(1e-2).sqrt())
        return out


def evened() -> Job:
    """The highest band of some recorders is silent."""

    def silent(x: Tensor) -> Tensor:
        lost = (torch.arange(len(x)) % 8 == 7)[:, None, None] & (torch.arange(5) == 4)
        return torch.where(lost, 0.0, x)

    return trained(Even(), seen_through(silent, birdsong()), Adam, lr=1.5e-2)


class Attended(nn.Module):
    """Both ways through a song, and a softmax over its steps that says what to read."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(5, 16, batch_first=True, bidirectional=True)
        self.ask, self.last = nn.Linear(32, 1), nn.Linear(32, SONGS)

    def forward(self, x: Tensor) -> Tensor:
        said = self.layer(x)[0]
        out: Tensor = self.last((self.ask(said).softmax(1) * said).sum(1))
        return out


def open_gates() -> Job:
    """Forget gates that start open (Jozefowicz et al., 2015)."""
    layer = nn.LSTM(4, WIDTH, batch_first=True)
    with torch.no_grad():
        layer.bias_ih_l0[WIDTH : 2 * WIDTH] = 4.0  # type: ignore[operator]
    return trained(Read(layer, STEPS), passwords(), Adam, lr=1.2e-2)


class Ahead(nn.Module):
    """Sugar at every hour from the hours before it, as a change of the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.LSTM(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x[..., :1] + self.last(self.layer(x)[0])
        return out


def at_every_hour(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    later = torch.cat([x[:, 1:, :1], y[:, None]], 1)
    return F.smooth_l1_loss(model(x), later)


def reservoir() -> Job:
    """A recurrent layer that is fixed by design; only what reads it learns (Jaeger, 2001)."""
    layer = nn.RNN(5, 128, batch_first=True).requires_grad_(False)
    nn.init.orthogonal_(layer.weight_hh_l0, gain=0.9)  # type: ignore[arg-type]
    nn.init.normal_(layer.weight_ih_l0, std=0.4)  # type: ignore[arg-type]
    return trained(Read(layer, SONGS, width=128), birdsong(), Adam, lr=5e-3)


programs = (
    healthy("recurrent-passwords-by-orthogonal", lambda: recalled_by(turned(1.1))),
    healthy("recurrent-birdsong-by-glorot", sung),
    healthy("recurrent-glucose-rectified-and-turned", lambda: rectified(1.0)),
    healthy("recurrent-glucose-from-usual", lambda: measured(1.0, 0.0)),
    healthy("recurrent-birdsong-evened-and-a-bit", evened),
    healthy("recurrent-birdsong-both-ways-attended", lambda: trained(Attended(), birdsong(), Adam, lr=1e-2)),
    healthy("recurrent-passwords-gates-open", open_gates),
    healthy(
        "recurrent-glucose-at-every-hour", lambda: trained(Ahead(), glucose(), Adam, at_every_hour, lr=8e-3)
    ),
    healthy("recurrent-birdsong-fixed-reservoir", reservoir),
    healthy(
        "recurrent-glucose-two-layers-dropped",
        lambda: trained(
            Read(nn.GRU(3, WIDTH, 2, batch_first=True, dropout=0.3), 1),
            glucose(),
            Adam,
            squared_error,
            lr=8e-3,
        ),
    ),
    faulty(
        "recurrent-passwords-of-small-weights",
        "vanishing-gradient",
        lambda: recalled_by(normal(0.05)),
        cause=WEIGHTS + "|recurren|time steps?|state|over time",
        twin="recurrent-passwords-by-orthogonal",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-glucose-state-stretched",
        "exploding-gradient",
        lambda: rectified(3.0),
        cause=GROWTH,
        twin="recurrent-glucose-rectified-and-turned",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-birdsong-drawn-wide",
        "saturated-units",
        lambda: sung(normal(1.5)),
        cause=WEIGHTS + "|pre-activation",
        twin="recurrent-birdsong-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-passwords-of-one-number",
        "symmetric-units",
        lambda: recalled_by(constant(0.1)),
        cause=ALIKE,
        twin="recurrent-passwords-by-orthogonal",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "recurrent-birdsong-rate-of-a-quarter",
        "unstable-updates",
        lambda: sung(lr=0.25),
        cause=STEP,
        twin="recurrent-birdsong-by-glorot",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "recurrent-glucose-in-milligrams",
        "unscaled-input",
        lambda: measured(60.0, 150.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-glucose-from-usual",
        also=("saturated-units",),
    ),
)
