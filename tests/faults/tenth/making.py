"""What the programs of the tenth part share, and the patterns of their causes."""

from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    ENDS,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Fill,
    Loss,
    Warmed,
    constant,
    filled,
    normal,
    seen_through,
    trained,
    weighted,
)
from tests.faults.program import Batch

__all__ = [
    "ALIKE",
    "CUT",
    "DATA",
    "DRIVEN",
    "ENDS",
    "GROWTH",
    "INPUT",
    "OPERATION",
    "RATE",
    "SIGMOID",
    "STEP",
    "UNDEFINED",
    "WEIGHTS",
    "Fill",
    "Loss",
    "Warmed",
    "by_logits",
    "constant",
    "filled",
    "normal",
    "seen_through",
    "trained",
    "weighted",
]

# Patterns of causes: wide in their wording, narrow in their meaning
DRIVEN = STEP + r"|momentum|drove|driven|pushed|bias"
OPERATION = UNDEFINED + r"|norm|mean|deviation|std|variance"


def by_logits(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of yes and no, from logits."""
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[-1])
