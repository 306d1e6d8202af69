"""Recurrent networks: what they are asked about comes at the first step of a sequence."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.faults.building import Make, adam, cross_entropy, sgd
from tests.faults.program import Job, faulty, healthy
from tests.faults.tasks import CLASSES, sequences

WIDTH = 32
Fill = Callable[[Tensor], object]


class Recurrent(nn.Module):
    """A plain cell, a head on its last state."""

    def __init__(self, activation: Make) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(4, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.activation, self.head = activation(), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            state = self.activation(self.enter(x[:, step]) + self.again(state))
        out: Tensor = self.head(state)
        return out


class Gated(nn.Module):
    """A gated cell by hand: its gates are near 0 and 1 where they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.gates, self.candidate = nn.Linear(4 + WIDTH, 2 * WIDTH), nn.Linear(4 + WIDTH, WIDTH)
        self.gate, self.squash, self.head = nn.Sigmoid(), nn.Tanh(), nn.Linear(WIDTH, CLASSES)
        with torch.no_grad():
            self.gates.bias[:WIDTH] = 4  # keeps its state at first, as the forget gate of an LSTM should

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            seen = torch.cat([x[:, step], state], dim=1)
            keep, reset = self.gate(self.gates(seen)).chunk(2, dim=1)
            new = self.squash(self.candidate(torch.cat([x[:, step], reset * state], dim=1)))
            state = keep * state + (1 - keep) * new
        out: Tensor = self.head(state)
        return out


class Fused(nn.Module):
    """One of PyTorch's own recurrent layers, whose inside nobody sees."""

    def __init__(self, layer: nn.LSTM | nn.GRU | nn.RNN) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.layer(x)[0][:, -1])
        return out


def orthogonal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=gain)

    return fill


def normal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.normal_(weight, std=gain / weight.shape[1] ** 0.5)

    return fill


def net(fill: Fill, activation: Make = nn.Tanh, length: int = 20, lr: float = 2e-3) -> Job:
    model = Recurrent(activation)
    fill(model.again.weight)
    nn.init.zeros_(model.enter.bias)
    return Job(model, adam(model, lr), sequences(length), cross_entropy)


def saturated() -> Job:
    job = net(orthogonal(1.0), length=10)
    assert isinstance(job.model, Recurrent)
    with torch.no_grad():
        job.model.enter.weight *= 60
        job.model.again.weight *= 20
    return job


def offset() -> Job:
    job = net(orthogonal(1.0), length=10)
    return Job(job.model, job.optimizer, [(x * 300 + 500, y) for x, y in job.batches], job.loss)


def constant() -> Job:
    job = net(orthogonal(1.0), length=10)
    assert isinstance(job.model, Recurrent)
    for weight in (job.model.enter.weight, job.model.again.weight, job.model.head.weight):
        nn.init.constant_(weight, 0.02)
    return job


def long_memory() -> Job:
    layer = nn.LSTM(4, WIDTH, batch_first=True)
    with torch.no_grad():
        layer.bias_hh_l0[WIDTH : 2 * WIDTH] = 3
    model = Fused(layer)
    return Job(model, adam(model, 1e-2), sequences(10), cross_entropy)


def gated(batches: int = 12) -> Job:
    model = Gated()
    return Job(model, adam(model, 1e-2), sequences(batches), cross_entropy)


def fused_relu(gain: float, length: int) -> Job:
    layer = nn.RNN(4, WIDTH, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(gain * torch.eye(WIDTH))
    model = Fused(layer)
    return Job(model, sgd(model, 0.01), sequences(length), cross_entropy)


SCALE = "weights are (too )?(small|large)|too large before any update"
programs = (
    healthy("recurrent-orthogonal", lambda: net(orthogonal(1.0))),
    healthy("recurrent-short", lambda: net(orthogonal(1.0), length=10)),
    healthy("recurrent-long", lambda: net(orthogonal(1.0), length=30)),
    healthy("recurrent-identity-relu", lambda: net(nn.init.eye_, nn.ReLU, length=30)),
    healthy("recurrent-lstm", long_memory),
    healthy("recurrent-gated", gated),
    faulty(
        "recurrent-small-weights",
        "vanishing-gradient",
        lambda: net(orthogonal(0.3)),
        cause=SCALE,
        twin="recurrent-orthogonal",
    ),
    faulty(
        "recurrent-chaotic",
        "exploding-gradient",
        lambda: net(normal(3.0), length=30),
        cause=SCALE,
        twin="recurrent-long",
    ),
    faulty(
        "recurrent-growing",
        "exploding-gradient",
        lambda: net(lambda weight: weight.data.copy_(1.5 * torch.eye(WIDTH)), nn.ReLU, length=30),
        cause=SCALE,
        twin="recurrent-identity-relu",
        also=("exploding-activation",),
    ),
    faulty(
        "recurrent-overflow",
        "non-finite",
        lambda: net(lambda weight: weight.data.copy_(30 * torch.eye(WIDTH)), nn.ReLU, length=30),
        cause="before any update|weights are too large",
        twin="recurrent-identity-relu",
        also=("exploding-activation", "exploding-gradient"),
    ),
    faulty("recurrent-saturated", "saturated-units", saturated, cause=SCALE, twin="recurrent-short"),
    faulty(
        "recurrent-offset-input",
        "unscaled-input",
        offset,
        cause="input|scale|offset|mean",
        twin="recurrent-short",
    ),
    faulty(
        "recurrent-constant-weights",
        "symmetric-units",
        constant,
        cause="same|constant|equal|identical",
        twin="recurrent-short",
    ),
)
