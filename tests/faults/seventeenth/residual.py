"""Networks with ways past their layers, over soil, late trams and scans of feathers."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.checkpoint import checkpoint

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import CUT, GROWTH, STEP, Fill, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventeenth.tasks import BIRDS, MEASURES, REASONS, feathers, soil, trams

WIDTH = 32


class Branch(nn.Module):
    """Two layers and a way past them; both may be multiplied."""

    def __init__(
        self, activation: Make = nn.ReLU, norm: Make = nn.Identity, *, past: float = 1.0, by: float = 1.0
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(norm(), nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.past, self.by = past, by

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.past * x + self.by * self.body(x)
        return out


class Gated(nn.Module):
    """A gate that is learned and starts at a tenth, on the branch alone or on the whole sum."""

    def __init__(self, *, is_whole: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.gate, self.is_whole = nn.Parameter(torch.tensor(0.1)), is_whole

    def forward(self, x: Tensor) -> Tensor:
        more = self.body(x)
        out: Tensor = self.gate * (x + more) if self.is_whole else x + self.gate * more
        return out


def row(*blocks: nn.Module, inputs: int = MEASURES, outputs: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.ReLU(), nn.Linear(WIDTH, outputs))


def late(*blocks: nn.Module, fill: Fill = xavier, kind: Any = Adam, **settings: Any) -> Job:
    model = filled(row(*blocks, inputs=7, outputs=REASONS), fill)
    return trained(model, trams(), kind, **settings)


class Trusting(SGD):
    """Each parameter's step is a share of its own norm (You et al., 2017): the rate times a trust."""

    def __init__(self, parameters: Any, lr: float, trust: float) -> None:
        super().__init__([{"params": list(parameters), "trust": trust}], lr=lr, momentum=0.6)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                with torch.no_grad():
                    p.grad.mul_(group["trust"] * (p.norm() + 0.1) / (p.grad.norm() + 1e-9))
        return super().step(closure)


class Spared(nn.Sequential):
    """All but the last two are computed again on the way back, to spare memory.

    The older way of torch to do so needs something before it that asks for a gradient.
    """

    def __init__(self, row: nn.Sequential, *, is_older: bool) -> None:
        super().__init__(row[:-2], row[-2:])
        self.is_older = is_older

    def forward(self, x: Tensor) -> Tensor:
        with warnings.catch_warnings():  # torch gives one, which scrolled by
            warnings.simplefilter("ignore")
            inner = checkpoint(self[0], x, use_reentrant=self.is_older)
        out: Tensor = self[1](inner)
        return out


def gated(*, is_whole: bool = False) -> nn.Sequential:
    model = row(*(Gated(is_whole=is_whole) for _ in range(5)))
    return filled(model, xavier)  # type: ignore[return-value]


def measured(model: nn.Module) -> Job:
    return trained(model, soil(), Adam, squared_error, lr=4e-3)


# Healthy trainings that look odd


class Again(nn.Module):
    """One block whose weights serve at all four depths."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(7, WIDTH), nn.Linear(WIDTH, REASONS)
        self.block = Branch(nn.GELU, norm)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for _ in range(4):
            x = self.block(x)
        out: Tensor = self.last(x)
        return out


class Both(nn.Module):
    """Halves that are added to each other in turn, so that each way can be gone back (Gomez et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = (
            nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        a = a + self.one(b)
        return torch.cat([a, b + self.other(a)], 1)


class Spotted(nn.Module):
    """Each channel looks about alone, then all are mixed; the branch is a hundredth at first (Liu, 2022)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.norm, self.mix = nn.LayerNorm(width), nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )  # fmt: skip
        self.scale = nn.Parameter(torch.full((width,), 1e-2))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.mix(self.norm(self.look(x).movedim(1, -1)))
        out: Tensor = x + (self.scale * inner).movedim(-1, 1)
        return out


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def patched() -> Job:
    model = nn.Sequential(
        nn.Conv2d(3, 20, 2, stride=2), Spotted(20), Spotted(20), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(80, BIRDS),
    )  # fmt: skip
    return trained(model, feathers(), Adam, lr=1e-2)


programs = (
    healthy("residual-soil-gate-on-the-branch", lambda: measured(gated())),
    healthy("residual-trams-past-once", lambda: late(*(Branch(by=0.3) for _ in range(9)), fill=he, lr=3e-3)),
    healthy(
        "residual-trams-trust-of-a-fiftieth",
        lambda: late(*(Branch(nn.SiLU) for _ in range(3)), kind=Trusting, lr=0.6, trust=0.03),
    ),
    healthy("residual-soil-spared-the-newer-way", lambda: measured(Spared(gated(), is_older=False))),
    healthy("residual-trams-one-block-again", lambda: trained(Again(), trams(), Adam, lr=6e-3)),
    healthy("residual-soil-halves-in-turn", lambda: measured(row(Both(), Both(), Both()))),
    healthy("residual-feathers-hundredths-at-first", patched),
    faulty(
        "residual-soil-gate-on-the-whole",
        "vanishing-gradient",
        lambda: measured(gated(is_whole=True)),
        cause=GROWTH + "|gate|scale|shrink|shortcut|skip",
        twin="residual-soil-gate-on-the-branch",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "residual-trams-past-twice",
        "exploding-activation",
        lambda: late(*(Branch(by=0.3, past=2.0) for _ in range(9)), fill=he, lr=3e-3),
        cause=GROWTH + "|scale|sum|shortcut|skip",
        twin="residual-trams-past-once",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-trams-trust-of-one",
        "unstable-updates",
        lambda: late(*(Branch(nn.SiLU) for _ in range(3)), kind=Trusting, lr=0.6, trust=1.0),
        cause=STEP + "|trust|ratio",
        twin="residual-trams-trust-of-a-fiftieth",
        also=("exploding-activation", "exploding-gradient", "dead-units", "vanishing-gradient"),
    ),
    faulty(
        "residual-soil-spared-the-older-way",
        "stalled-layer",
        lambda: measured(Spared(gated(), is_older=True)),
        cause=CUT + "|checkpoint|graph",
        twin="residual-soil-spared-the-newer-way",
        also=("vanishing-gradient",),
    ),
)
