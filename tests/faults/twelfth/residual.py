"""Networks with ways past their layers, over tables of buildings and scans of leaves."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import (
    GROWTH,
    STEP,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.tasks import PLANTS, churn, heating, leaves

WIDTH = 40


class Block(nn.Module):
    """Two layers and a way past them; the branch counts by a factor that may learn or a chance."""

    def __init__(self, activation: Make = nn.ReLU, norm: Make = nn.Identity, *, scale: float = 1.0) -> None:
        super().__init__()
        self.norm, self.one, self.two = norm(), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.scale = activation(), scale

    def branch(self, x: Tensor) -> Tensor:
        out: Tensor = self.two(self.act(self.one(self.norm(x))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.branch(x)


class Learned(Block):
    """The factor learns, and starts at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.factor * self.branch(x)


class Skipped(Block):
    """The branch is left out of one pass in three (Huang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x) if float(torch.rand(())) < 0.67 else x


class Highway(Block):
    """A gate, at first nearly shut, weighs what is new (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(WIDTH, WIDTH)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        open_by = torch.sigmoid(self.gate(x))
        return open_by * self.branch(x) + (1 - open_by) * x


class Row(nn.Module):
    """Blocks between two linear layers."""

    def __init__(self, *blocks: nn.Module, outputs: int = 1) -> None:
        super().__init__()
        self.enter, self.blocks = nn.Linear(8, WIDTH), nn.Sequential(*blocks)
        self.act, self.last = nn.ReLU(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.act(self.blocks(self.enter(x))))
        return out


def heated(*blocks: nn.Module, lr: float = 5e-3, fill: Fill | None = None) -> Job:
    model = Row(*blocks)
    if fill:
        filled(model, fill)
    return trained(model, heating(), Adam, squared_error, lr=lr)


class Standard(nn.Module):
    """Each example less its mean, over its deviation; that of an example of zeros is 0."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + self.least)


def standardised(least: float) -> Job:
    """One customer in sixteen is a row of zeros, as padding is."""

    def padded(x: Tensor) -> Tensor:
        return torch.where(torch.arange(len(x))[:, None] % 16 > 0, x, 0.0)

    model = nn.Sequential(Standard(least), Row(Block(nn.GELU), Block(nn.GELU), outputs=2))
    return trained(model, seen_through(padded, churn()), Adam, lr=8e-3)


class Seen(nn.Module):
    """A convolution of stride 2, blocks of convolutions with batch norm and a way past, a head."""

    def __init__(self, blocks: int, norm: Make, *, last_scale: float = 1.0) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, 12, 3, stride=2)
        self.ones = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(blocks))
        self.twos = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(blocks))
        self.norms = nn.ModuleList(norm() for _ in range(2 * blocks))
        self.act, self.last = nn.ReLU(), nn.Linear(192, PLANTS)
        filled(self, he)
        xavier(self.last.weight)
        for final in self.norms[1::2]:
            if isinstance(final, nn.BatchNorm2d):
                nn.init.constant_(final.weight, last_scale)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.enter(x))
        for place, (one, two) in enumerate(zip(self.ones, self.twos, strict=True)):
            branch = two(self.act(self.norms[2 * place](one(x))))
            x = self.act(x + self.norms[2 * place + 1](branch))
        out: Tensor = self.last(x.flatten(1))
        return out


def seen(blocks: int, norm: Make, lr: float = 5e-3, scale: float = 1.0, by: float = 1.0) -> Job:
    batches = seen_through(lambda x: by * (x + 0.6) + (by > 1) * 20.0, leaves())
    return trained(Seen(blocks, norm, last_scale=scale), batches, Adam, lr=lr)


def batch_norm() -> nn.Module:
    return nn.BatchNorm2d(12)


programs = (
    healthy(
        "residual-heating-ten-quarters", lambda: heated(*(Block(scale=0.25) for _ in range(10)), fill=he)
    ),
    healthy("residual-rows-of-0-kept-apart", lambda: standardised(1e-5)),
    healthy("residual-heating-three-small-steps", lambda: heated(*(Block(nn.SiLU) for _ in range(3)))),
    healthy("residual-heating-factors-from-0", lambda: heated(*(Learned() for _ in range(4)), lr=1e-2)),
    healthy("residual-heating-blocks-skipped", lambda: heated(*(Skipped() for _ in range(4)), lr=4e-3)),
    healthy("residual-heating-highway", lambda: heated(*(Highway() for _ in range(3)), lr=1e-2)),
    healthy("residual-leaves-last-norm-from-0", lambda: seen(3, batch_norm, scale=0.0)),
    faulty(
        "residual-heating-ten-whole",
        "exploding-activation",
        lambda: heated(*(Block() for _ in range(10)), fill=he),
        cause=GROWTH,
        twin="residual-heating-ten-quarters",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-heating-ten-quarters-drawn-wide",
        "exploding-gradient",
        lambda: heated(*(Block(scale=0.25) for _ in range(10)), fill=normal(0.6)),
        cause=GROWTH,
        twin="residual-heating-ten-quarters",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-heating-three-great-steps",
        "unstable-updates",
        lambda: heated(*(Block(nn.SiLU) for _ in range(3)), lr=0.3),
        cause=STEP,
        twin="residual-heating-three-small-steps",
        also=("exploding-activation", "exploding-gradient", "dead-units", "vanishing-gradient"),
    ),
    faulty(
        "residual-rows-of-0-over-0",
        "non-finite",
        lambda: standardised(0.0),
        cause=OPERATION + r"|data|input|batch",
        twin="residual-rows-of-0-kept-apart",
    ),
)
