"""Recurrent networks: heartbeats, machines that wear, and rivers after rain."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import cross_entropy, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    DATA,
    GROWTH,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    seen_through,
    trained,
)
from tests.faults.seventh.tasks import BEATS, bearings, heartbeats, rain

WIDTH = 24


class Plain(nn.Module):
    """A recurrent layer by hand; `kept` of the old state is added to what is new."""

    def __init__(self, inputs: int, outputs: int, activation: nn.Module, kept: float = 0.0) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation, self.head, self.kept = activation, nn.Linear(WIDTH, outputs), kept

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.kept * state + self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


def of_bearings(
    fill: Fill, activation: nn.Module | None = None, lr: float = 3e-3, every: float | None = None
) -> Job:
    """Biases begin at 0, and weights of the state are drawn in some way, or all weights are one value."""
    model = Plain(3, 1, activation or nn.Tanh())
    fill(model.again.weight)
    for layer in (model.enter, model.again, model.head):
        nn.init.zeros_(layer.bias)
        if every is not None:
            nn.init.constant_(layer.weight, every)
    return trained(model, bearings(10), Adam, squared_error, lr=lr)


def orthogonal(gain: float = 1.0) -> Fill:
    return lambda weight: nn.init.orthogonal_(weight, gain=gain)


def decaying(kept: float) -> Job:
    """A trace that decays: to three quarters a step, or by the inverse of that."""
    model = Plain(1, 1, nn.Tanh(), kept)
    nn.init.normal_(model.again.weight, std=0.02)
    return trained(model, seen_through(torch.log1p, rain(20, noise=0.8)), Adam, squared_error, lr=5e-3)


def in_millimetres(change: object, lr: float = 1e-2) -> Job:
    assert callable(change)
    model = Own(nn.GRU(1, WIDTH, batch_first=True))
    return trained(model, seen_through(change, rain()), AdamW, squared_error, lr=lr)


class Own(nn.Module):
    """One of PyTorch's recurrent layers and a head on its last state."""

    def __init__(self, layer: nn.RNNBase, outputs: int = 1, width: int = WIDTH) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(x)[0][:, -1])
        return out


def of_counts(*, is_raw: bool) -> Job:
    batches = seen_through(lambda x: 700 + 120 * x if is_raw else x, heartbeats())
    return trained(Own(nn.LSTM(1, WIDTH, batch_first=True), BEATS), batches, Adam, cross_entropy, lr=2e-2)


class Both(nn.Module):
    """Both ways, and the greatest value of each unit over time."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(1, 16, bidirectional=True, batch_first=True)
        self.head = nn.Linear(32, BEATS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(x)[0].amax(1))
        return out


class Minimal(nn.Module):
    """One gate alone, which decides how much of the state is new (Zhou et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.new, self.head = nn.Linear(27, WIDTH), nn.Linear(27, WIDTH), nn.Linear(WIDTH, 1)
        self.squash, self.open = nn.Tanh(), nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            seen = x[:, step]
            share = self.open(self.gate(torch.cat([seen, state], 1)))
            new = self.squash(self.new(torch.cat([seen, share * state], 1)))
            state = (1 - share) * state + share * new
        out: Tensor = self.head(state)
        return out


class Pieced(Plain):
    """The state is cut off the past every six steps: truncated propagation."""

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = state.detach() if step % 6 == 2 else state
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


def doubled() -> Job:
    """Two layers with a third dropped between them, and the error cut off beyond 1."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.smooth_l1_loss(model(batch[0]), batch[1])

    layer = nn.LSTM(3, 20, 2, dropout=0.3, batch_first=True)
    return trained(Own(layer, width=20), bearings(), RMSprop, loss, lr=5e-3)


programs = (
    healthy("recurrent-bearings-turned", lambda: of_bearings(orthogonal())),
    healthy("recurrent-bearings-leaky", lambda: of_bearings(orthogonal(), nn.LeakyReLU(0.3))),
    healthy("recurrent-trace-decays", lambda: decaying(0.75)),
    healthy("recurrent-rain-log-of-one-more", lambda: in_millimetres(torch.log1p)),
    healthy("recurrent-heartbeats-on-scale", lambda: of_counts(is_raw=False)),
    healthy("recurrent-heartbeats-both-ways", lambda: trained(Both(), heartbeats(), Adam, lr=2e-2)),
    healthy("recurrent-one-gate", lambda: trained(Minimal(), bearings(), Adam, squared_error, lr=4e-2)),
    healthy(
        "recurrent-pieces-of-six",
        lambda: trained(Pieced(3, 1, nn.Tanh()), bearings(8), Adam, squared_error, lr=5e-3),
    ),
    healthy("recurrent-two-layers-a-third-dropped", doubled),
    healthy("recurrent-millimetres", lambda: in_millimetres(lambda x: x)),
    faulty(
        "recurrent-bearings-of-small-weights",
        "vanishing-gradient",
        lambda: of_bearings(lambda weight: nn.init.normal_(weight, std=0.01)),
        cause=WEIGHTS + "|recurren|state|over time|time steps?|fad(e|ing)",
        twin="recurrent-bearings-turned",
    ),
    faulty(
        "recurrent-bearings-gain-of-five",
        "exploding-gradient",
        lambda: of_bearings(orthogonal(5.0), nn.LeakyReLU(0.3)),
        cause=GROWTH + "|gain",
        twin="recurrent-bearings-leaky",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-trace-grows",
        "exploding-activation",
        lambda: decaying(1 / 0.75),
        cause=GROWTH + "|decay|trace|accumul|grow",
        twin="recurrent-trace-decays",
        also=("saturated-units", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "recurrent-bearings-of-unit-normals",
        "saturated-units",
        lambda: of_bearings(lambda weight: nn.init.normal_(weight, std=1.5)),
        cause=WEIGHTS + "|pre-activation|recurren|state",
        twin="recurrent-bearings-turned",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-rain-log-of-none",
        "non-finite",
        lambda: in_millimetres(torch.log),
        cause=DATA,
        twin="recurrent-rain-log-of-one-more",
    ),
    faulty(
        "recurrent-heartbeats-in-counts",
        "unscaled-input",
        lambda: of_counts(is_raw=True),
        cause=INPUT + "|offset|mean",
        twin="recurrent-heartbeats-on-scale",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-bearings-of-a-tenth-everywhere",
        "symmetric-units",
        lambda: of_bearings(orthogonal(), every=0.1),
        cause=ALIKE,
        twin="recurrent-bearings-turned",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-bearings-at-a-third",
        "unstable-updates",
        lambda: of_bearings(orthogonal(), lr=0.3),
        cause=STEP,
        twin="recurrent-bearings-turned",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
)
