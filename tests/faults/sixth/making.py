"""What the programs of this part share: schedules, errors and the patterns of causes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tests.faults.fifth.making import (
    ALIKE,
    CUT,
    DATA,
    GROWTH,
    INPUT,
    LEFT_OUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Loss,
    constant,
    filled,
    seen_through,
    trained,
    weighted,
)
from tests.faults.program import Batch

__all__ = [
    "ALIKE",
    "CUT",
    "DATA",
    "DRAWN",
    "GROWTH",
    "INPUT",
    "LEFT_OUT",
    "SIGMOID",
    "STEP",
    "UNDEFINED",
    "WEIGHTS",
    "Loss",
    "PacedAdam",
    "PacedDescent",
    "constant",
    "filled",
    "rates",
    "seen_through",
    "told",
    "trained",
    "weighted",
]

# Why units never fire from the beginning on
DRAWN = r"bias|born dead|initiali[sz]|weights?\b|never (positive|above)|offset|shift"


def rates(schedule: Callable[[Optimizer], LRScheduler], lr: float, steps: int = 60) -> list[float]:
    """What one of PyTorch's schedules makes of a rate, step by step."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    scheduler, found = schedule(optimizer), []
    for _ in range(steps):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


def advance(optimizer: Optimizer) -> None:
    """Set the rate of the next step; it is kept in the groups, which a copy has too."""
    for group in optimizer.param_groups:
        group["lr"] = group["rates"][min(group["taken"], len(group["rates"]) - 1)]
        group["taken"] += 1


class PacedDescent(SGD):
    """Descent by a list of rates."""

    def __init__(self, parameters: Any, rates: Sequence[float], **settings: Any) -> None:
        groups = [{"params": list(parameters), "rates": tuple(rates), "taken": 0}]
        super().__init__(groups, lr=rates[0], **settings)

    def step(self, closure: Any = None) -> Any:
        advance(self)
        return super().step(closure)


class PacedAdam(Adam):
    """Adam by a list of rates."""

    def __init__(self, parameters: Any, rates: Sequence[float], **settings: Any) -> None:
        groups = [{"params": list(parameters), "rates": tuple(rates), "taken": 0}]
        super().__init__(groups, lr=rates[0], **settings)

    def step(self, closure: Any = None) -> Any:
        advance(self)
        return super().step(closure)


def told(model: nn.Module, batch: Batch) -> Tensor:
    """Of two classes by one logit."""
    x, y = batch
    return F.binary_cross_entropy_with_logits(model(x).squeeze(-1), y.float())
