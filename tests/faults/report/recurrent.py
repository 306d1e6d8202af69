"""Recurrent networks: cells by hand, which are seen step by step, and PyTorch's own, which are not."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, squared_error
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import ALIKE, CUT, INPUT, STEP, WEIGHTS, normal, trained
from tests.faults.report.tasks import recalled, weather

WIDTH = 28


class Elman(nn.Module):
    """A plain cell; its state may be kept in part, or in excess, and its last one may be cut off."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh, leak: float = 0.0) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.activation, self.head, self.leak = activation(), nn.Linear(WIDTH, outputs), leak
        self.is_cut = False

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.leak * state + self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state.data if self.is_cut else state)
        return out


def diagonal(value: float) -> Callable[[Tensor], object]:
    def fill(weight: Tensor) -> None:
        with torch.no_grad():
            weight.copy_(value * torch.eye(WIDTH))

    return fill


def recall(fill: Callable[[Tensor], object], activation: Make = nn.ReLU, length: int = 24) -> Job:
    model = Elman(3, 6, activation)
    fill(model.again.weight)
    return trained(model, recalled(length), Adam, lr=5e-3)


def forecast(change: Callable[[Elman], object] = id, activation: Make = nn.Tanh, leak: float = 0.0) -> Job:
    """Guesses the next value of an oscillation."""
    model = Elman(1, 1, activation, leak)
    nn.init.orthogonal_(model.again.weight)
    change(model)
    return trained(model, weather(), AdamW, squared_error, lr=3e-3)


def leaking(leak: float) -> Job:
    def shrink(model: Elman) -> None:
        nn.init.normal_(model.again.weight, std=0.05)

    return forecast(shrink, leak=leak)


def of_pressure(scale: float, offset: float) -> Job:
    """Air pressure as a barometer tells it, or as its deviation from the usual."""
    job = forecast()
    return Job(job.model, job.optimizer, [(x * scale + offset, y) for x, y in job.batches], job.loss)


def gap(value: float) -> Job:
    """A measurement that was to be guessed is missing."""
    job = forecast()
    batches = [(x, y.clone()) for x, y in job.batches]
    batches[23][1][7] = value
    return Job(job.model, job.optimizer, batches, job.loss)


def unit_weights(model: Elman) -> None:
    normal(1.0)(model.enter.weight)
    normal(1.0)(model.again.weight)


def all_zero(model: Elman) -> None:
    for parameter in model.parameters():
        nn.init.zeros_(parameter)


def narrow(model: Elman) -> None:
    """Its state tells next to nothing before it is trained."""
    model.enter.weight.data *= 0.05


def narrow_and_cut(model: Elman) -> None:
    narrow(model)
    model.is_cut = True


def silent(bias: float) -> Job:
    def fill(model: Elman) -> None:
        nn.init.constant_(model.enter.bias, bias)

    return forecast(fill, nn.ReLU)


def descent(lr: float, momentum: float) -> Job:
    job = forecast()
    return trained(job.model, job.batches, SGD, squared_error, lr=lr, momentum=momentum)


class Memory(nn.Module):
    """A long short-term memory by hand, whose gates stand open or shut where they should."""

    def __init__(self) -> None:
        super().__init__()
        self.parts, self.head = nn.Linear(3 + WIDTH, 4 * WIDTH), nn.Linear(WIDTH, 6)
        self.gate, self.squash = nn.Sigmoid(), nn.Tanh()
        with torch.no_grad():
            self.parts.bias[:WIDTH] = 5  # keeps what it knows

    def forward(self, x: Tensor) -> Tensor:
        state = cell = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            forget, enter, leave, new = self.parts(torch.cat([x[:, step], state], 1)).chunk(4, 1)
            cell = self.gate(forget) * cell + self.gate(enter) * self.squash(new)
            state = self.gate(leave) * self.squash(cell)
        out: Tensor = self.head(state)
        return out


class Own(nn.Module):
    """One of PyTorch's recurrent layers, and a head on its last or its mean state."""

    def __init__(self, layer: nn.RNNBase, *, outputs: int, is_mean: bool = False) -> None:
        super().__init__()
        self.layer, self.is_mean = layer, is_mean
        width = layer.hidden_size * (2 if layer.bidirectional else 1)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.layer(x)[0]
        out: Tensor = self.head(states.mean(1) if self.is_mean else states[:, -1])
        return out


def gated_layers() -> Job:
    model = Own(nn.GRU(1, 24, num_layers=2, dropout=0.2, batch_first=True), outputs=1)
    return trained(model, weather(), RMSprop, squared_error, lr=1e-3)


def both_ways() -> Job:
    model = Own(nn.LSTM(3, 16, bidirectional=True, batch_first=True), outputs=6, is_mean=True)
    return trained(model, recalled(), Adam, lr=2e-2)


class InParts(Elman):
    """Cuts its state from the past every four steps (truncated backpropagation), by design."""

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = state.detach() if step % 4 == 0 else state
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


programs = (
    healthy("recurrent-recall", lambda: recall(diagonal(1.0))),
    healthy("recurrent-recall-tanh", lambda: recall(nn.init.orthogonal_, nn.Tanh, 12)),
    healthy("recurrent-forecast", forecast),
    healthy("recurrent-forecast-relu", lambda: silent(0.0)),
    healthy("recurrent-leaky", lambda: leaking(0.5)),
    healthy("recurrent-interpolated-gap", lambda: gap(0.0)),
    healthy("recurrent-forecast-narrow", lambda: forecast(narrow)),
    healthy("recurrent-forecast-descent", lambda: descent(0.005, 0.9)),
    healthy("recurrent-memory", lambda: trained(Memory(), recalled(), Adam, lr=1e-2)),
    healthy("recurrent-gated-layers", gated_layers),
    healthy("recurrent-both-ways", both_ways),
    healthy("recurrent-truncated", lambda: trained(InParts(1, 1), weather(), Adam, squared_error, lr=3e-3)),
    faulty(
        "recurrent-diagonal-third",
        "vanishing-gradient",
        lambda: recall(diagonal(0.3)),
        cause=WEIGHTS,
        twin="recurrent-recall",
    ),
    faulty(
        "recurrent-sigmoid-state",
        "vanishing-gradient",
        lambda: recall(nn.init.orthogonal_, nn.Sigmoid, 12),
        cause="sigmoid|saturat|slope|flat end",
        twin="recurrent-recall-tanh",
    ),
    faulty(
        "recurrent-state-doubles",
        "exploding-activation",
        lambda: leaking(2.0),
        cause=WEIGHTS + "|recurren|state|over time|time steps?|normali[sz]",
        twin="recurrent-leaky",
        also=("exploding-gradient",),
    ),
    faulty(
        "recurrent-unit-normal-weights",
        "saturated-units",
        lambda: forecast(unit_weights),
        cause=WEIGHTS,
        twin="recurrent-forecast",
        also=("exploding-gradient",),
    ),
    faulty(
        "recurrent-silent-relu",
        "dead-units",
        lambda: silent(-6.0),
        cause="bias",
        twin="recurrent-forecast-relu",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-missing-target",
        "non-finite",
        lambda: gap(torch.nan),
        cause="target|label|data|loss|batch",
        twin="recurrent-interpolated-gap",
    ),
    faulty(
        "recurrent-air-pressure",
        "unscaled-input",
        lambda: of_pressure(8.0, 1013.0),
        cause=INPUT + "|mean|offset|centr",
        twin="recurrent-forecast",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-zero-weights",
        "symmetric-units",
        lambda: forecast(all_zero),
        cause=ALIKE,
        twin="recurrent-forecast",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-fast-descent",
        "unstable-updates",
        lambda: descent(1.0, 0.95),
        cause=STEP + "|momentum",
        twin="recurrent-forecast-descent",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-state-data",
        "stalled-layer",
        lambda: forecast(narrow_and_cut),
        cause=CUT + "|\\.data",
        twin="recurrent-forecast-narrow",
        also=("vanishing-gradient",),
    ),
)
