"""Networks with ways past their layers, over yields of wells and jars of honey."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.drawn.dogwood.tasks import HONEYS, honey, wells
from tests.faults.eighth.making import GROWTH, RATE, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """A norm, two layers, and a way past them, which may have been added once too often."""

    def __init__(self, activation: Make = nn.ReLU, norm: Make | None = None, *, past: float = 1.0) -> None:
        super().__init__()
        self.norm = norm() if norm else nn.LayerNorm(WIDTH)
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.past = past

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.past * x + self.branch(self.norm(x))
        return out


def row(*blocks: nn.Module, inputs: int = 8, outputs: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.ReLU(), nn.Linear(WIDTH, outputs))


def past(times: float) -> Job:
    """Ten blocks; what came in is added once, or by a slip twice."""
    model = filled(row(*(Block(past=times) for _ in range(10))), normal(0.1))
    return trained(model, wells(), Adam, squared_error, lr=3e-3)


def taken_over(*, is_known: bool) -> Job:
    """The head is changed for another number of kinds before the optimiser is made, or after."""
    model = row(Block(nn.Tanh), Block(nn.Tanh), inputs=7, outputs=10)
    new = nn.Linear(WIDTH, HONEYS)
    normal(0.01)(new.weight)
    nn.init.zeros_(new.bias)
    if is_known:
        model[-1] = new
    optimizer = Adam(model.parameters(), lr=2e-3)
    model[-1] = new
    return Job(model, optimizer, honey(), kinds)


def kinds(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1])


# Healthy trainings that look odd


class Highway(nn.Module):
    """Gates that start all but closed, so that everything goes past (Srivastava et al., 2015)."""

    def __init__(self, shut: float) -> None:
        super().__init__()
        self.change, self.gate, self.act = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Sigmoid()
        nn.init.constant_(self.gate.bias, shut)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.act(self.gate(x))
        out: Tensor = x + gate * (self.change(x).relu() - x)
        return out


class Dialled(Block):
    """A branch times one number that starts at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__(nn.ReLU, nn.Identity)
        self.dial = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.dial * self.branch(x)
        return out


programs = (
    healthy("residual-wells-ten-added-once", lambda: past(1.0)),
    healthy("residual-honey-head-changed-before", lambda: taken_over(is_known=True)),
    healthy(
        "residual-honey-gates-all-but-shut",
        lambda: trained(
            row(*(Highway(-2.0) for _ in range(6)), inputs=7, outputs=HONEYS), honey(), Adam, lr=6e-3
        ),
    ),
    healthy(
        "residual-wells-dials-from-0",
        lambda: trained(row(*(Dialled() for _ in range(8))), wells(), Adam, squared_error, lr=6e-3),
    ),
    faulty(
        "residual-wells-ten-added-twice",
        "exploding-activation",
        lambda: past(2.0),
        cause=GROWTH + "|skip|shortcut|sum|added|twice",
        twin="residual-wells-ten-added-once",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-honey-head-changed-after",
        "stalled-layer",
        lambda: taken_over(is_known=False),
        cause=RATE,
        twin="residual-honey-head-changed-before",
    ),
)
