"""What the programs of the second fourth part share, and the patterns of their causes."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from tests.faults.building import weighted
from tests.faults.program import Batch
from tests.faults.report.making import Loss, Warmed, constant, normal, refilled, trained

__all__ = [
    "Fill",
    "Loss",
    "Warmed",
    "constant",
    "filled",
    "normal",
    "refilled",
    "seen_through",
    "trained",
    "weighted",
]

Fill = Callable[[Tensor], object]

# Patterns of causes: wide in their wording, narrow in their meaning
WEIGHTS = r"weights?\b.*\b(small|large)|\b(small|large)\b.*weights?|too large before any update|initiali[sz]"
STEP = r"learning rate|\blr\b|step size|(update|step)s?\b.*\blarge|\blarge a? ?(update|step)s?"
ALIKE = r"same|identical|equal|constant|symmetr|zero|\b0\b|cop(y|ies)|repeat"
CUT = r"detach|no_grad|\bcut|no gradient|gradient (is|are)?\s*(exactly )?(0|zero)|not differentiable"
INPUT = r"\binputs?\b|feature|unscaled|standardis"
DATA = r"\bdata\b|\binputs?\b|feature|batch"
LEFT_OUT = r"optimi[sz]er|not updated|no update"
GROWTH = WEIGHTS + r"|normali[sz]|residual|branch|depth|over time|time steps?|recurren|state"


def filled(model: nn.Module, fill: Fill, *, bias: float = 0.0) -> nn.Module:
    """The model with the weights of its linear and convolutional layers drawn anew, and one bias."""
    for layer in weighted(model):
        fill(layer.weight)
        if layer.bias is not None:
            nn.init.constant_(layer.bias, bias)
    return model


def seen_through(change: Callable[[Tensor], Tensor], batches: Sequence[Batch]) -> list[Batch]:
    """The batches with their first tensor changed in some way."""
    return [(change(x), *others) for x, *others in batches]
