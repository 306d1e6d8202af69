"""What the programs of the twelfth part share beside those of the parts before."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from tests.faults.program import Batch

# Patterns of causes: wide in their wording, narrow in their meaning
MASKED = r"|mask|softmax|attention|-inf|inf"
EMPTY = r"|empty|mean|count|no (pair|triplet|word)"


class Clipped(Adam):
    """Adam whose gradients are clipped to a norm of 1."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            clip_grad_norm_(group["params"], 1.0)
        return super().step(closure)


def told(model: nn.Module, batch: Batch) -> Tensor:
    """The squared error of a model of two inputs."""
    return F.mse_loss(model(batch[0], batch[1]), batch[2])
