"""Blocks that add to what went in: grades of wines, drawings, and who leaves."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he
from tests.faults.eighth.making import (
    CUT,
    GROWTH,
    STEP,
    WEIGHTS,
    Fill,
    constant,
    normal,
    seen_through,
    trained,
    weighted,
)
from tests.faults.eleventh.cnn import about_0
from tests.faults.eleventh.tasks import DRAWINGS, WINES, churn, doodles, wines
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """Two layers beside a way past them, which may be missing."""

    def __init__(
        self, width: int, activation: Make, norm: Make, *, is_past: bool = True, keep: float = 1.0
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(norm(), nn.Linear(width, width), activation(), nn.Linear(width, width))
        self.is_past, self.keep = is_past, keep

    def forward(self, x: Tensor) -> Tensor:
        if self.training and float(torch.rand(())) > self.keep:
            return x
        branch: Tensor = self.branch(x)
        return x + branch if self.is_past else branch


def tower(
    blocks: int,
    sizes: tuple[int, int] = (11, WINES),
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    fill: Fill | None = None,
    *,
    is_past: bool = True,
    keep: float = 1.0,
) -> nn.Sequential:
    parts = [Block(WIDTH, activation, norm, is_past=is_past, keep=keep) for _ in range(blocks)]
    for part in parts:
        for layer in weighted(part) if fill else ():
            fill(layer.weight)  # type: ignore[misc]
    return nn.Sequential(nn.Linear(sizes[0], WIDTH), *parts, norm(), nn.Linear(WIDTH, sizes[1]))


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def graded(
    blocks: int, norm: Make = nn.Identity, fill: Fill | None = None, lr: float = 4e-3, *, is_past: bool = True
) -> Job:
    return trained(tower(blocks, norm=norm, fill=fill, is_past=is_past), wines(), Adam, lr=lr)


class Convolved(nn.Module):
    """A residual block of convolutions (He et al., 2016) with batch norm, its second gain at 0."""

    def __init__(self, channels: int, *, is_zero: bool = True) -> None:
        super().__init__()
        self.one, self.two = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        self.norms, self.act = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(2)), nn.ReLU()
        if is_zero:
            nn.init.zeros_(self.norms[1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        branch = self.norms[1](self.two(self.act(self.norms[0](self.one(x)))))
        out: Tensor = self.act(x + branch)
        return out


def pictured() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, 10, 3, stride=2, padding=1), nn.ReLU(), Convolved(10), Convolved(10), Convolved(10),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(90, DRAWINGS),
    )  # fmt: skip
    return trained(model, seen_through(about_0, doodles()), SGD, lr=0.1, momentum=0.9)


class Highway(nn.Module):
    """Gates carry what went in, most of it at first (Srivastava et al., 2015)."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, WIDTH), nn.Linear(WIDTH, 2)
        self.ways, self.gates = (
            nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(layers)) for _ in range(2)
        )
        self.tanh, self.sigmoid = nn.Tanh(), nn.Sigmoid()
        for gate in self.gates:
            nn.init.constant_(gate.bias, -2.0)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for way, gate in zip(self.ways, self.gates, strict=True):
            share = self.sigmoid(gate(x))
            x = x + share * (self.tanh(way(x)) - x)
        out: Tensor = self.last(x)
        return out


class Deep(nn.Module):
    """A stem of two numbers, whose gradient is cut by an argument that was meant for inference."""

    def __init__(self, *, is_inferring: bool) -> None:
        super().__init__()
        self.stem, self.rest = nn.Linear(8, 3), tower(2, (3, 2), nn.GELU)
        self.is_inferring = is_inferring

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_inferring):
            seen = 1.5 * self.stem(x).tanh()
        out: Tensor = self.rest(seen)
        return out


programs = (
    healthy("residual-wines-eight-small", lambda: graded(8, fill=normal(0.05))),
    healthy("residual-doodles-gain-of-0", pictured),
    healthy("residual-highway-carries", lambda: trained(Highway(6), churn(), Adam, lr=1e-2)),
    healthy("residual-stem-in-training", lambda: trained(Deep(is_inferring=False), churn(), Adam, lr=1e-2)),
    healthy(
        "residual-wines-one-in-three-skipped",
        lambda: trained(tower(6, activation=nn.GELU, norm=layer_norm, keep=0.67), wines(), AdamW, lr=5e-3),
    ),
    healthy(
        "residual-wines-branches-zero",
        lambda: trained(tower(5, fill=constant(0.0), activation=nn.SiLU), wines(), Adam, lr=1e-2),
    ),
    faulty(
        "residual-wines-ten-without-norm",
        "exploding-activation",
        lambda: graded(10, fill=lambda w: he(w, 1.5)),
        cause=GROWTH,
        twin="residual-wines-ten-he-normed",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    healthy("residual-wines-ten-he-normed", lambda: graded(10, layer_norm, lambda w: he(w, 1.5))),
    faulty(
        "residual-wines-eight-of-halves",
        "exploding-gradient",
        lambda: graded(8, fill=normal(0.5)),
        cause=GROWTH,
        twin="residual-wines-eight-small",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-wines-eight-not-past",
        "vanishing-gradient",
        lambda: graded(8, fill=normal(0.05), is_past=False),
        cause=WEIGHTS + r"|residual|normali[sz]|depth|skip",
        twin="residual-wines-eight-small",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "residual-wines-eight-at-a-fifth",
        "unstable-updates",
        lambda: graded(8, fill=normal(0.05), lr=0.2),
        cause=STEP,
        twin="residual-wines-eight-small",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "dead-units"),
    ),
    faulty(
        "residual-stem-as-in-inference",
        "stalled-layer",
        lambda: trained(Deep(is_inferring=True), churn(), Adam, lr=1e-2),
        cause=CUT,
        twin="residual-stem-in-training",
        also=("vanishing-gradient",),
    ),
)
