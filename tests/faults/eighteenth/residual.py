"""Networks with ways past their layers, over apple trees and glazes."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import he, squared_error
from tests.faults.eighteenth.tasks import FINISHES, OXIDES, TREE, apples, glazes
from tests.faults.eighth.making import GROWTH, RATE, STEP, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """A way past two layers, whose answer is scaled."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.scale * self.branch(x)
        return out


class Tall(nn.Module):
    """A body of many blocks, and a head."""

    def __init__(self, blocks: int, scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(TREE, WIDTH), *(Block(scale) for _ in range(blocks)))
        self.act, self.head = nn.ReLU(), nn.Linear(WIDTH, 1)
        filled(self, he)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.act(self.body(x)))
        return out


def tall(scale: float, lr: float = 3e-3, *, is_used_up: bool = False) -> Job:
    """Rates of the body and the head apart; the body's parameters may have been counted before."""
    model = Tall(14, scale)
    body = model.body.parameters()
    if is_used_up:
        sum(parameter.numel() for parameter in body)  # for a log: an iterator is empty thereafter
    groups: list[dict[str, Any]] = [
        {"params": list(body), "lr": lr}, {"params": list(model.head.parameters()), "lr": 2 * lr}
    ]  # fmt: skip
    return Job(model, Adam(groups), apples(), squared_error)


class Highway(nn.Module):
    """How much of a layer passes is told by a gate (Srivastava et al., 2015), whose bias is set."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.layer, self.act = nn.Linear(WIDTH, WIDTH), nn.ReLU()
        self.ask, self.gate = nn.Linear(WIDTH, WIDTH), nn.Sigmoid()
        nn.init.constant_(self.ask.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        open_ = self.gate(self.ask(x))
        out: Tensor = open_ * self.act(self.layer(x)) + (1 - open_) * x
        return out


def highway(bias: float) -> Job:
    blocks = [Highway(bias) for _ in range(6)]
    model = nn.Sequential(nn.Linear(OXIDES, WIDTH), *blocks, nn.Linear(WIDTH, FINISHES))
    return trained(model, glazes(), Adam, lr=2e-2)


# Healthy trainings that look odd


class Boosted(nn.Module):
    """Each stage learns what those before it left; their sum is held where the next one is judged."""

    def __init__(self, stages: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Linear(TREE, 24), nn.SiLU(), nn.Linear(24, 1)) for _ in range(stages)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        said, told = x.new_zeros(len(x), 1), []
        for stage in self.stages:
            told.append(said + 0.7 * stage(x))
            said = told[-1].detach()
        return told


def stage_by_stage(model: nn.Module, batch: Batch) -> Tensor:
    errors: Tensor = torch.stack([F.mse_loss(said, batch[1]) for said in model(batch[0])])
    return errors.mean()


class Swung(nn.Module):
    """A speed that is kept from block to block, and moves the state (Sander et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(OXIDES, WIDTH), nn.Linear(WIDTH, FINISHES)
        self.pulls = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH)) for _ in range(6)
        )

    def forward(self, x: Tensor) -> Tensor:
        state = self.enter(x)
        speed = torch.zeros_like(state)
        for pull in self.pulls:
            speed = 0.8 * speed + 0.2 * pull(state)
            state = state + speed
        out: Tensor = self.last(state)
        return out


programs = (
    healthy("residual-apples-fourteen-over-root", lambda: tall(14**-0.5)),
    healthy("residual-glazes-highway-all-but-closed", lambda: highway(-1.5)),
    healthy(
        "residual-apples-stage-by-stage",
        lambda: trained(Boosted(5), apples(), Adam, stage_by_stage, lr=8e-3),
    ),
    healthy("residual-glazes-with-a-speed", lambda: trained(Swung(), glazes(), Adam, lr=8e-3)),
    faulty(
        "residual-apples-fourteen-whole",
        "exploding-activation",
        lambda: tall(1.0),
        cause=GROWTH,
        twin="residual-apples-fourteen-over-root",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-apples-fourteen-at-a-tenth",
        "unstable-updates",
        lambda: tall(14**-0.5, 0.1),
        cause=STEP,
        twin="residual-apples-fourteen-over-root",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "residual-apples-body-counted-before",
        "stalled-layer",
        lambda: tall(14**-0.5, is_used_up=True),
        cause=RATE,
        twin="residual-apples-fourteen-over-root",
    ),
    faulty(
        "residual-glazes-highway-bias-of-minus-ten",
        "saturated-units",
        lambda: highway(-10.0),
        cause=r"bias|gate|closed|sigmoid|pre-activation",
        twin="residual-glazes-highway-all-but-closed",
        also=("stalled-layer", "vanishing-gradient"),
    ),
)
