"""What the programs of the report half share."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from tests.faults.building import cross_entropy
from tests.faults.program import Batch, Job

Initialise = Callable[[Tensor], object]
Loss = Callable[[nn.Module, Batch], Tensor]

# Patterns of causes: wide in their wording, narrow in their meaning
WEIGHTS = r"weights?\b.*\b(small|large)|\b(small|large)\b.*weights?|too large before any update|initiali[sz]"
STEP = r"learning rate|\blr\b|step size|(update|step)s?\b.*\blarge|\blarge a? ?(update|step)s?"
ALIKE = r"same|identical|equal|constant|symmetr|zero|\b0\b"
CUT = r"detach|no_grad|\bcut|no gradient|gradient (is|are)?\s*(exactly )?(0|zero)|not differentiable"
INPUT = r"\binputs?\b|feature|scale"


def refilled(model: nn.Module, fill: Initialise) -> nn.Module:
    """The model with every weight of more than one axis drawn anew, and biases as they were."""
    for parameter in model.parameters():
        if parameter.dim() > 1:
            fill(parameter)
    return model


def normal(std: float) -> Initialise:
    def fill(weight: Tensor) -> None:
        nn.init.normal_(weight, std=std)

    return fill


def constant(value: float) -> Initialise:
    def fill(weight: Tensor) -> None:
        nn.init.constant_(weight, value)

    return fill


def trained(
    model: nn.Module,
    batches: Sequence[Batch],
    kind: Callable[..., torch.optim.Optimizer] = AdamW,
    loss: Loss = cross_entropy,
    **settings: Any,
) -> Job:
    """A job whose optimiser is of any kind, over all parameters that are trainable."""
    return Job(model, kind([p for p in model.parameters() if p.requires_grad], **settings), batches, loss)


class Warmed(AdamW):
    """AdamW whose rate rises in a straight line over its first steps."""

    def __init__(self, parameters: Any, lr: float, steps: int) -> None:
        super().__init__([{"params": list(parameters), "full": lr, "rising": steps, "taken": 0}], lr=lr)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:  # which a copy has too, unlike attributes
            group["taken"] += 1
            group["lr"] = group["full"] * min(1.0, group["taken"] / group["rising"])
        return super().step(closure)
