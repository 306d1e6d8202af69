"""Residual networks over customers, concrete and cloth."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Adamax, AdamW

from tests.faults.building import Make, cross_entropy, he, squared_error
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixth.making import (
    GROWTH,
    INPUT,
    PacedDescent,
    filled,
    rates,
    seen_through,
    told,
    trained,
)
from tests.faults.sixth.tasks import FABRICS, concrete, customers, fabrics

WIDTH = 24


class Branch(nn.Module):
    """Two layers beside a free way, after a normalisation or without one."""

    def __init__(self, norm: bool = True, activation: Make = nn.ReLU, factor: float = 1.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH) if norm else nn.Identity()
        self.one, self.two, self.activation = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), activation()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.factor * self.two(self.activation(self.one(self.norm(x))))
        return out


def tower(blocks: int = 4, **settings: object) -> nn.Sequential:
    middle = [Branch(**settings) for _ in range(blocks)]  # type: ignore[arg-type]
    return nn.Sequential(nn.Linear(8, WIDTH), *middle, nn.Linear(WIDTH, 1))


def fourteen(*, is_normalised: bool) -> Job:
    """Fourteen blocks by He's rule, with what normalises them or after it was commented out."""
    model = filled(tower(14, norm=is_normalised), he)
    return trained(model, customers(), AdamW, told, lr=1e-3)


def multiplied(factor: float) -> Job:
    """Branches of twelve blocks count a fifth, or three times as much as the way past them."""
    return trained(filled(tower(12, norm=False, factor=factor), he), concrete(), Adam, squared_error, lr=1e-3)


def by_adamax(lr: float) -> Job:
    return trained(tower(4, activation=nn.SiLU), concrete(), Adamax, squared_error, lr=lr)


def of_seconds(*, is_raw: bool) -> Job:
    """When a customer came, in seconds since 1970, beside the others, or about its mean in years."""

    def told_when(x: Tensor) -> Tensor:
        when = x[:, -1:]
        return torch.cat([x[:, :-1], 1.6e9 + 4e7 * when if is_raw else when], 1)

    return trained(
        filled(tower(3, norm=False), he), seen_through(told_when, customers()), Adam, told, lr=3e-3
    )


class Shortcut(nn.Module):
    """A body of convolutions, each added to what went in."""

    def __init__(self, *, squeezed: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(12) for _ in range(3))
        self.fire = nn.ModuleList(nn.ReLU() for _ in range(3))
        self.head = nn.Linear(12, FABRICS)
        self.weigh = nn.ModuleList(nn.Linear(12, 12) for _ in range(3)) if squeezed else None

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.stem(x), 2)
        for place, (conv, norm, fire) in enumerate(zip(self.convs, self.norms, self.fire, strict=True)):
            branch = fire(norm(conv(x)))
            if self.weigh is not None:
                branch = branch * self.weigh[place](branch.mean((2, 3))).sigmoid()[..., None, None]
            x = x + branch
        out: Tensor = self.head(x.mean((2, 3)))
        return out


def cloths(lr: float = 1e-2, kind: Callable[..., torch.optim.Optimizer] = Adam, **settings: object) -> Job:
    return trained(Shortcut(**settings), fabrics(), kind, lr=lr)  # type: ignore[arg-type]


def warmed(least: float) -> Job:
    """A rate that grows from a hundredth of itself within twenty steps."""
    model = Shortcut(squeezed=True)
    paced = rates(lambda of: torch.optim.lr_scheduler.LinearLR(of, least, 1.0, 20), 0.03)
    return Job(model, PacedDescent(model.parameters(), paced, momentum=0.8), fabrics(), cross_entropy)


class Again(nn.Module):
    """One block is passed five times, with a little of it added each time."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.block, self.head = nn.Linear(8, WIDTH), Branch(), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = self.enter(x)
        for _ in range(5):
            state = state + 0.3 * (self.block(state) - state)
        out: Tensor = self.head(state)
        return out


class FromZero(Branch):
    """The branch is multiplied by a learned number that begins at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__(norm=False, activation=nn.Tanh)
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.share * self.two(self.activation(self.one(x)))
        return out


programs = (
    healthy("residual-fourteen-normalised", lambda: fourteen(is_normalised=True)),
    healthy("residual-branches-count-a-fifth", lambda: multiplied(0.2)),
    healthy("residual-adamax-slowly", lambda: by_adamax(5e-3)),
    healthy("residual-years-about-their-mean", lambda: of_seconds(is_raw=False)),
    healthy("residual-warmed-within-twenty", lambda: warmed(0.01)),
    healthy("residual-one-block-five-times", lambda: trained(Again(), customers(), Adam, told, lr=5e-3)),
    healthy(
        "residual-shares-from-zero",
        lambda: trained(
            nn.Sequential(nn.Linear(8, WIDTH), *(FromZero() for _ in range(6)), nn.Linear(WIDTH, 1)),
            concrete(),
            Adam,
            squared_error,
            lr=1e-2,
        ),
    ),
    healthy("residual-cloth-by-descent", lambda: cloths(0.05, SGD)),
    faulty(
        "residual-fourteen-without-norm",
        "exploding-activation",
        lambda: fourteen(is_normalised=False),
        cause=GROWTH,
        twin="residual-fourteen-normalised",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-branches-count-threefold",
        "exploding-gradient",
        lambda: multiplied(3.0),
        cause=GROWTH + "|factor|scale",
        twin="residual-branches-count-a-fifth",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "residual-seconds-since-1970",
        "unscaled-input",
        lambda: of_seconds(is_raw=True),
        cause=INPUT,
        twin="residual-years-about-their-mean",
        also=("unstable-updates", "dead-units", "exploding-gradient"),
    ),
)
