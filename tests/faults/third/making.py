"""What the programs of the unseen half share, and the patterns of their causes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.building import Scaled, weighted
from tests.faults.program import Batch
from tests.faults.report.making import normal, refilled, trained

__all__ = ["Scaled", "normal", "refilled", "seen_through", "trained", "weighted", "zero_biased"]

# Patterns of causes: wide in their wording, narrow in their meaning
WEIGHTS = r"weights?\b.*\b(small|large)|\b(small|large)\b.*weights?|too large before any update|initiali[sz]"
STEP = r"learning rate|\blr\b|step size|(update|step)s?\b.*\blarge|\blarge a? ?(update|step)s?"
ALIKE = r"same|identical|equal|constant|symmetr|zero|\b0\b"
CUT = r"detach|no_grad|\bcut|no gradient|gradient (is|are)?\s*(exactly )?(0|zero)|not differentiable"
INPUT = r"\binputs?\b|feature|unscaled|standardis"
DATA = r"\bdata\b|\binputs?\b|feature|batch"
GROWTH = WEIGHTS + r"|normali[sz]|residual|branch|depth|over time|time steps?|recurren|state"


def zero_biased(model: nn.Module) -> nn.Module:
    """The model with biases of 0 in its linear and convolutional layers."""
    for layer in weighted(model):
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return model


def seen_through(change: Callable[[Tensor], Tensor], batches: Sequence[Batch]) -> list[Batch]:
    """The batches with their first tensor changed in some way."""
    return [(change(x), *others) for x, *others in batches]


class Rated(torch.optim.SGD):
    """Descent with momentum whose rate is a function of how many steps were taken."""

    def __init__(self, model: nn.Module, lr: float, momentum: float, factors: Sequence[float]) -> None:
        group = {"params": list(model.parameters()), "full": lr, "factors": tuple(factors), "taken": 0}
        super().__init__([group], lr=lr, momentum=momentum)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:  # which a copy has too, unlike attributes
            group["lr"] = group["full"] * group["factors"][min(group["taken"], len(group["factors"]) - 1)]
            group["taken"] += 1
        return super().step(closure)
