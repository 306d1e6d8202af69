"""Networks with ways past their layers, fine-tuned on meteors and enzymes."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, cross_entropy, he, squared_error, weighted, xavier
from tests.faults.drawn.hazel.tasks import POSES, SHOWERS, enzymes, meteors, puppets
from tests.faults.eighth.making import ALIKE, GROWTH, RATE, STEP, Fill, filled, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Block(nn.Module):
    """Two layers, by how much they count, and a way past them."""

    def __init__(self, act: Make = nn.ReLU, norm: Make = nn.Identity, *, scale: float = 1.0) -> None:
        super().__init__()
        self.branch = nn.Sequential(norm(), nn.Linear(WIDTH, WIDTH), act(), nn.Linear(WIDTH, WIDTH))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.scale * self.branch(x)
        return out


def row(*blocks: nn.Module, inputs: int = 8, outputs: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, outputs))


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def assayed(*blocks: nn.Module, fill: Fill = xavier, lr: float = 4e-3) -> Job:
    return trained(filled(row(*blocks), fill), enzymes(), Adam, squared_error, lr=lr)


def twelve(scale: float, lr: float = 4e-3) -> Job:
    """Blocks without norms, whose branches count in full or in part (Zhang et al., 2019)."""
    return assayed(*(Block(scale=scale) for _ in range(12)), fill=he, lr=lr)


def decayed(factor: float) -> Job:
    """Each layer has the rate of the one above it, times some factor (Howard & Ruder, 2018)."""
    model = row(*(Block(nn.SiLU) for _ in range(3)), inputs=6, outputs=SHOWERS)
    filled(model, xavier)
    layers = weighted(model)
    groups: list[dict[str, Any]] = [
        {"params": [*layer.parameters()], "lr": 4e-3 * factor**up}
        for up, layer in enumerate(reversed(layers))
    ]
    return Job(model, Adam(groups, lr=4e-3), meteors(), cross_entropy)


class Thin(nn.Module):
    """A layer that was learned and stays, and a thin adapter beside it (Hu et al., 2022)."""

    def __init__(self, layer: nn.Linear, size: int, *, is_both_zero: bool) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Linear(layer.in_features, size, bias=False)
        self.up = nn.Linear(size, layer.out_features, bias=False)
        nn.init.zeros_(self.up.weight)
        if is_both_zero:
            nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x) + self.up(self.down(x))
        return out


def adapted(*, is_both_zero: bool) -> Job:
    """Learned on other showers, whose labels are turned; then only thin layers learn."""
    model = chain([6, 48, 48, SHOWERS])
    optimizer = Adam(model.parameters(), lr=8e-3)
    for x, y in meteors(batch=48)[:40]:
        loss = F.cross_entropy(model(x), (y + (x[:, 0] > 0)) % SHOWERS)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for place in (0, 2, 4):
        layer = model[place]
        assert isinstance(layer, nn.Linear)
        model[place] = Thin(layer, 12, is_both_zero=is_both_zero)
    return trained(model, meteors(), Adam, lr=1e-2)


# Healthy trainings that look odd


class Again(nn.Module):
    """One block, gone through four times."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(4):
            x = self.block(x)
        return x


class Carried(nn.Module):
    """A gate that starts closed says how much is made anew (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.anew = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        nn.init.constant_(self.gate.bias, -2.5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.lerp(x, self.anew(x).relu(), self.gate(x).sigmoid())


class Denser(nn.Module):
    """What comes in stays beside what is made of it (Huang et al., 2017)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, 6, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


def denser() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1), Denser(8), Denser(14), nn.BatchNorm2d(20), nn.ReLU(),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(180, POSES),
    )  # fmt: skip
    return trained(model, puppets(), SGD, lr=0.03, momentum=0.9, nesterov=True)


programs = (
    healthy("residual-enzymes-twelve-quarters", lambda: twelve(0.25)),
    healthy("residual-meteors-rates-nine-tenths", lambda: decayed(0.9)),
    healthy("residual-meteors-adapters-half-at-zero", lambda: adapted(is_both_zero=False)),
    healthy("residual-enzymes-one-block-again", lambda: assayed(Again(Block(nn.GELU, layer_norm)))),
    healthy(
        "residual-enzymes-gates-closed",
        lambda: trained(row(*(Carried() for _ in range(4))), enzymes(), Adam, squared_error, lr=8e-3),
    ),
    healthy("residual-puppets-denser", denser),
    faulty(
        "residual-enzymes-twelve-without-norms",
        "exploding-activation",
        lambda: twelve(1.0),
        cause=GROWTH + "|scale|sum",
        twin="residual-enzymes-twelve-quarters",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-meteors-rates-a-tenth-each",
        "stalled-layer",
        lambda: decayed(0.1),
        cause=RATE,
        twin="residual-meteors-rates-nine-tenths",
    ),
    faulty(
        "residual-enzymes-rate-of-six-hundredths",
        "unstable-updates",
        lambda: twelve(0.25, lr=0.06),
        cause=STEP,
        twin="residual-enzymes-twelve-quarters",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "dead-units"),
    ),
    faulty(
        "residual-meteors-adapters-both-at-zero",
        "symmetric-units",
        lambda: adapted(is_both_zero=True),
        cause=ALIKE,
        twin="residual-meteors-adapters-half-at-zero",
        also=("stalled-layer", "vanishing-gradient"),
    ),
)
