"""Networks that find the pixels of a cell."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import he
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import DATA, UNDEFINED, Loss, filled, trained
from tests.faults.sixth.tasks import cells

WIDTH = 8


class Folded(nn.Module):
    """A network that goes down once and up again, with a way past (Ronneberger, Fischer & Brox, 2015)."""

    def __init__(self, *, norm: bool = False) -> None:
        super().__init__()
        self.enter, self.down = nn.Conv2d(1, WIDTH, 3, padding=1), nn.Conv2d(WIDTH, WIDTH, 3, 2, 1)
        self.low, self.up = nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1)
        self.head, self.activation = nn.Conv2d(WIDTH, 1, 1), nn.ReLU()
        self.norm = nn.GroupNorm(2, WIDTH) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        high = self.activation(self.norm(self.enter(x)))
        low = self.activation(self.low(self.activation(self.down(high))))
        low = F.interpolate(low, scale_factor=2.0)
        out: Tensor = self.head(self.activation(self.up(torch.cat([low, high], 1))))
        return out


def every_pixel(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def evened(least: float) -> Loss:
    """Pixels of a cell weigh as much together as those of none, batch by batch."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, mask = batch
        weight = (1 - mask).sum() / mask.sum().clamp(min=least)
        logits = model(x)
        each = weight * mask * F.softplus(-logits) + (1 - mask) * F.softplus(logits)
        out: Tensor = each.mean()
        return out

    return loss


def focal(model: nn.Module, batch: Batch) -> Tensor:
    """Pixels that are told with certainty count little (Lin et al., 2017)."""
    logits = model(batch[0])
    each = F.binary_cross_entropy_with_logits(logits, batch[1], reduction="none")
    return (2 * (1 - (-each).exp()).square() * each).mean()


def found(loss: Loss = every_pixel, lr: float = 1e-2, **settings: bool) -> Job:
    return trained(filled(Folded(**settings), he), cells(), Adam, loss, lr=lr)


programs = (
    healthy("segment-evened-by-one-at-least", lambda: found(evened(1.0))),
    healthy("segment-certain-pixels-count-little", lambda: found(focal, norm=True)),
    faulty(
        "segment-evened-by-none",
        "non-finite",
        lambda: found(evened(0.0)),
        cause=UNDEFINED + "|" + DATA + "|weight|mask",
        twin="segment-evened-by-one-at-least",
    ),
)
