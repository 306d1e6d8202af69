"""What the programs of the ninth part share beside those of the eighth."""

from torch import nn

from tests.faults.eighth.making import GROWTH

DEPTH = GROWTH + r"|shortcut|skip|gain|activation"


def tower(blocks: list[nn.Module], inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Blocks of one width, between a layer that widens and one that reads out."""
    return nn.Sequential(nn.Linear(inputs, width), *blocks, nn.Linear(width, outputs))
