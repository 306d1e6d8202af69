"""Networks with ways past their layers, over soil, late trams and scans of feathers."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.checkpoint import checkpoint

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import CUT, GROWTH, RATE, STEP, Fill, filled, normal, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventeenth.tasks import BIRDS, MEASURES, REASONS, feathers, soil, trams

WIDTH = 32


class Branch(nn.Module):
    """Two layers and a way past them; past, branch and the sum of both may be multiplied."""

    def __init__(
        self, activation: Make = nn.ReLU, norm: Make = nn.Identity, *, past: float = 1.0, by: float = 1.0,
        whole: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.body = nn.Sequential(norm(), nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.past, self.by, self.whole = past, by, whole

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.whole * (self.past * x + self.by * self.body(x))
        return out


class Gated(nn.Module):
    """A gate that is learned and starts at a tenth, on the branch alone or on the whole sum."""

    def __init__(self, *, is_whole: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.gate, self.is_whole = nn.Parameter(torch.tensor(0.1)), is_whole

    def forward(self, x: Tensor) -> Tensor:
        more = self.body(x)
        return self.gate * (x + more) if self.is_whole else x + self.gate * more


def row(*blocks: nn.Module, inputs: int = MEASURES, outputs: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.ReLU(), nn.Linear(WIDTH, outputs))


def held(*blocks: nn.Module, lr: float = 4e-3, fill: Fill = xavier) -> Job:
    return trained(filled(row(*blocks), fill), soil(), Adam, squared_error, lr=lr)


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


class Spared(nn.Module):
    """Blocks that are computed again on the way back, to spare memory; the older way needs a graph before."""

    def __init__(self, *, is_older: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(MEASURES, WIDTH), *(Branch(nn.SiLU) for _ in range(3)), nn.SiLU(), nn.Linear(WIDTH, 6)
        )
        self.head, self.is_older = nn.Linear(6, 1), is_older

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(checkpoint(self.body, x, use_reentrant=self.is_older))
        return out


def spared(*, is_older: bool) -> Job:
    model = filled(Spared(is_older=is_older), normal(0.1))
    return trained(model, soil(), Adam, squared_error, lr=8e-3)


# Healthy trainings that look odd


class Dense(nn.Module):
    """What each layer makes is laid beside all that came before (Huang et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.more = nn.ModuleList(nn.Linear(MEASURES + 10 * place, 10) for place in range(6))
        self.last = nn.Linear(MEASURES + 60, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.more:
            x = torch.cat([x, layer(x).relu()], 1)
        out: Tensor = self.last(x)
        return out


class Again(nn.Module):
    """One block whose weights serve at all four depths."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.block, self.last = nn.Linear(7, WIDTH), Branch(nn.GELU, norm), nn.Linear(WIDTH, REASONS)

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
    """Each channel looks about alone, then all are mixed; the branch counts a hundredth at first (Liu, 2022)."""

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
        nn.Conv2d(3, 20, 2, stride=2), Spotted(20), Spotted(20), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(80, BIRDS),
    )  # fmt: skip
    return trained(model, feathers(), Adam, lr=1e-2)


programs = (
    healthy("residual-soil-gate-on-the-branch", lambda: held(*(Gated(is_whole=False) for _ in range(5)))),
    healthy("residual-trams-past-once", lambda: late(*(Branch(by=0.3) for _ in range(9)), fill=he, lr=3e-3)),
    healthy(
        "residual-trams-trust-of-a-fiftieth",
        lambda: late(*(Branch(nn.SiLU) for _ in range(3)), kind=Trusting, lr=0.6, trust=0.03),
    ),
    healthy("residual-soil-spared-the-newer-way", lambda: spared(is_older=False)),
    healthy("residual-soil-all-laid-beside", lambda: trained(Dense(), soil(), Adam, squared_error, lr=8e-3)),
    healthy("residual-trams-one-block-again", lambda: trained(Again(), trams(), Adam, lr=6e-3)),
    healthy("residual-soil-halves-in-turn", lambda: held(Both(), Both(), Both(), lr=8e-3)),
    healthy("residual-feathers-hundredths-at-first", patched),
    healthy(
        "residual-soil-over-root-of-two",
        lambda: held(*(Branch(nn.Tanh, whole=0.5**0.5) for _ in range(5)), lr=6e-3),
    ),
    faulty(
        "residual-soil-gate-on-the-whole",
        "vanishing-gradient",
        lambda: held(*(Gated(is_whole=True) for _ in range(5))),
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
        also=("exploding-activation", "exploding-gradient", "non-finite", "vanishing-gradient"),
    ),
    faulty(
        "residual-soil-spared-the-older-way",
        "stalled-layer",
        lambda: spared(is_older=True),
        cause=CUT + "|checkpoint|graph",
        twin="residual-soil-spared-the-newer-way",
        also=("vanishing-gradient",),
    ),
)
