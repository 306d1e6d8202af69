"""Networks with ways past their layers, over ferries, greenhouses and sunflowers."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.drawn.alder.tasks import DELAYS, ferries, greenhouses
from tests.faults.eighth.making import CUT, GROWTH, Fill, filled, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """Two layers and a way past them."""

    def __init__(self, activation: Make, *, scale: float = 1.0) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.scale * self.branch(x)
        return out


class Row(nn.Module):
    """A layer, blocks and a head; what comes of the blocks may be made a tensor of its own."""

    def __init__(self, inputs: int, outputs: int, *blocks: nn.Module, is_anew: bool = False) -> None:
        super().__init__()
        self.enter, self.blocks = nn.Linear(inputs, WIDTH), nn.Sequential(*blocks)
        self.act, self.last, self.is_anew = nn.ReLU(), nn.Linear(WIDTH, outputs), is_anew

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.enter(x))
        x = torch.tensor(x.tolist()) if self.is_anew else x
        out: Tensor = self.last(self.act(x))
        return out


def sailed(*blocks: nn.Module, lr: float = 3e-3, fill: Fill = he) -> Job:
    return trained(filled(Row(6, DELAYS, *blocks), fill), ferries(), Adam, lr=lr)


def grown(*, is_anew: bool) -> Job:
    """Two blocks and a head."""
    model = Row(8, 1, Block(nn.GELU), Block(nn.GELU), is_anew=is_anew)
    return trained(model, greenhouses(), Adam, squared_error, lr=8e-3)


# Healthy trainings that look odd


class Highway(nn.Module):
    """A sigmoid says how much goes past; at the start most does (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.new, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.open = nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        share = self.open(self.gate(x))
        out: Tensor = share * self.new(x).relu() + (1 - share) * x
        return out


programs = (
    healthy("residual-ferries-ten-thirds", lambda: sailed(*(Block(nn.ReLU, scale=0.3) for _ in range(10)))),
    healthy("residual-greenhouse-two-kept-whole", lambda: grown(is_anew=False)),
    healthy("residual-ferries-highway", lambda: sailed(*(Highway() for _ in range(6)), lr=8e-3)),
    healthy(
        "residual-ferries-one-block-six-times",
        lambda: sailed(*[Block(nn.Tanh, scale=0.5)] * 6, fill=xavier, lr=8e-3),
    ),
    faulty(
        "residual-ferries-ten-whole",
        "exploding-activation",
        lambda: sailed(*(Block(nn.ReLU, scale=1.0) for _ in range(10))),
        cause=GROWTH + "|scale|sum",
        twin="residual-ferries-ten-thirds",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-greenhouse-two-made-anew",
        "stalled-layer",
        lambda: grown(is_anew=True),
        cause=CUT + "|new tensor|cop(y|ied)",
        twin="residual-greenhouse-two-kept-whole",
        also=("vanishing-gradient",),
    ),
)
