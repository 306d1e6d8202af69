"""Networks with ways past their layers, over districts, payments and garments."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    STEP,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.thirteenth.tasks import GARMENTS, fraud, garments, houses

WIDTH = 32


class Block(nn.Module):
    """Two layers, and a way past them that somebody may have left out."""

    def __init__(
        self,
        activation: Make = nn.ReLU,
        norm: Make = nn.Identity,
        *,
        is_past: bool = True,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.norm, self.act = norm(), activation()
        self.one, self.two = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.is_past, self.scale = is_past, scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.scale * self.two(self.act(self.one(self.norm(x))))
        return x + out if self.is_past else out


class Dropped(Block):
    """The branch is left out for one example in four, and counts more for the others (Huang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        kept = (torch.rand(len(x), 1) < 0.75).float() / 0.75
        out: Tensor = x + kept * self.two(self.act(self.one(x)))
        return out


class Column(nn.Module):
    """A linear layer, blocks, a linear layer."""

    def __init__(self, inputs: int, outputs: int, *blocks: nn.Module) -> None:
        super().__init__()
        self.enter, self.blocks = nn.Linear(inputs, WIDTH), nn.Sequential(*blocks)
        self.last = nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.blocks(self.enter(x)))
        return out


def priced(*blocks: nn.Module, fill: Fill | None = None, lr: float = 2e-3) -> Job:
    model = Column(6, 1, *blocks)
    if fill:
        filled(model, fill)
    return trained(model, houses(), Adam, squared_error, lr=lr)


def checked(*blocks: nn.Module, lr: float = 5e-3) -> Job:
    return trained(Column(10, 2, *blocks), fraud(), Adam, lr=lr)


def many(*, is_past: bool) -> Job:
    """Ten blocks of torch's own weights; `return x + out` became `return out`."""
    return priced(*(Block(nn.Tanh, is_past=is_past) for _ in range(10)))


def scaled(fill: Fill, scale: float = 0.15, blocks: int = 12) -> Job:
    return priced(*(Block(scale=scale) for _ in range(blocks)), fill=fill)


def zeroed(fill: Fill) -> Job:
    """The last layer of each branch is 0, as it should, or both are, which should not be."""
    blocks = [Block(nn.GELU) for _ in range(4)]
    for block in blocks:
        nn.init.zeros_(block.two.weight)
        nn.init.zeros_(block.two.bias)
        fill(block.one.weight)
        nn.init.zeros_(block.one.bias)
    return priced(*blocks, lr=5e-3)


class Pictured(nn.Module):
    """Convolutions with a way past; blocks may start as the identity, their last norm at 0."""

    def __init__(self, blocks: int, norm: Make = nn.Identity, *, last_scale: float = 1.0) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, 12, 3, stride=2)
        self.ones = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(blocks))
        self.twos = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(blocks))
        self.norms = nn.ModuleList(norm() for _ in range(2 * blocks))
        self.act, self.last = nn.ReLU(), nn.Linear(12, GARMENTS)
        filled(self, he)
        xavier(self.last.weight)
        for final in self.norms[1::2]:
            if isinstance(final, nn.BatchNorm2d):
                nn.init.constant_(final.weight, last_scale)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for place, (one, two) in enumerate(zip(self.ones, self.twos, strict=True)):
            x = x + self.norms[2 * place + 1](two(self.act(self.norms[2 * place](one(x)))))
        out: Tensor = self.last(self.act(x).mean((2, 3)))
        return out


def pictured(model: nn.Module, lr: float) -> Job:
    batches: list[Batch] = seen_through(lambda x: (x - 0.35) / 0.3, garments())
    return trained(model, batches, Adam, lr=lr)


def batch_norm() -> nn.Module:
    return nn.BatchNorm2d(12)


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


programs = (
    healthy("residual-houses-ten-added", lambda: many(is_past=True)),
    healthy("residual-houses-dozen-of-a-seventh", lambda: scaled(he)),
    healthy("residual-houses-last-of-branch-from-0", lambda: zeroed(he)),
    healthy(
        "residual-fraud-normed-small-steps", lambda: checked(*(Block(norm=layer_norm) for _ in range(3)))
    ),
    healthy("residual-fraud-dropped-by-example", lambda: checked(*(Dropped() for _ in range(3)))),
    healthy(
        "residual-garments-identity-at-first", lambda: pictured(Pictured(4, batch_norm, last_scale=0.0), 1e-2)
    ),
    faulty(
        "residual-houses-ten-not-added",
        "vanishing-gradient",
        lambda: many(is_past=False),
        cause=GROWTH + "|past|skip|small|initiali",
        twin="residual-houses-ten-added",
        also=("stalled-layer",),
    ),
    faulty(
        "residual-houses-dozen-added-whole",
        "exploding-activation",
        lambda: scaled(he, 1.0),
        cause=GROWTH,
        twin="residual-houses-dozen-of-a-seventh",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-houses-dozen-of-normals",
        "exploding-gradient",
        lambda: scaled(normal(1.0)),
        cause=GROWTH,
        twin="residual-houses-dozen-of-a-seventh",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-houses-both-of-branch-from-0",
        "symmetric-units",
        lambda: zeroed(constant(0.0)),
        cause=ALIKE,
        twin="residual-houses-last-of-branch-from-0",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "residual-fraud-normed-great-steps",
        "unstable-updates",
        lambda: checked(*(Block(norm=layer_norm) for _ in range(3)), lr=0.3),
        cause=STEP,
        twin="residual-fraud-normed-small-steps",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
