"""Residual networks, and equations of motion that are solved in steps, which are residual too."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import chain, he, squared_error
from tests.faults.fifth.making import GROWTH, LEFT_OUT, STEP, filled, trained
from tests.faults.fifth.tasks import flows, friedman, houses
from tests.faults.program import Job, faulty, healthy

WIDTH = 24


class Branch(nn.Module):
    """Adds two layers times a fixed number."""

    def __init__(self, factor: float = 1.0, *, is_normalised: bool = False) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH) if is_normalised else nn.Identity()
        self.inner, self.factor = chain([WIDTH, WIDTH, WIDTH]), factor

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.factor * self.inner(self.norm(x))
        return out


def tower(blocks: list[nn.Module], inputs: int = 10) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, 1))


def by_depth(power: float) -> Job:
    """Six branches, each times the depth to a power: minus a half keeps the sum on scale."""
    model = filled(tower([Branch(6**power) for _ in range(6)]), he)
    return trained(model, friedman(), Adam, squared_error, lr=1e-2)


class Dense(nn.Module):
    """Every layer sees the sum of all before it, or their mean."""

    def __init__(self, layers: int, *, is_mean: bool) -> None:
        super().__init__()
        self.enter = nn.Linear(6, WIDTH)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU()) for _ in range(layers))
        self.head, self.is_mean = nn.Linear(WIDTH, 1), is_mean

    def forward(self, x: Tensor) -> Tensor:
        found = [self.enter(x)]
        for layer in self.layers:
            before = torch.stack(found)
            found.append(layer(before.mean(0) if self.is_mean else before.sum(0)))
        out: Tensor = self.head(found[-1])
        return out


def dense(*, is_mean: bool) -> Job:
    model = filled(Dense(11, is_mean=is_mean), he)
    return trained(model, houses(), AdamW, squared_error, lr=3e-3)


def weighed(*, is_known: bool) -> Job:
    """Weights are split into length and direction before the optimiser is made, or after it."""
    model = tower([Branch(0.5) for _ in range(3)], 6)
    if not is_known:
        optimizer = Adam(model.parameters(), lr=5e-3)
    for block in list(model)[1:-1]:
        for layer in block.inner:
            if isinstance(layer, nn.Linear):
                weight_norm(layer)
    if is_known:
        optimizer = Adam(model.parameters(), lr=5e-3)
    return Job(model, optimizer, houses(), squared_error)


def by_rmsprop(momentum: float) -> Job:
    model = tower([Branch(is_normalised=True) for _ in range(4)])
    return trained(model, friedman(), RMSprop, squared_error, lr=2e-3, momentum=momentum)


class Shaken(nn.Module):
    """Two branches, shared out by chance anew for each example (Gastaldi, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.one, self.other = chain([WIDTH, WIDTH, WIDTH]), chain([WIDTH, WIDTH, WIDTH])

    def forward(self, x: Tensor) -> Tensor:
        share = torch.rand(len(x), 1) if self.training else 0.5
        seen = self.norm(x)
        out: Tensor = x + share * self.one(seen) + (1 - share) * self.other(seen)
        return out


class Turned(nn.Module):
    """Halves are added to in turns, which can be taken back (Gomez et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = chain([12, 24, 12], nn.GELU), chain([12, 24, 12], nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        one, other = x.chunk(2, 1)
        one = one + self.first(other)
        return torch.cat([one, other + self.second(one)], 1)


def from_nothing() -> Job:
    """The last layer of each branch, and the head, begin at 0; the trunk is as it is (Zhang et al., 2019)."""
    model = tower([Branch() for _ in range(6)])
    for block in list(model)[1:-1]:
        nn.init.zeros_(block.inner[-1].weight)
    nn.init.zeros_(model[-1].weight)
    return trained(model, friedman(), SGD, squared_error, lr=0.06, momentum=0.9)


class Motion(nn.Module):
    """How something moves: by a matrix and a bent function; solved by Euler's method in steps."""

    def __init__(self, fill: float, steps: int = 16, width: int = 16) -> None:
        super().__init__()
        self.enter, self.steps = nn.Linear(2, width), steps
        self.matrix, self.bend = nn.Linear(width, width, bias=False), nn.Linear(width, width)
        self.head = nn.Linear(width, 2)
        nn.init.normal_(self.matrix.weight, std=fill)

    def forward(self, x: Tensor) -> Tensor:
        state = self.enter(x)
        for _ in range(self.steps):
            state = state + (self.matrix(state) + self.bend(state).tanh()) / self.steps * 3
        out: Tensor = self.head(state)
        return out


def moving(fill: float, **settings: float) -> Job:
    return trained(Motion(fill), flows(), Adam, squared_error, **settings)


class Widened(nn.Module):
    """A motion in more directions than are seen, which begin at 0 (Dupont, Doucet & Teh, 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.push = chain([8, 32, 8], nn.Softplus)
        nn.init.zeros_(self.push[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.push[-1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        state = torch.cat([x, x.new_zeros(len(x), 6)], 1)
        for _ in range(6):
            half = state + self.push(state) / 12
            state = state + self.push(half) / 6
        return state[:, :2]


programs = (
    healthy("residual-over-root-of-depth", lambda: by_depth(-0.5)),
    healthy("residual-means-of-all-before", lambda: dense(is_mean=True)),
    healthy("residual-split-before", lambda: weighed(is_known=True)),
    healthy("residual-rmsprop-without-momentum", lambda: by_rmsprop(0.0)),
    healthy(
        "residual-shaken",
        lambda: trained(tower([Shaken() for _ in range(4)]), friedman(), Adam, squared_error, lr=1e-2),
    ),
    healthy(
        "residual-taken-back",
        lambda: trained(tower([Turned() for _ in range(5)]), friedman(), Adam, squared_error, lr=5e-3),
    ),
    healthy("residual-branches-and-head-from-0", from_nothing),
    healthy("ode-small-matrix", lambda: moving(0.05, lr=1e-2)),
    healthy("ode-widened", lambda: trained(Widened(), flows(), Adam, squared_error, lr=1e-2)),
    faulty(
        "residual-times-root-of-depth",
        "exploding-gradient",
        lambda: by_depth(0.5),
        cause=GROWTH + "|factor|scale|multipl",
        twin="residual-over-root-of-depth",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-sums-of-all-before",
        "exploding-activation",
        lambda: dense(is_mean=False),
        cause=GROWTH + "|sum|add",
        twin="residual-means-of-all-before",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-split-after",
        "stalled-layer",
        lambda: weighed(is_known=False),
        cause=LEFT_OUT,
        twin="residual-split-before",
    ),
    faulty(
        "residual-rmsprop-momentum-of-almost-one",
        "unstable-updates",
        lambda: by_rmsprop(0.99),
        cause=STEP + "|momentum",
        twin="residual-rmsprop-without-momentum",
        also=("exploding-activation", "exploding-gradient", "dead-units", "non-finite"),
    ),
    faulty(
        "ode-matrix-of-unit-normals",
        "exploding-gradient",
        lambda: moving(1.0, lr=1e-2),
        cause=GROWTH + "|matrix|eigen",
        twin="ode-small-matrix",
        also=("exploding-activation", "saturated-units", "unstable-updates"),
    ),
)
