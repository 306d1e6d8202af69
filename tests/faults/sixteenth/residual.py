"""Networks with ways past their layers: where a satellite will be, and where a dish will point."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.eighth.making import CUT, GROWTH, INPUT, STEP, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixteenth.making import SMALLER, Decaying
from tests.faults.sixteenth.tasks import orbits, pointings
from tests.faults.tenth.making import OPERATION

WIDTH = 32


class Block(nn.Module):
    """Two layers and a way past them; both may be multiplied, by numbers that are fixed or a learned one."""

    def __init__(
        self, activation: Make = nn.ReLU, *, past: float = 1.0, scale: float | nn.Parameter = 1.0
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.past, self.scale = past, scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.past * x + self.scale * self.branch(x)
        return out


def weighed(past: float = 1.0, *, is_by_rate: bool = True, radius: float = 1.0) -> Job:
    """A fifth of each branch, or of each branch and of what went past it.

    Weights decay by three tenths of a step, or by three tenths; places are in radii of the earth or not.
    """
    unit = torch.tensor([radius, radius, 1.0, 1.0, 1.0, 1.0])
    blocks = (Block(nn.SiLU, past=past, scale=0.2) for _ in range(7))
    model = filled(nn.Sequential(nn.Linear(6, WIDTH), *blocks, nn.Linear(WIDTH, 2)), xavier)
    optimizer = Decaying(model.parameters(), 5e-3, 0.3, is_by_rate=is_by_rate)
    return Job(model, optimizer, seen_through(lambda x: x * unit, orbits()), squared_error)


def opened(*, is_learned: bool) -> Job:
    """Branches times a number that starts at 0, and is learned (Bachlechner et al., 2021) or is not."""
    model = nn.Sequential(nn.Linear(6, WIDTH))
    for _ in range(4):
        scale = nn.Parameter(torch.zeros(()), requires_grad=is_learned)
        model.append(Block(nn.GELU, scale=scale))
    model.append(nn.Linear(WIDTH, 2))
    return trained(model, orbits(), Adam, squared_error, lr=8e-3)


class Drift(nn.Module):
    """A state that moves for a while, in so many steps of Euler; each is as long as told."""

    def __init__(self, steps: int, long: float) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(6, WIDTH), nn.Linear(WIDTH, 2)
        self.move = nn.Sequential(nn.Linear(WIDTH, 48), nn.SiLU(), nn.Linear(48, WIDTH))
        self.steps, self.long = steps, long

    def forward(self, x: Tensor) -> Tensor:
        state = self.enter(x)
        for _ in range(self.steps):
            state = state + self.long * self.move(state)
        out: Tensor = self.last(state)
        return out


def drifted(steps: int, long: float) -> Job:
    return trained(filled(Drift(steps, long), xavier), orbits(), Adam, squared_error, lr=4e-3)


class Pointer(nn.Module):
    """Where the dish points, and what is added to it: nothing at first."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = chain([7, 48, 48, 3], nn.SiLU)
        init.zeros_(self.turn[-1].weight)  # type: ignore[arg-type]
        init.zeros_(self.turn[-1].bias)  # type: ignore[arg-type]

    def forward(self, at: Tensor, told: Tensor) -> Tensor:
        return F.normalize(at + self.turn(torch.cat([at, told], 1)), dim=1)


class Angle:
    """The angle to where it should point, by a cosine that is kept off its ends or is not."""

    def __init__(self, off: float) -> None:
        self.most = 1 - off

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        near: Tensor = (model(batch[0], batch[1]) * batch[2]).sum(1)
        return near.clamp(-self.most, self.most).acos().mean()


def pointed(off: float) -> Job:
    return trained(Pointer(), pointings(), Adam, Angle(off), lr=5e-3)


programs = (
    healthy("residual-orbits-fifth-of-branches", weighed),
    healthy("residual-orbits-opened-by-learning", lambda: opened(is_learned=True)),
    healthy("residual-orbits-thirty-short-steps", lambda: drifted(30, 1 / 30)),
    healthy("residual-pointings-off-the-ends", lambda: pointed(1e-3)),
    faulty(
        "residual-orbits-fifth-of-sums",
        "vanishing-gradient",
        lambda: weighed(0.2),
        cause="weights?|initiali[sz]" + SMALLER,
        twin="residual-orbits-fifth-of-branches",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "residual-orbits-never-opened",
        "stalled-layer",
        lambda: opened(is_learned=False),
        cause=CUT + "|zero|\\b0\\b|multipl|gate|scale|branch",
        twin="residual-orbits-opened-by-learning",
        also=("vanishing-gradient",),
    ),
    faulty(
        "residual-orbits-decay-by-itself",
        "unstable-updates",
        lambda: weighed(is_by_rate=False),
        cause=STEP + "|decay",
        twin="residual-orbits-fifth-of-branches",
        also=("vanishing-gradient",),
    ),
    faulty(
        "residual-orbits-in-kilometres",
        "unscaled-input",
        lambda: weighed(radius=6371.0),
        cause=INPUT + "|scale",
        twin="residual-orbits-fifth-of-branches",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "residual-orbits-thirty-whole-steps",
        "exploding-gradient",
        lambda: drifted(30, 1.0),
        cause=GROWTH + "|step|scale",
        twin="residual-orbits-thirty-short-steps",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "residual-pointings-at-the-ends",
        "non-finite",
        lambda: pointed(0.0),
        cause=OPERATION + "|a?cos|angle",
        twin="residual-pointings-off-the-ends",
    ),
)
