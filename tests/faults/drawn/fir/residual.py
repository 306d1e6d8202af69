"""Sums of branches over what pulls on a hoist, and over invoices."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error
from tests.faults.drawn.fir.tasks import PAID, hoists, invoices, vineyards
from tests.faults.eighth.making import GROWTH, RATE, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Branch(nn.Module):
    """Two layers beside what comes in, which is added once or, by a slip, once more."""

    def __init__(self, norm: Make = nn.Identity, *, again: float = 0.0) -> None:
        super().__init__()
        self.norm, self.act = norm(), nn.ReLU()
        self.enter, self.leave = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        for layer in (self.enter, self.leave):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.again = again

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.leave(self.act(self.enter(self.norm(x)))) + self.again * x
        return out


class Sum(nn.Module):
    """Flat numbers through a first layer, branches, perhaps a norm, and a last layer."""

    def __init__(self, inputs: int, outputs: int, *branches: nn.Module, norm: Make = nn.Identity) -> None:
        super().__init__()
        self.first, self.branches = nn.Linear(inputs, WIDTH), nn.Sequential(*branches)
        self.norm, self.last = norm(), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.norm(self.branches(self.first(x.flatten(1)))))
        return out


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def hung(norm: Make) -> Job:
    """Thirteen branches over all that pulled."""
    model = Sum(42, 1, *(Branch(norm) for _ in range(13)), norm=norm)
    return trained(model, hoists(), Adam, squared_error, lr=4e-3)


def gathered(*, is_all: bool) -> Job:
    """The optimiser is given what each part of the model holds, with or without what is in parts of those."""
    model = Sum(8, 1, *(Branch(norm) for _ in range(3)))
    nn.init.normal_(model.first.weight, std=0.1)
    found = [p for part in model.children() for p in part.parameters(recurse=is_all)]
    return Job(model, Adam(found, lr=3e-3), vineyards(), squared_error)


def from_nothing(again: float = 0.0) -> Job:
    """Branches whose last layer starts at 0 (Zhang et al., 2019), so that at first there is no depth."""
    model = Sum(42, 1, *(Branch(again=again) for _ in range(14)))
    for part in model.branches:
        assert isinstance(part, Branch)
        nn.init.zeros_(part.leave.weight)
    return trained(model, hoists(), Adam, squared_error, lr=3e-3)


# Healthy trainings that look odd


class Skipped(nn.Module):
    """A branch that is left out for a share of the steps (Huang et al., 2016)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.branch, self.share = Branch(norm), share

    def forward(self, x: Tensor) -> Tensor:
        return x if self.training and float(torch.rand(())) < self.share else self.branch(x)


programs = (
    healthy("residual-hoists-thirteen-normed", lambda: hung(norm)),
    healthy("residual-vineyards-every-part-gathered", lambda: gathered(is_all=True)),
    healthy("residual-hoists-branches-from-nothing", from_nothing),
    healthy(
        "residual-invoices-branches-left-out",
        lambda: trained(Sum(9, PAID, *(Skipped(0.1 * i) for i in range(4))), invoices(), AdamW, lr=3e-3),
    ),
    faulty(
        "residual-hoists-thirteen-norms-taken-out",
        "exploding-activation",
        lambda: hung(nn.Identity),
        cause=GROWTH,
        twin="residual-hoists-thirteen-normed",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-hoists-skips-added-twice",
        "exploding-gradient",
        lambda: from_nothing(again=1.0),
        cause=GROWTH + "|skip|twice|shortcut|add",
        twin="residual-hoists-branches-from-nothing",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "residual-vineyards-only-outer-parts-gathered",
        "stalled-layer",
        lambda: gathered(is_all=False),
        cause=RATE,
        twin="residual-vineyards-every-part-gathered",
    ),
)
