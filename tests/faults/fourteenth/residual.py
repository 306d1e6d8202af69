"""Networks with ways past their layers, over tables of diamonds and pictures of dice."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import GROWTH, RATE, SIGMOID, STEP, Fill, filled, normal, trained
from tests.faults.fourteenth.tasks import FACES, STARS, diamonds, dice, stars
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """Two layers and a way past them, which may have been forgotten."""

    def __init__(
        self, activation: Make = nn.ReLU, norm: Make = nn.Identity, *, scale: float = 1.0, past: float = 1.0
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(norm(), nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.scale, self.past = scale, past

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.past * x + self.scale * self.branch(x)
        return out


class Chanced(Block):
    """A branch that is left out of one training step in four."""

    def forward(self, x: Tensor) -> Tensor:
        return x if self.training and float(torch.rand(())) < 0.25 else super().forward(x)


def row(*blocks: nn.Module, inputs: int = 8, outputs: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.ReLU(), nn.Linear(WIDTH, outputs))


def priced(*blocks: nn.Module, lr: float = 4e-3, fill: Fill = xavier) -> Job:
    return trained(filled(row(*blocks), fill), diamonds(), Adam, squared_error, lr=lr)


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def from_zero() -> Job:
    """The last layer of each branch starts at 0, so that all blocks start as nothing (Zhang et al., 2019)."""
    blocks = [Block(nn.GELU) for _ in range(6)]
    for block in blocks:
        nn.init.zeros_(block.branch[3].weight)  # type: ignore[arg-type]
        nn.init.zeros_(block.branch[3].bias)  # type: ignore[arg-type]
    return trained(row(*blocks), diamonds(), Adam, squared_error, lr=5e-3)


def grouped(lr: float) -> Job:
    """What comes before the head has a rate of its own."""
    model = row(*(Block(nn.SiLU) for _ in range(3)), inputs=6, outputs=STARS)
    filled(model, normal(0.1))
    body, head = [*model[:-1].parameters()], [*model[-1].parameters()]
    groups: list[dict[str, Any]] = [{"params": head}, {"params": body, "lr": lr}]
    return Job(model, Adam(groups, lr=1e-2), stars(), kinds)


def kinds(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1])


class Picture(nn.Module):
    """Two convolutions and a way past them, normed by batch; the second norm starts at 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2))
        nn.init.zeros_(self.norms[1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (x + self.norms[1](self.two(self.norms[0](self.one(x)).relu()))).relu()
        return out


def pictures() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, 10, 3, stride=2), nn.BatchNorm2d(10), nn.ReLU(), Picture(10), Picture(10), nn.Flatten(),
        nn.Linear(160, FACES),
    )  # fmt: skip
    return trained(model, dice(), SGD, lr=0.03, momentum=0.9)


def pushed(lr: float) -> Job:
    return trained(row(Block(nn.SiLU), Block(nn.SiLU)), diamonds(), SGD, squared_error, lr=lr, momentum=0.9)


programs = (
    healthy(
        "residual-diamonds-twelve-fifths", lambda: priced(*(Block(scale=0.2) for _ in range(12)), fill=he)
    ),
    healthy(
        "residual-diamonds-six-past",
        lambda: priced(*(Block(nn.Sigmoid, scale=0.5) for _ in range(5)), lr=8e-3),
    ),
    healthy("residual-diamonds-branches-at-0", from_zero),
    healthy("residual-diamonds-light-momentum", lambda: pushed(0.005)),
    healthy("residual-stars-body-at-half-rate", lambda: grouped(5e-3)),
    healthy(
        "residual-diamonds-a-quarter-left-out",
        lambda: priced(*(Chanced(nn.GELU, layer_norm) for _ in range(5)), lr=6e-3),
    ),
    healthy("residual-dice-last-norms-at-0", pictures),
    healthy(
        "residual-diamonds-normed-by-layer",
        lambda: trained(
            row(*(Block(nn.ReLU, layer_norm) for _ in range(3))), diamonds(), Adam, squared_error, lr=6e-3
        ),
    ),
    faulty(
        "residual-diamonds-twelve-whole",
        "exploding-activation",
        lambda: priced(*(Block(scale=1.0) for _ in range(12)), fill=he),
        cause=GROWTH + "|scale|sum",
        twin="residual-diamonds-twelve-fifths",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-diamonds-not-past",
        "vanishing-gradient",
        lambda: priced(*(Block(nn.Sigmoid, scale=0.5, past=0.0) for _ in range(5)), lr=8e-3),
        cause=SIGMOID + "|residual|shortcut|skip|weights?|branch",
        twin="residual-diamonds-six-past",
        also=("dead-units", "stalled-layer", "saturated-units"),
    ),
    faulty(
        "residual-diamonds-momentum-at-a-fifth",
        "unstable-updates",
        lambda: pushed(0.22),
        cause=STEP + "|momentum",
        twin="residual-diamonds-light-momentum",
        also=("exploding-activation", "exploding-gradient", "non-finite", "vanishing-gradient"),
    ),
    faulty(
        "residual-stars-body-at-no-rate",
        "stalled-layer",
        lambda: grouped(0.0),
        cause=RATE,
        twin="residual-stars-body-at-half-rate",
    ),
)
