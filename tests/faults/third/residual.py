"""Residual networks: blocks that add to what they get."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import chain, cross_entropy, squared_error
from tests.faults.program import Job, faulty, healthy
from tests.faults.third.making import ALIKE, CUT, GROWTH, STEP, WEIGHTS, trained
from tests.faults.third.tasks import arcs, friedman, regimes

WIDTH = 24
Make = Callable[[], nn.Module]


class Stack(nn.Module):
    """Blocks in a row, between a first and a last layer."""

    def __init__(self, block: Make, blocks: int, inputs: int, outputs: int = 1) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, outputs)
        self.blocks = nn.Sequential(*(block() for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.blocks(self.first(x)))
        return out


class Products(nn.Module):
    """Adds products of two linear functions of what it gets, which is normalised first or not."""

    def __init__(self, norm: Make) -> None:
        super().__init__()
        self.norm, self.one, self.other = norm(), nn.Linear(WIDTH, 48), nn.Linear(WIDTH, 48)
        self.leave = nn.Linear(48, WIDTH)
        for layer in (self.one, self.other, self.leave):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        out: Tensor = x + self.leave(self.one(y) * self.other(y))
        return out


def of_products(norm: Make) -> Job:
    return trained(Stack(lambda: Products(norm), 5, 8), regimes(), AdamW, squared_error, lr=2e-3)


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Euler(nn.Module):
    """One law of motion, followed for some time in steps of one length."""

    def __init__(self, length: float, steps: int) -> None:
        super().__init__()
        self.law = chain([WIDTH, WIDTH, WIDTH], nn.Softplus)
        self.length, self.steps = length, steps
        for layer in (self.law[0], self.law[2]):
            assert isinstance(layer, nn.Linear)
            nn.init.normal_(layer.weight, std=1.4 * WIDTH**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.steps):
            x = x + self.length * self.law(x)
        return x


def moved(length: float) -> Job:
    """Twenty-four steps of a twenty-fourth each, or of one each."""
    model = Stack(lambda: Euler(length, 24), 1, 10)
    return trained(model, friedman(), Adam, squared_error, lr=2e-3)


class Scaled(nn.Module):
    """A branch times a number that begins at 0 and is learned (ReZero; Bachlechner et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.alpha = chain([WIDTH, WIDTH, WIDTH], nn.Tanh), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.alpha * self.inner(x)
        return out


def from_nothing(*, is_known: bool) -> Job:
    """The optimiser has all parameters, or those of layers alone, which leaves the factors out."""
    model = Stack(Scaled, 3, 2, 2)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    held = model.parameters() if is_known else [p for layer in layers for p in layer.parameters()]
    return Job(model, Adam(held, lr=2e-2), arcs(), cross_entropy)


class Block(nn.Module):
    """Normalises, then adds two layers with an activation between."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.norm, self.inner = nn.LayerNorm(WIDTH), chain([WIDTH, 32, WIDTH], activation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.inner(self.norm(x))
        return out


def plain(activation: Make = nn.ReLU, kind: type = AdamW, **settings: float) -> Job:
    return trained(Stack(lambda: Block(activation), 3, 8), regimes(), kind, squared_error, **settings)


def alike(value: float | None) -> Job:
    """Hidden layers filled with one value, at both ends of every branch, or drawn."""
    job = plain(nn.GELU, RMSprop, lr=2e-3)
    assert isinstance(job.model, Stack)
    for layer in job.model.modules():
        if isinstance(layer, nn.Linear) and value is not None:
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)
    return job


def amplified(gain: float) -> Job:
    """What the normalisation before tanh is multiplied by, at the start."""
    job = plain(nn.Tanh, Adam, lr=8e-3)
    for part in job.model.modules():
        if isinstance(part, nn.LayerNorm):
            nn.init.constant_(part.weight, gain)
    return job


def slopes() -> Job:
    """PReLU whose slopes below 0 begin at 1.4 and at -0.5 by block, and no normalisation."""
    job = plain(nn.PReLU, Adam, lr=5e-3)
    for place, part in enumerate(part for part in job.model.modules() if isinstance(part, nn.PReLU)):
        nn.init.constant_(part.weight, (1.4, -0.5)[place % 2])
    return job


class Gated(Block):
    """Adds what a gate lets through; gates begin nearly shut, so that a block begins as nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.squash = nn.Linear(WIDTH, WIDTH), nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -3.0)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        out: Tensor = x + self.squash(self.gate(y)) * self.inner(y)
        return out


programs = (
    healthy("residual-normalised-products", lambda: of_products(layer_norm)),
    healthy("residual-short-time-steps", lambda: moved(1 / 24)),
    healthy("residual-from-nothing", lambda: from_nothing(is_known=True)),
    healthy("residual-regimes", lambda: plain(kind=SGD, lr=0.02, momentum=0.9)),
    healthy("residual-without-momentum", lambda: plain(kind=RMSprop, lr=3e-3)),
    healthy("residual-regimes-gelu", lambda: alike(None)),
    healthy("residual-gain-of-one", lambda: amplified(1.0)),
    healthy("residual-slopes-above-1", slopes),
    healthy(
        "residual-gates-nearly-shut",
        lambda: trained(Stack(Gated, 4, 8), regimes(), Adam, squared_error, lr=5e-3),
    ),
    faulty(
        "residual-products-without-norm",
        "exploding-activation",
        lambda: of_products(nn.Identity),
        cause=GROWTH + "|product|multipl",
        twin="residual-normalised-products",
        also=("exploding-gradient", "non-finite"),
    ),
    faulty(
        "residual-whole-time-steps",
        "exploding-activation",
        lambda: moved(1.0),
        cause=GROWTH + "|step (size|length)",
        twin="residual-short-time-steps",
        also=("exploding-gradient",),
    ),
    faulty(
        "residual-factors-unknown-to-optimiser",
        "stalled-layer",
        lambda: from_nothing(is_known=False),
        cause="optimi[sz]er|not updated|no update|factor|alpha|multipl|branch|" + CUT,
        twin="residual-from-nothing",
        also=("vanishing-gradient",),
    ),
    faulty(
        "residual-gain-of-a-hundred",
        "saturated-units",
        lambda: amplified(100.0),
        cause=WEIGHTS + "|normali[sz]|gain|scale|pre-activation",
        twin="residual-gain-of-one",
        also=("exploding-activation",),
    ),
    faulty(
        "residual-momentum-on-top",
        "unstable-updates",
        lambda: plain(kind=RMSprop, lr=3e-3, momentum=0.99),
        cause=STEP + "|momentum",
        twin="residual-without-momentum",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "residual-one-value-everywhere",
        "symmetric-units",
        lambda: alike(0.1),
        cause=ALIKE,
        twin="residual-regimes-gelu",
        also=("stalled-layer", "vanishing-gradient"),
    ),
)
