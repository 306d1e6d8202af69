"""Residual and highway networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, he
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import ALIKE, CUT, STEP, WEIGHTS, trained
from tests.faults.report.tasks import CLASSES, gratings, rings
from tests.faults.tasks import Pairs

WIDTH = 24
Make = Callable[[], nn.Module]


class Tower(nn.Module):
    """Blocks in a row, between a first and a last layer."""

    def __init__(self, block: Make, blocks: int, norm: Make = nn.Identity) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(2, WIDTH), norm(), nn.Linear(WIDTH, 3)
        self.blocks = nn.Sequential(*(block() for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.norm(self.blocks(self.first(x))))
        return out


class Block(nn.Module):
    """Adds two layers of He's initialisation to what it gets, which it may count more than once."""

    def __init__(self, skip: float = 1.0, norm: Make = nn.Identity) -> None:
        super().__init__()
        self.norm, self.inner, self.skip = norm(), chain([WIDTH, WIDTH, WIDTH]), skip
        for layer in (self.inner[0], self.inner[2]):
            assert isinstance(layer, nn.Linear)
            he(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.skip * x + self.inner(self.norm(x))
        return out


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def tower(blocks: int, norm: Make = layer_norm, skip: float = 1.0, lr: float = 2e-3) -> Job:
    model = Tower(lambda: Block(skip, norm), blocks, norm)
    return trained(model, rings(), AdamW, lr=lr)


def by_descent(lr: float, momentum: float) -> Job:
    model = Tower(lambda: Block(1.0, layer_norm), 3, layer_norm)
    return trained(model, rings(), SGD, lr=lr, momentum=momentum, nesterov=True)


def zeroed(places: tuple[int, ...]) -> Job:
    """Branches whose last layer begins at 0, as advised, or all of whose layers do."""
    model = Tower(Block, 4)
    for block in model.blocks:
        assert isinstance(block, Block)
        for place in places:
            for parameter in block.inner[place].parameters():
                nn.init.zeros_(parameter)
    return trained(model, rings(), Adam, lr=5e-3)


class Highway(nn.Module):
    """A gate between what came in and what a layer makes of it (Srivastava, Greff & Schmidhuber, 2015)."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.change, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation, self.squash = nn.ReLU(), nn.Sigmoid()
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.squash(self.gate(x))
        out: Tensor = gate * self.activation(self.change(x)) + (1 - gate) * x
        return out


def highway(bias: float) -> Job:
    return trained(Tower(lambda: Highway(bias), 5), rings(), Adam, lr=1e-2)


class RootMeanSquare(nn.Module):
    """Divides by the size, which may be 0."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.safe = safe

    def forward(self, x: Tensor) -> Tensor:
        return x / (x.square().mean(-1, keepdim=True) + self.safe).sqrt()


def padded(safe: float) -> Job:
    """Some examples are padding, all 0, and the first layer has no bias."""
    model = Tower(lambda: Block(1.0, lambda: RootMeanSquare(safe)), 3)
    model.first = nn.Linear(2, WIDTH, bias=False)
    batches: Pairs = [(x * (torch.arange(len(x)) < 60)[:, None], y) for x, y in rings()]
    return trained(model, batches, Adam, lr=3e-3)


class Images(nn.Module):
    """A residual network of convolutions, batch-normalised, whose blocks begin as nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2)
        self.branches = nn.ModuleList(self._branch() for _ in range(3))
        self.head = nn.Linear(16, CLASSES)

    @staticmethod
    def _branch() -> nn.Module:
        last = nn.BatchNorm2d(16)
        nn.init.zeros_(last.weight)
        narrow = [nn.Conv2d(16, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True)]
        return nn.Sequential(*narrow, nn.Conv2d(8, 16, 3, padding=1, bias=False), last)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu()
        for branch in self.branches:
            x = (x + branch(x)).relu_()
        out: Tensor = self.head(x.mean((2, 3)))
        return out


class Dropped(Block):
    """Leaves its branch out at random, for the whole batch (stochastic depth)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if torch.rand(()) < 0.7 else x


GROWTH = WEIGHTS + "|normali[sz]|skip|residual|branch|depth"
programs = (
    healthy("residual-tower", lambda: tower(24)),
    healthy("residual-short-tower", lambda: tower(16)),
    healthy("residual-nesterov", lambda: by_descent(0.02, 0.9)),
    healthy("residual-last-layer-zero", lambda: zeroed((2,))),
    healthy("residual-highway", lambda: highway(-1.0)),
    healthy("residual-padded", lambda: padded(0.01)),
    healthy("residual-images", lambda: trained(Images(), gratings(), SGD, lr=0.1, momentum=0.9)),
    healthy(
        "residual-stochastic-depth",
        lambda: trained(Tower(lambda: Dropped(1.0, layer_norm), 6, layer_norm), rings(), Adam, lr=3e-3),
    ),
    faulty(
        "residual-he-without-norm",
        "exploding-activation",
        lambda: tower(24, nn.Identity),
        cause=GROWTH,
        twin="residual-tower",
        also=("exploding-gradient",),
    ),
    faulty(
        "residual-skip-added-twice",
        "exploding-gradient",
        lambda: tower(16, nn.Identity, skip=2.0),
        cause=GROWTH,
        twin="residual-short-tower",
        also=("exploding-activation",),
    ),
    faulty(
        "residual-nesterov-999",
        "unstable-updates",
        lambda: by_descent(0.3, 0.999),
        cause=STEP + "|momentum",
        twin="residual-nesterov",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "residual-branches-all-zero",
        "symmetric-units",
        lambda: zeroed((0, 2)),
        cause=ALIKE,
        twin="residual-last-layer-zero",
        also=("stalled-layer",),
    ),
    faulty(
        "residual-closed-gates",
        "stalled-layer",
        lambda: highway(-25.0),
        cause="gate|saturat|bias|flat end|slope|sigmoid|" + CUT,
        twin="residual-highway",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "residual-norm-of-padding",
        "non-finite",
        lambda: padded(0.0),
        cause="divi|undefined|zero|\\b0\\b|root|deriv|operation",
        twin="residual-padded",
    ),
)
