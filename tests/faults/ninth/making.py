"""What the programs of the ninth part share, and the patterns of their causes."""

from torch import nn

from tests.faults.building import Make, weighted
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
)

__all__ = [
    "ALIKE",
    "CUT",
    "DATA",
    "DEPTH",
    "ENDS",
    "GROWTH",
    "INPUT",
    "RATE",
    "SIGMOID",
    "STEP",
    "UNDEFINED",
    "WEIGHTS",
    "Fill",
    "Loss",
    "Make",
    "Warmed",
    "constant",
    "filled",
    "normal",
    "seen_through",
    "tower",
    "trained",
    "weighted",
]

DEPTH = GROWTH + r"|shortcut|skip|gain|activation"


def tower(blocks: list[nn.Module], inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Blocks of one width, between a layer that widens and one that reads out."""
    return nn.Sequential(nn.Linear(inputs, width), *blocks, nn.Linear(width, outputs))
