"""Cells that hear keywords, remember how a story began, or forecast the weather."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    Fill,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.twelfth.making import Clipped
from tests.faults.twelfth.tasks import LETTERS, STORIES, WORDS, keywords, names, stories, weather

WIDTH = 32


def turned(by: float = 1.0) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=by)

    return fill


class Elman(nn.Module):
    """A cell of two linear layers, read at its end."""

    def __init__(self, inputs: int, outputs: int, fill: Fill, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last = activation(), nn.Linear(WIDTH, outputs)
        fill(self.again.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = self.act(self.enter(step) + self.again(state))
        out: Tensor = self.last(state)
        return out


def remembered(fill: Fill, activation: Make = nn.Tanh, lr: float = 6e-3) -> Job:
    return trained(Elman(3, STORIES, fill, activation), stories(), Adam, lr=lr)


def heard(fill: Fill, activation: Make = nn.Tanh, lr: float = 5e-3) -> Job:
    return trained(Elman(6, WORDS, fill, activation), keywords(), Adam, lr=lr)


class Of(nn.Module):
    """One of torch's layers; its last state, or the mean of all of them, through a linear layer."""

    def __init__(self, layer: nn.Module, width: int, outputs: int, *, is_mean: bool = False) -> None:
        super().__init__()
        self.layer, self.last, self.is_mean = layer, nn.Linear(width, outputs), is_mean

    def forward(self, x: Tensor) -> Tensor:
        said = self.layer(x)[0]
        out: Tensor = self.last(said.mean(1) if self.is_mean else said[:, -1])
        return out


def scaled(by: float, lr: float = 1e-2) -> Job:
    """Readings as they come, in hundreds and thousands, or on unit scale."""
    batches = seen_through(lambda x: x if by == 1 else by * (x + 3), weather())
    return trained(Of(nn.LSTM(3, WIDTH, batch_first=True), WIDTH, 1), batches, Adam, squared_error, lr=lr)


class Speller(nn.Module):
    """Letters through a table and an LSTM, and the logits of each next one."""

    def __init__(self) -> None:
        super().__init__()
        self.letter, self.layer = nn.Embedding(LETTERS, 16), nn.LSTM(16, WIDTH, batch_first=True)
        self.last = nn.Linear(WIDTH, LETTERS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(self.letter(x))[0])
        return out


class Temporal:
    """Connectionist classification: of more letters than there are frames the loss is infinite."""

    def __init__(self, *, zero_infinity: bool) -> None:
        self.zero_infinity = zero_infinity

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        frames = model(x).log_softmax(-1).transpose(0, 1)
        given = torch.where(torch.arange(len(x)) % 10 == 9, 1, x.shape[1])
        said = torch.stack([1 + y, 5 + y % 2], 1)
        whole = torch.full((len(x),), 2)
        return 4 * F.ctc_loss(frames, said, given, whole, zero_infinity=self.zero_infinity)


class Frames(nn.Module):
    """A state for each frame, and the logits of seven symbols for each."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = (
            nn.GRU(6, WIDTH, batch_first=True, bidirectional=True),
            nn.Linear(2 * WIDTH, 7),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0])
        return out


def temporal(*, zero_infinity: bool) -> Job:
    """One word in ten was cut to a single frame."""
    return trained(Frames(), keywords(), Adam, Temporal(zero_infinity=zero_infinity), lr=2e-2)


def identity(weight: Tensor) -> None:
    nn.init.eye_(weight)


def open_gates() -> Job:
    """An LSTM whose forget gates start open (Jozefowicz, Zaremba & Sutskever, 2015)."""
    layer = nn.LSTM(3, WIDTH, batch_first=True)
    with torch.no_grad():
        dict(layer.named_parameters())["bias_hh_l0"][WIDTH : 2 * WIDTH] = 2.0
    return trained(Of(layer, WIDTH, STORIES), stories(), Clipped, lr=1e-2)


def reservoir() -> Job:
    """Only the way out is learnt, from all states of a fixed cell (Jaeger, 2001)."""
    layer = nn.RNN(6, 64, batch_first=True)
    nn.init.orthogonal_(dict(layer.named_parameters())["weight_hh_l0"], gain=0.8)
    return trained(Of(layer.requires_grad_(False), 64, WORDS, is_mean=True), keywords(), Adam, lr=3e-2)


programs = (
    healthy("recurrent-stories-turned", lambda: remembered(turned())),
    healthy("recurrent-keywords-turned", lambda: heard(turned(0.8))),
    healthy("recurrent-weather-lstm", lambda: scaled(1.0)),
    healthy("recurrent-keywords-ctc-zero-infinity", lambda: temporal(zero_infinity=True)),
    healthy("recurrent-stories-open-gates", open_gates),
    healthy("recurrent-keywords-reservoir", reservoir),
    healthy("recurrent-names-lstm", lambda: trained(Speller(), names(), Adam, lr=2e-2)),
    healthy(
        "recurrent-keywords-two-gru",
        lambda: trained(
            Of(nn.GRU(6, WIDTH, 2, batch_first=True, dropout=0.2), WIDTH, WORDS), keywords(), AdamW, lr=1e-2
        ),
    ),
    faulty(
        "recurrent-stories-of-a-tenth",
        "vanishing-gradient",
        lambda: remembered(normal(0.03)),
        cause=GROWTH + "|sequence|long",
        twin="recurrent-stories-turned",
    ),
    faulty(
        "recurrent-stories-relu-stretched",
        "exploding-gradient",
        lambda: remembered(turned(2.2), nn.ReLU, lr=2e-3),
        cause=GROWTH,
        twin="recurrent-stories-relu",
        also=("exploding-activation", "unstable-updates"),
    ),
    healthy("recurrent-stories-relu", lambda: remembered(identity, nn.ReLU, lr=2e-3)),
    faulty(
        "recurrent-keywords-by-randn",
        "saturated-units",
        lambda: heard(normal(1.5)),
        cause=ENDS + "|recurren",
        twin="recurrent-keywords-turned",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "recurrent-weather-lstm-rate-of-one",
        "unstable-updates",
        lambda: scaled(1.0, lr=1.0),
        cause=STEP,
        twin="recurrent-weather-lstm",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-weather-in-hundreds",
        "unscaled-input",
        lambda: scaled(300.0),
        cause=INPUT + "|scale",
        twin="recurrent-weather-lstm",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-keywords-ctc-of-one-frame",
        "non-finite",
        lambda: temporal(zero_infinity=False),
        cause=UNDEFINED + "|inf|ctc",
        twin="recurrent-keywords-ctc-zero-infinity",
    ),
)
