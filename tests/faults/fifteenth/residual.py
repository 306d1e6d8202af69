"""Networks with ways past their layers, over hives, cheeses and scrawls."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import ALIKE, GROWTH, SIGMOID, Fill, filled, normal, trained
from tests.faults.fifteenth.tasks import CHEESES, SIGNS, cheeses, hives, scrawls
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Added(nn.Module):
    """Two layers and what came in; a block that is put in another one is added to it once more."""

    def __init__(self, activation: Make = nn.SiLU, *, is_twice: bool = False) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.is_twice = is_twice

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.branch(x)
        return x + out if self.is_twice else out


def row(*blocks: nn.Module, inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, outputs))


def filled_up(fill: Fill, *, is_twice: bool) -> Job:
    model = row(*(Added(is_twice=is_twice) for _ in range(9)), inputs=7, outputs=1)
    return trained(filled(model, fill), hives(), Adam, squared_error, lr=2e-3)


class Highway(nn.Module):
    """A gate says how much of what a layer makes is taken, and how much is kept (Srivastava et al., 2015)."""

    def __init__(self, *, is_swapped: bool) -> None:
        super().__init__()
        self.make, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.is_swapped = is_swapped
        nn.init.xavier_normal_(self.make.weight)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        taken, made = self.gate(x).sigmoid(), nn.functional.gelu(self.make(x))
        one, other = (made, x) if self.is_swapped else (x, made)
        out: Tensor = other * taken + one * (1 - taken)
        return out


def by_highway(*, is_swapped: bool) -> Job:
    model = row(*(Highway(is_swapped=is_swapped) for _ in range(12)), inputs=6, outputs=CHEESES)
    nn.init.xavier_normal_(model[-1].weight)  # type: ignore[arg-type]
    return trained(model, cheeses(), Adam, lr=6e-3)


def from_nothing(*places: int) -> Job:
    """Layers at these places of each branch start at 0, so that a block starts as nothing."""
    blocks = [Added(nn.ReLU) for _ in range(4)]
    for block in blocks:
        for place in places:
            filled(block.branch[place], nn.init.zeros_)
    model = row(*blocks, inputs=7, outputs=1)
    return trained(model, hives(), SGD, squared_error, lr=0.03, momentum=0.8)


# Healthy trainings that look odd


class Again(nn.Module):
    """One block that is run six times, each time a sixth of what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, WIDTH)
        )

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(6):
            x = x + self.branch(x) / 6
        return x


class Opened(Added):
    """What a branch says is multiplied by a learned number from 0 on (Bachlechner et al., 2020)."""

    def __init__(self) -> None:
        super().__init__(nn.ReLU)
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.share * self.branch(x)
        return out


class Dense(nn.Module):
    """Each layer sees all that were before it (Huang et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(8 + 6 * place, 6, 3, padding=1) for place in range(4))
        self.norms = nn.ModuleList(nn.BatchNorm2d(8 + 6 * place) for place in range(4))

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = torch.cat([x, layer(norm(x).relu())], 1)
        return x


def densely() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2), Dense(), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(128, SIGNS),
    )  # fmt: skip
    return trained(model, scrawls(), Adam, lr=1e-2)


programs = (
    healthy("residual-hives-nine-added-once", lambda: filled_up(normal(0.1), is_twice=False)),
    healthy("residual-cheeses-twelve-on-a-highway", lambda: by_highway(is_swapped=False)),
    healthy("residual-hives-branches-end-at-nothing", lambda: from_nothing(2)),
    healthy(
        "residual-hives-one-block-six-times",
        lambda: trained(row(Again(), inputs=7, outputs=1), hives(), AdamW, squared_error, lr=8e-3),
    ),
    healthy(
        "residual-cheeses-ten-opened-slowly",
        lambda: trained(
            row(*(Opened() for _ in range(10)), inputs=6, outputs=CHEESES), cheeses(), Adam, lr=6e-3
        ),
    ),
    healthy("residual-scrawls-each-sees-all", densely),
    faulty(
        "residual-hives-nine-added-twice",
        "exploding-activation",
        lambda: filled_up(normal(0.1), is_twice=True),
        cause=GROWTH + "|skip|shortcut|twice|doubl|sum",
        twin="residual-hives-nine-added-once",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-cheeses-twelve-gates-swapped",
        "vanishing-gradient",
        lambda: by_highway(is_swapped=True),
        cause=SIGMOID + "|gate|carry|highway|skip|shortcut|residual|weights?|initiali[sz]",
        twin="residual-cheeses-twelve-on-a-highway",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "residual-hives-branches-all-at-nothing",
        "symmetric-units",
        lambda: from_nothing(0, 2),
        cause=ALIKE,
        twin="residual-hives-branches-end-at-nothing",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
)
