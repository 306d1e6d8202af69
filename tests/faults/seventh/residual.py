"""Networks with shortcuts: mixes of concrete, and customers."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, he, squared_error
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventh.making import (
    GROWTH,
    LEFT_OUT,
    STEP,
    WEIGHTS,
    filled,
    normal,
    trained,
)
from tests.faults.seventh.tasks import concrete, customers

WIDTH = 32


class Branch(nn.Sequential):
    """A normalisation and two layers, of which the sum is taken with what came in."""

    def __init__(self, activation: Make = nn.ReLU, *, has_norm: bool = True) -> None:
        norm = nn.LayerNorm(WIDTH) if has_norm else nn.Identity()
        super().__init__(norm, nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))


class Stack(nn.Module):
    """Blocks in a row; `kept` of the sum of shortcut and branch goes on."""

    def __init__(
        self,
        blocks: int,
        inputs: int = 7,
        outputs: int = 1,
        *,
        activation: Make = nn.ReLU,
        has_norm: bool = True,
        kept: float = 1.0,
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, WIDTH)
        self.branches = nn.ModuleList(Branch(activation, has_norm=has_norm) for _ in range(blocks))
        self.head, self.kept = nn.Linear(WIDTH, outputs), kept

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for branch in self.branches:
            x = self.kept * (x + branch(x))
        out: Tensor = self.head(x)
        return out


def ten(kept: float = 1.0, lr: float = 2e-3) -> Job:
    """Ten blocks whose sums go on as they are, or halved, as one takes the mean of two things."""
    return trained(Stack(10, kept=kept, has_norm=False), concrete(), Adam, squared_error, lr=lr)


def six(*, has_norm: bool) -> Job:
    """Six branches of rectifiers by He's rule, normalised before or not at all."""
    model = Stack(6, has_norm=has_norm)
    filled(model.branches, lambda weight: he(weight, 1.3))
    return trained(model, concrete(noise=0.7), Adam, squared_error, lr=4e-3)


class Squashed(Stack):
    """The sum of shortcut and branch goes through a tanh, as the state of a recurrent network does."""

    def __init__(self, deviation: float) -> None:
        super().__init__(4, activation=nn.Tanh, has_norm=False)
        self.squash = nn.Tanh()
        filled(self, normal(deviation))

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for branch in self.branches:
            x = self.squash(x + branch(x))
        out: Tensor = self.head(x)
        return out


def squashed(deviation: float) -> Job:
    return trained(Squashed(deviation), concrete(), Adam, squared_error, lr=3e-3)


def by_rates(fade: float) -> Job:
    """Each stage learns at a rate that is a share of that of the next one."""
    model = Stack(4, activation=nn.SiLU)
    nn.init.normal_(model.enter.weight, std=0.05)
    stages = [model.enter, *model.branches, model.head]
    groups = [
        {"params": [*stage.parameters()], "lr": 1e-2 * fade ** (len(stages) - 1 - place)}
        for place, stage in enumerate(stages)
    ]
    return Job(model, Adam(groups), concrete(), squared_error)


class Reversible(nn.Module):
    """Two halves, each of which adds a function of the other (Gomez et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.head = nn.Linear(7, 2 * WIDTH), nn.Linear(2 * WIDTH, 1)
        self.parts = nn.ModuleList(Branch(nn.GELU) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.enter(x).chunk(2, 1)
        for part in self.parts:
            one, other = other, one + part(other)
        out: Tensor = self.head(torch.cat([one, other], 1))
        return out


class Skipping(Stack):
    """A quarter of the blocks is left out at every step (Huang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for branch in self.branches:
            if not self.training or torch.rand(()) < 0.75:
                x = x + branch(x)
        out: Tensor = self.head(x)
        return out


class Weighed(Stack):
    """Each channel of a branch is weighed by a learned scale of 0.1 at first (Touvron et al., 2021)."""

    def __init__(self) -> None:
        super().__init__(8, 10, 2, activation=nn.GELU)
        self.scales = nn.ParameterList(nn.Parameter(torch.full((WIDTH,), 0.1)) for _ in range(8))

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for scale, branch in zip(self.scales, self.branches, strict=True):
            x = x + scale * branch(x)
        out: Tensor = self.head(x)
        return out


def last_of_each_zero() -> Job:
    """Branches begin with nothing to say: their last layers are 0 (Zhang et al., 2019)."""
    model = Stack(12, has_norm=False)
    for branch in model.branches:
        assert isinstance(branch, Branch)
        nn.init.zeros_(branch[3].weight)  # type: ignore[arg-type]
        nn.init.zeros_(branch[3].bias)  # type: ignore[arg-type]
    return trained(model, concrete(), SGD, squared_error, lr=0.02, momentum=0.9)


programs = (
    healthy("residual-ten-whole-sums", ten),
    healthy("residual-six-normalised", lambda: six(has_norm=True)),
    healthy("residual-squashed-sums", lambda: squashed(0.15)),
    healthy("residual-stages-at-four-fifths", lambda: by_rates(0.8)),
    healthy(
        "residual-two-halves-in-turn", lambda: trained(Reversible(), concrete(), Adam, squared_error, lr=3e-3)
    ),
    healthy(
        "residual-one-in-four-left-out",
        lambda: trained(Skipping(8), concrete(), AdamW, squared_error, lr=3e-3),
    ),
    healthy("residual-weighed-branches", lambda: trained(Weighed(), customers(), RMSprop, lr=1e-3)),
    healthy("residual-last-of-each-zero", last_of_each_zero),
    faulty(
        "residual-ten-halved-sums",
        "vanishing-gradient",
        lambda: ten(0.5),
        cause=GROWTH + r"|skip|shortcut|scale|shrink|halv|mean",
        twin="residual-ten-whole-sums",
    ),
    faulty(
        "residual-ten-at-a-tenth",
        "unstable-updates",
        lambda: ten(lr=0.1),
        cause=STEP,
        twin="residual-ten-whole-sums",
        also=("exploding-activation", "exploding-gradient", "non-finite", "dead-units"),
    ),
    faulty(
        "residual-six-without-norm",
        "exploding-activation",
        lambda: six(has_norm=False),
        cause=GROWTH,
        twin="residual-six-normalised",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-stages-at-a-hundredth",
        "stalled-layer",
        lambda: by_rates(0.01),
        cause=r"learning rate|\blr\b|group|" + LEFT_OUT,
        twin="residual-stages-at-four-fifths",
    ),
    faulty(
        "residual-squashed-by-unit-normals",
        "saturated-units",
        lambda: squashed(1.0),
        cause=WEIGHTS + "|pre-activation",
        twin="residual-squashed-sums",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
)
