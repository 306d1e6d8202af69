"""What each pixel of a panel is."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.drawn.elder.tasks import bubbles
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, healthy


class Looked(nn.Module):
    """Wider and wider convolutions over a panel that is never made smaller, and three logits a pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(width, 16, 3, padding=wide, dilation=wide) for width, wide in ((1, 1), (16, 2), (16, 3))
        )
        self.last = nn.Conv2d(16, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.silu(layer(x))
        out: Tensor = self.last(x)
        return out


def weighed(model: nn.Module, batch: Batch) -> Tensor:
    """Captions are rare and many panels have none, so each kind has a weight, set once for all."""
    return F.cross_entropy(model(batch[0]), batch[1], weight=torch.tensor([0.5, 1.5, 3.0]))


programs = (
    healthy(
        "segmentation-bubbles-kinds-weighed", lambda: trained(Looked(), bubbles(), Adam, weighed, lr=8e-3)
    ),
)
