"""Residual networks, and mixers of patches, which are residual too."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, cross_entropy, he, squared_error
from tests.faults.fourth.making import GROWTH, STEP, Warmed, filled, trained
from tests.faults.fourth.tasks import COLOURS, cases, coloured, waves_of
from tests.faults.program import Job, faulty, healthy

WIDTH = 24


class Branch(nn.Module):
    """Adds two layers, times a number a unit (Touvron et al., 2021); something may follow the sum."""

    def __init__(self, norm: Make = nn.Identity, after: Make = nn.Identity, scale: float = 1.0) -> None:
        super().__init__()
        self.norm, self.inner, self.after = norm(), chain([WIDTH, WIDTH, WIDTH]), after()
        self.scale = nn.Parameter(torch.full((WIDTH,), scale))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.after(x + self.scale * self.inner(self.norm(x)))
        return out


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def tower(blocks: list[nn.Module], inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, 1))


def squashed(after: Make) -> Job:
    """Eight blocks, with an activation on the way past them, or with none."""
    model = tower([Branch(layer_norm, after) for _ in range(8)], 8)
    return trained(model, cases(), Adam, squared_error, lr=5e-3)


def scaled(scale: float) -> Job:
    """Six blocks without normalisation whose branches are scaled by a tenth, or by ten, at the start."""
    model = filled(tower([Branch(scale=scale) for _ in range(6)], 6), he)
    return trained(model, waves_of(), AdamW, squared_error, lr=3e-3)


class Dropped(Branch):
    """Leaves the branch out for some examples, drawn anew each time (Huang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        kept = (torch.rand(len(x), 1) < 0.6).float() / 0.6 if self.training else 1.0
        out: Tensor = x + kept * self.inner(self.norm(x))
        return out


def dropped() -> Job:
    model = tower([Dropped(layer_norm) for _ in range(5)], 8)
    return trained(model, cases(), Adam, squared_error, lr=1e-2)


def from_zero_gain() -> Job:
    """The last normalisation of each branch begins with a gain of 0, so that blocks begin as nothing."""
    model = tower([Branch(layer_norm) for _ in range(5)], 6)
    for block in list(model)[1:-1]:
        assert isinstance(block, Branch)
        gain = nn.LayerNorm(WIDTH)
        nn.init.zeros_(gain.weight)
        block.inner.append(gain)
    return trained(model, waves_of(), SGD, squared_error, lr=0.05, momentum=0.9)


class Mixed(nn.Module):
    """Mixes between patches and then within each (Tolstikhin et al., 2021)."""

    def __init__(self, patches: int, norm: Make, activation: Make) -> None:
        super().__init__()
        self.between = nn.Sequential(norm(), Turned(chain([patches, 24, patches], activation)))
        self.within = nn.Sequential(norm(), chain([WIDTH, 48, WIDTH], activation))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.between(x)
        out: Tensor = x + self.within(x)
        return out


class Turned(nn.Module):
    """Applies what it holds along the last axis but one."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x.transpose(1, 2)).transpose(1, 2)
        return out


class Mixer(nn.Module):
    """Patches of 4 x 4 of a coloured image, mixed by some blocks."""

    def __init__(self, blocks: int, norm: Make = layer_norm, activation: Make = nn.GELU) -> None:
        super().__init__()
        self.enter, self.head = nn.Linear(48, WIDTH), nn.Linear(WIDTH, COLOURS)
        self.blocks = nn.Sequential(*(Mixed(9, norm, activation) for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        patches = x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
        out: Tensor = self.head(self.blocks(self.enter(patches)).mean(1))
        return out


def mixer(norm: Make = layer_norm) -> Job:
    """Six blocks with weights by He's rule times a gain, which a normalisation before them takes back."""
    model = Mixer(6, norm, nn.ReLU)
    filled(model, lambda weight: he(weight, 1.5))
    nn.init.normal_(model.head.weight, std=0.1)
    return trained(model, coloured(batch=16), AdamW, lr=3e-3)


def descending(lr: float) -> Job:
    return trained(Mixer(2), coloured(batch=24), SGD, lr=lr, momentum=0.9)


def warmed() -> Job:
    """The rate rises over all of the steps that are taken."""
    model = Mixer(2, activation=nn.SiLU)
    return Job(model, Warmed(model.parameters(), lr=1e-2, steps=60), coloured(), cross_entropy)


programs = (
    healthy("residual-free-way", lambda: squashed(nn.Identity)),
    healthy("residual-scale-of-a-tenth", lambda: scaled(0.1)),
    healthy("residual-blocks-left-out", dropped),
    healthy("residual-gain-from-zero", from_zero_gain),
    healthy("mixer-six-blocks", mixer),
    healthy("mixer-descending", lambda: descending(0.05)),
    healthy("mixer-warming", warmed),
    faulty(
        "residual-sigmoid-on-the-way",
        "vanishing-gradient",
        lambda: squashed(nn.Sigmoid),
        cause="sigmoid|saturat|slope|flat end|activation",
        twin="residual-free-way",
    ),
    faulty(
        "residual-scale-of-ten",
        "exploding-gradient",
        lambda: scaled(10.0),
        cause=GROWTH + "|scale|factor|gain",
        twin="residual-scale-of-a-tenth",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mixer-without-norm",
        "exploding-gradient",
        lambda: mixer(nn.Identity),
        cause=GROWTH,
        twin="mixer-six-blocks",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mixer-rate-of-three",
        "unstable-updates",
        lambda: descending(3.0),
        cause=STEP,
        twin="mixer-descending",
        also=("non-finite", "exploding-activation", "exploding-gradient"),
    ),
)
