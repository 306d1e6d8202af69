"""Cells that keep what came first, tell heart beats, and forecast tides."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import squared_error
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.eleventh.tasks import BEATS, LANGUAGES, LETTERS, beats, first_letters, names, tides
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.recurrent import turned

WIDTH = 28


class Elman(nn.Module):
    """A plain cell, read at its end."""

    def __init__(self, sizes: tuple[int, int], fill: Fill) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(sizes[0], WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.tanh, self.last = nn.Tanh(), nn.Linear(WIDTH, sizes[1])
        fill(self.again.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.tanh(self.enter(step) + self.again(state))
        out: Tensor = self.last(state)
        return out


class Cell(nn.Module):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997) of one linear layer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.all, self.last = nn.Linear(inputs + WIDTH, 4 * WIDTH), nn.Linear(WIDTH, outputs)
        self.sigmoid, self.tanh = nn.Sigmoid(), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        state = kept = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            gates, new = self.all(torch.cat([step, state], 1)).split([3 * WIDTH, WIDTH], 1)
            enter, keep, leave = self.sigmoid(gates).chunk(3, 1)
            kept = keep * kept + enter * self.tanh(new)
            state = leave * self.tanh(kept)
        out: Tensor = self.last(state)
        return out


class Kept(nn.Module):
    """A layer of torch's; its last state, or the mean of all."""

    def __init__(self, layer: nn.Module, width: int, outputs: int, *, is_mean: bool = False) -> None:
        super().__init__()
        self.layer, self.last, self.is_mean = layer, nn.Linear(width, outputs), is_mean

    def forward(self, x: Tensor) -> Tensor:
        states = self.layer(x)[0]
        out: Tensor = self.last(states.mean(1) if self.is_mean else states[:, -1])
        return out


def first(fill: Fill, lr: float = 3e-3) -> Job:
    return trained(Elman((3, 4), fill), first_letters(), Adam, lr=lr)


def beaten(deviation: float | None = None) -> Job:
    model = Cell(1, BEATS)
    if deviation:
        filled(model, normal(deviation))
    return trained(model, beats(), Adam, lr=1e-2)


def forecast(by: float = 1.0, offset: float = 0.0, lr: float = 1e-2) -> Job:
    batches = seen_through(lambda x: by * x + offset, tides())
    model = Kept(nn.GRU(1, WIDTH, batch_first=True), WIDTH, 1)
    return trained(model, batches, Adam, squared_error, lr=lr)


class Spelled(nn.Module):
    """Letters of a name one by one; packed, so that padding is not read."""

    def __init__(self) -> None:
        super().__init__()
        self.letter = nn.Embedding(LETTERS + 1, 10, padding_idx=0)
        self.layer, self.last = nn.LSTM(10, WIDTH, batch_first=True), nn.Linear(WIDTH, LANGUAGES)

    def forward(self, x: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(
            self.letter(x), (x > 0).sum(1), batch_first=True, enforce_sorted=False
        )
        out: Tensor = self.last(self.layer(packed)[1][0][-1])
        return out


def clipped_late(model: nn.Module, batch: Batch) -> Tensor:
    """The error is counted at most linearly."""
    return F.huber_loss(model(batch[0]), batch[1], delta=0.7)


programs = (
    healthy("recurrent-first-turned", lambda: first(turned())),
    healthy("recurrent-beats-cell", beaten),
    healthy("recurrent-tides-about-0", forecast),
    healthy("recurrent-names-packed", lambda: trained(Spelled(), names(), Adam, lr=2e-2)),
    healthy(
        "recurrent-beats-two-ways",
        lambda: trained(
            Kept(nn.LSTM(1, 16, batch_first=True, bidirectional=True), 32, BEATS, is_mean=True),
            beats(),
            AdamW,
            lr=2e-2,
        ),
    ),
    healthy(
        "recurrent-tides-plain-huber",
        lambda: trained(Elman((1, 1), turned(0.9)), tides(), Adam, clipped_late, lr=5e-3),
    ),
    faulty(
        "recurrent-first-turned-by-half",
        "vanishing-gradient",
        lambda: first(turned(0.5)),
        cause=WEIGHTS + r"|recurren|time steps?",
        twin="recurrent-first-turned",
    ),
    faulty(
        "recurrent-first-by-wide-normals",
        "exploding-gradient",
        lambda: first(normal(1.5)),
        cause=GROWTH,
        twin="recurrent-first-turned",
        also=("saturated-units", "unstable-updates", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-beats-cell-by-threes",
        "saturated-units",
        lambda: beaten(3.0),
        cause=ENDS,
        twin="recurrent-beats-cell",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-tides-in-hectopascal",
        "unscaled-input",
        lambda: forecast(9.0, 1013.0),
        cause=INPUT,
        twin="recurrent-tides-about-0",
        also=("vanishing-gradient", "saturated-units", "stalled-layer"),
    ),
    faulty(
        "recurrent-tides-at-one",
        "unstable-updates",
        lambda: forecast(lr=0.8),
        cause=STEP,
        twin="recurrent-tides-about-0",
        also=("exploding-activation", "saturated-units", "vanishing-gradient"),
    ),
)
