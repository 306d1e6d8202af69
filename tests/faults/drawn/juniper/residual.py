"""Networks with ways past their layers, over vanes and windmills."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, cross_entropy, squared_error, xavier
from tests.faults.drawn.juniper.tasks import QUARTERS, vanes, windmills
from tests.faults.eighth.making import ALIKE, GROWTH, RATE, STEP, Fill, constant, filled, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Past(nn.Module):
    """Two layers and a way past them, which the loop over blocks may have added once more."""

    def __init__(self, activation: Make, past: float = 1.0) -> None:
        super().__init__()
        self.past = past
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.past * x + self.branch(x)
        return out


def pointed(fill: Fill = xavier, lr: float = 6e-3) -> Job:
    """The head at one rate and what is before it at another, as one tunes what is known; here nothing is."""
    blocks = [Past(nn.Tanh) for _ in range(3)]
    model = nn.Sequential(nn.Linear(7, WIDTH), *blocks, nn.ReLU(), nn.Linear(WIDTH, QUARTERS))
    filled(model, fill)
    groups: list[dict[str, Any]] = [{"params": model[:-1].parameters(), "lr": lr}]
    return Job(model, Adam([*groups, {"params": model[-1].parameters()}], lr=6e-3), vanes(), cross_entropy)


def added(times: float, lr: float = 3e-3) -> Job:
    """Nine blocks of rectifiers, each added to what came in once, or twice."""
    blocks = [Past(nn.ReLU, past=times) for _ in range(9)]
    return trained(filled(between(*blocks), xavier), windmills(), Adam, squared_error, lr=lr)


def between(*blocks: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, WIDTH), *blocks, nn.Linear(WIDTH, 1))


# Healthy trainings that look odd


class Opened(nn.Module):
    """A branch times a number that starts at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.open = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.open * self.branch(x)
        return out


class Highway(nn.Module):
    """A gate that starts almost shut says how much is new (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.new, self.gate, self.open = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.open(self.gate(x)) * (F.relu(self.new(x)) - x)
        return out


programs = (
    healthy("residual-windmills-nine-added-once", lambda: added(1.0)),
    healthy("residual-vanes-three-by-glorot", pointed),
    healthy(
        "residual-windmills-eight-open-from-0",
        lambda: trained(between(*(Opened() for _ in range(8))), windmills(), Adam, squared_error, lr=8e-3),
    ),
    healthy(
        "residual-windmills-highway",
        lambda: trained(between(*(Highway() for _ in range(5))), windmills(), Adam, squared_error, lr=8e-3),
    ),
    faulty(
        "residual-windmills-nine-added-twice",
        "exploding-activation",
        lambda: added(2.0),
        cause=GROWTH + "|twice|shortcut|skip",
        twin="residual-windmills-nine-added-once",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-vanes-three-of-one-number",
        "symmetric-units",
        lambda: pointed(constant(0.02)),
        cause=ALIKE,
        twin="residual-vanes-three-by-glorot",
        also=("vanishing-gradient", "exploding-activation", "saturated-units"),
    ),
    faulty(
        "residual-windmills-rate-of-an-eighth",
        "unstable-updates",
        lambda: added(1.0, 0.125),
        cause=STEP,
        twin="residual-windmills-nine-added-once",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "residual-vanes-body-at-a-tuning-rate",
        "stalled-layer",
        lambda: pointed(lr=1e-6),
        cause=RATE,
        twin="residual-vanes-three-by-glorot",
    ),
)
