"""Residual networks over canoes and ovens."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import chain, squared_error
from tests.faults.drawn.elder.tasks import CANOES, canoes, ovens
from tests.faults.eighth.making import GROWTH, STEP, Fill, Loss, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """What comes in, and layers of it on top, or those alone."""

    def __init__(self, inner: nn.Module, *, is_added: bool = True) -> None:
        super().__init__()
        self.inner, self.is_added = inner, is_added

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        return x + out if self.is_added else out


def stacked(blocks: list[nn.Module], inputs: int, outputs: int, width: int = WIDTH) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), *blocks, nn.Linear(width, outputs))


def skipping(*, is_added: bool) -> Job:
    """Nine blocks as torch draws them; the sum at their end is there, or was forgotten."""
    blocks: list[nn.Module] = [
        Block(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU()), is_added=is_added) for _ in range(9)
    ]
    return trained(stacked(blocks, 7, 1), ovens(), Adam, squared_error, lr=2e-3)


def added(fill: Fill) -> Job:
    """Eight blocks of two layers whose last one is drawn in one way; no norm anywhere."""
    blocks: list[nn.Module] = [Block(chain([WIDTH, WIDTH, WIDTH])) for _ in range(8)]
    for block in blocks:
        last = [part for part in block.modules() if isinstance(part, nn.Linear)][-1]
        fill(last.weight)
    return trained(stacked(blocks, 9, CANOES), canoes(), Adam, lr=2e-3)


class Reduced:
    """The error over a batch, squared where it is small: its mean, or its sum."""

    def __init__(self, how: str) -> None:
        self.how = how

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        return F.smooth_l1_loss(model(batch[0]), batch[1], reduction=self.how)


def reduced(loss: Loss) -> Job:
    """Blocks with norms, by plain descent."""
    blocks: list[nn.Module] = [
        Block(nn.Sequential(nn.LayerNorm(40), chain([40, 20, 40], nn.Tanh))) for _ in range(3)
    ]
    return trained(stacked(blocks, 7, 1, 40), ovens(batch=24), SGD, loss, lr=0.014)


# Healthy trainings that look odd


class Opened(nn.Module):
    """A block that adds nothing at first: its factor starts at 0 (Bachlechner et al., 2021)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.factor = inner, nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.factor * self.inner(x)
        return out


def repeated() -> Job:
    """One block, run four times over."""
    block = Block(nn.Sequential(nn.LayerNorm(WIDTH), chain([WIDTH, 48, WIDTH], nn.SiLU)))
    return trained(stacked([block] * 4, 7, 1), ovens(), Adam, squared_error, lr=4e-3)


programs = (
    healthy("residual-ovens-nine-with-sums", lambda: skipping(is_added=True)),
    healthy("residual-canoes-eight-of-small-ends", lambda: added(normal(0.05))),
    healthy("residual-ovens-mean-of-a-batch", lambda: reduced(Reduced("mean"))),
    healthy(
        "residual-canoes-eight-opened-from-0",
        lambda: trained(
            stacked([Opened(chain([WIDTH, WIDTH, WIDTH])) for _ in range(8)], 9, CANOES),
            canoes(),
            Adam,
            lr=8e-3,
        ),
    ),
    healthy("residual-ovens-one-block-four-times", repeated),
    faulty(
        "residual-ovens-nine-sums-forgotten",
        "vanishing-gradient",
        lambda: skipping(is_added=False),
        cause=GROWTH + "|skip|shortcut|layers|activation",
        twin="residual-ovens-nine-with-sums",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "residual-canoes-eight-of-great-ends",
        "exploding-activation",
        lambda: added(normal(1.0)),
        cause=GROWTH,
        twin="residual-canoes-eight-of-small-ends",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-ovens-sum-of-a-batch",
        "unstable-updates",
        lambda: reduced(Reduced("sum")),
        cause=STEP + r"|\bsum\b|reduction|batch",
        twin="residual-ovens-mean-of-a-batch",
        also=(
            "saturated-units",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "non-finite",
        ),
    ),
)
