"""What the programs of the tenth part share beside those of the eighth."""

from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.eighth.making import STEP, UNDEFINED
from tests.faults.program import Batch

# Patterns of causes: wide in their wording, narrow in their meaning
DRIVEN = STEP + r"|momentum|drove|driven|pushed|bias"
OPERATION = UNDEFINED + r"|norm|mean|deviation|std|variance"


def by_logits(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of yes and no, from logits."""
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[-1])
