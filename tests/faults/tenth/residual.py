"""Blocks that add to what went in: kinds of beans, who was saved, the air of a town."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    GROWTH,
    WEIGHTS,
    Fill,
    Warmed,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.tenth.tasks import KINDS, air, beans, passengers

WIDTH = 32


class Block(nn.Module):
    """Two layers, the sum of both ways unless that was forgotten."""

    def __init__(self, activation: Make, norm: Make, by: float, *, is_added: bool = True) -> None:
        super().__init__()
        self.norm, self.one, self.act = norm(), nn.Linear(WIDTH, WIDTH), activation()
        self.two, self.by, self.is_added = nn.Linear(WIDTH, WIDTH), by, is_added

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.two(self.act(self.one(self.norm(x))))
        return x + self.by * branch if self.is_added else branch


def tower(
    blocks: int = 6,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    by: float = 1.0,
    *,
    fill: Fill | None = None,
    is_added: bool = True,
    sizes: tuple[int, int] = (16, KINDS),
) -> nn.Sequential:
    parts = [Block(activation, norm, by, is_added=is_added) for _ in range(blocks)]
    for part in parts:
        for layer in (part.one, part.two) if fill else ():
            fill(layer.weight)  # type: ignore[misc]
    return nn.Sequential(nn.Linear(sizes[0], WIDTH), *parts, norm(), nn.Linear(WIDTH, sizes[1]))


class Last(nn.Module):
    """Divides by the root mean square of a row, or by a bit more (Zhang & Sennrich, 2019)."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least
        self.gain = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * x / (x.square().mean(-1, keepdim=True) + self.least).sqrt()


class Padded(nn.Module):
    """The last rows of a batch are padding, which is 0; they do not count in the loss."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.first = nn.Linear(16, WIDTH, bias=False)
        self.rest = nn.Sequential(Last(least), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.last = nn.Linear(WIDTH, KINDS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.first(x)
        out: Tensor = self.last(seen + self.rest(seen))
        return out


def padded(least: float) -> Job:
    def empty(x: Tensor) -> Tensor:
        return torch.where(torch.arange(len(x))[:, None] < 60, x, 0.0)

    return trained(Padded(least), seen_through(empty, beans()), Adam, lr=1e-2)


def by_names(*, is_for_norms: bool) -> Job:
    """Every bias is set to 0; and to 1 every weight, or only those of norms."""
    model = tower(4, nn.GELU, lambda: nn.LayerNorm(WIDTH))
    for module in model.modules():
        if isinstance(module, nn.LayerNorm | nn.Linear):
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.LayerNorm if is_for_norms else nn.LayerNorm | nn.Linear):
            nn.init.ones_(module.weight)
    return trained(model, beans(), Adam, lr=5e-3)


class Stem(nn.Module):
    """What a narrow stem makes goes on as it is, or as its data only."""

    def __init__(self, *, is_data: bool) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2), nn.Tanh())
        self.widen, self.is_data = nn.Linear(2, WIDTH), is_data
        self.rest = nn.Sequential(Block(nn.GELU, nn.Identity, 1.0), nn.Linear(WIDTH, 1))

    def forward(self, x: Tensor) -> Tensor:
        seen = self.stem(x)
        out: Tensor = self.rest(self.widen(seen.data if self.is_data else seen))
        return out


def stemmed(*, is_data: bool) -> Job:
    return trained(Stem(is_data=is_data), air(), Adam, squared_error, lr=1e-2)


def shallow(lr: float) -> Job:
    model = tower(3, nn.ReLU, sizes=(5, 1))
    return trained(model, air(), Adam, squared_error, lr=lr)


def from_nothing() -> Job:
    """The last layer of each branch is 0 at first (Goyal et al., 2017)."""
    model = tower(5, nn.ReLU, sizes=(6, 2))
    for part in list(model)[1:6]:
        nn.init.zeros_(part.two.weight)  # type: ignore[union-attr, arg-type]
    return trained(model, passengers(), AdamW, lr=5e-3)


class Skipped(Block):
    """Left out by chance while it trains (Huang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        return x if self.training and float(torch.rand(())) < 0.2 else super().forward(x)


def skipping() -> Job:
    parts = [Skipped(nn.GELU, lambda: nn.LayerNorm(WIDTH), 0.5) for _ in range(4)]
    return trained(
        nn.Sequential(nn.Linear(16, WIDTH), *parts, nn.Linear(WIDTH, KINDS)), beans(), Adam, lr=5e-3
    )


def warmed() -> Job:
    model = tower(4, nn.SiLU, lambda: nn.LayerNorm(WIDTH), sizes=(6, 2))
    return trained(model, passengers(), Warmed, lr=1e-2, steps=12)


def far(fill: Fill, blocks: int = 10) -> Job:
    model = tower(blocks, nn.Tanh, fill=fill, is_added=False)
    return trained(model, beans(), Adam, lr=2e-3)


programs = (
    healthy("residual-ways-added", lambda: trained(tower(8), beans(), Adam, lr=3e-3)),
    healthy(
        "residual-branches-over-four", lambda: trained(tower(14, by=0.25, fill=he), beans(), Adam, lr=2e-3)
    ),
    healthy("residual-root-and-a-bit", lambda: padded(1e-6)),
    healthy("residual-ones-for-norms", lambda: by_names(is_for_norms=True)),
    healthy("residual-stem-as-it-is", lambda: stemmed(is_data=False)),
    healthy("residual-air-in-small-steps", lambda: shallow(8e-3)),
    healthy("residual-branches-of-nothing", from_nothing),
    healthy("residual-skipped-by-chance", skipping),
    healthy("residual-warmed-twelve", warmed),
    healthy(
        "residual-batch-normed-at-half",
        lambda: trained(tower(3, norm=lambda: nn.BatchNorm1d(WIDTH)), beans(), SGD, lr=0.1),
    ),
    faulty(
        "residual-way-forgotten",
        "vanishing-gradient",
        lambda: trained(tower(8, is_added=False), beans(), Adam, lr=3e-3),
        cause=WEIGHTS + r"|residual|skip|depth|norm",
        twin="residual-ways-added",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "residual-fourteen-whole",
        "exploding-activation",
        lambda: trained(tower(14, fill=he), beans(), Adam, lr=2e-3),
        cause=GROWTH,
        twin="residual-branches-over-four",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-root-of-padding",
        "non-finite",
        lambda: padded(0.0),
        cause=OPERATION,
        twin="residual-root-and-a-bit",
    ),
    faulty(
        "residual-ones-for-all",
        "symmetric-units",
        lambda: by_names(is_for_norms=False),
        cause=ALIKE,
        twin="residual-ones-for-norms",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "residual-stem-as-data",
        "stalled-layer",
        lambda: stemmed(is_data=True),
        cause=CUT,
        twin="residual-stem-as-it-is",
        also=("vanishing-gradient",),
    ),
    faulty(
        "residual-none-and-too-strong",
        "exploding-gradient",
        lambda: far(normal(0.9)),
        cause=WEIGHTS + "|saturat",
        twin="residual-none-by-glorot",
        also=("saturated-units", "unstable-updates"),
    ),
    healthy("residual-none-by-glorot", lambda: far(xavier)),
)
