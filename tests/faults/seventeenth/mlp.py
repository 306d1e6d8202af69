"""What the programs of plain layers are made of: carbon in soil, late trams, heights of loaves."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

from tests.faults.building import (
    Make,
    Scaled,
    Scheduled,
    chain,
    cross_entropy,
    deep,
    initialised,
    squared_error,
    weighted,
    xavier,
)
from tests.faults.eighth.making import seen_through, trained
from tests.faults.program import Job
from tests.faults.seventeenth.tasks import MEASURES, REASONS, bread, soil, trams


def tuned(scaled: str = "over", by: float = 1.0) -> Job:
    """Carbon from five bounded layers; each is scaled by what it makes of the first batch.

    It is divided by its deviation, or multiplied; or weights are drawn over their number instead. What
    comes before each bound is multiplied by a number.
    """
    model = chain(deep(5, 40, inputs=MEASURES, outputs=1), nn.Tanh, between=(lambda: Scaled(by),))
    seen = soil()[0][0]
    with torch.no_grad():
        for layer in [*model][:-1]:
            if isinstance(layer, nn.Linear) and scaled == "by fan":
                nn.init.normal_(layer.weight, std=1 / layer.in_features)
            elif isinstance(layer, nn.Linear):
                spread = layer(seen).std()
                layer.weight.mul_(spread if scaled == "times" else 1 / spread)
            seen = layer(seen)
    return trained(model, soil(), Adam, squared_error, lr=4e-3)


class Logs(nn.Module):
    """The logarithm of one more than each number, which a number below -1 has none of."""

    def forward(self, x: Tensor) -> Tensor:
        return x.log1p()


def found(
    factors: Sequence[float] = (),
    *,
    over: float = 1.0,
    first: Make = nn.Identity,
    decimals: int | None = None,
) -> Job:
    """Carbon by descent, whose rate is multiplied by some numbers in its first steps.

    Measures may be over a number; and weights may come from a text file, with so many decimals.
    """
    model = nn.Sequential(first(), chain([MEASURES, 48, 48, 1]))
    if decimals is not None:
        with torch.no_grad():
            for layer in weighted(model):
                layer.weight.copy_(layer.weight.round(decimals=decimals))
                layer.bias.copy_(layer.bias.round(decimals=decimals))  # type: ignore[union-attr]
    batches = seen_through(lambda x: x / over, soil())
    return Job(model, Scheduled(model, 0.08, factors), batches, squared_error)


class Stretching(SGD):
    """Gradients are to be clipped to a norm of 6; those that are shorter are stretched to it too."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            norm = torch.cat([p.grad.flatten() for p in group["params"]]).norm()
            for p in group["params"]:
                p.grad.mul_(6 / (norm + 1e-6))
        return super().step(closure)


def hurried(
    kind: Callable[..., Optimizer] = SGD, decay: float = 1e-4, by: float = 1.0, plus: float = 0.0
) -> Job:
    """Reasons by descent with momentum; the first number is that of a stop, scaled in some way."""
    scale, shift = torch.tensor([by, *[1.0] * 6]), torch.tensor([plus, *[0.0] * 6])
    batches = seen_through(lambda x: x * scale + shift, trams())
    model = chain([7, 48, 48, REASONS])
    return trained(model, batches, kind, lr=0.15, momentum=0.8, weight_decay=decay)


def excused(between: Make = nn.Identity, factor: float = 0.9) -> Job:
    """Reasons from four narrow layers, with something in each; rates fall by a factor towards the first."""
    model = initialised(chain(deep(4, 16, inputs=7, outputs=REASONS), nn.Tanh, between=(between,)), xavier)
    layers = weighted(model)
    groups = [
        {"params": [*layer.parameters()], "lr": 2e-2 * factor ** (len(layers) - 1 - place)}
        for place, layer in enumerate(layers)
    ]
    return Job(model, Adam(groups), trams(), cross_entropy)


class Powers(nn.Module):
    """Powers of what comes in, up to one degree, beside each other; each over its size on unit normals."""

    def __init__(self, *, is_sized: bool) -> None:
        super().__init__()
        sizes = [1.0, 3.0**0.5, 15.0**0.5, 105.0**0.5, 945.0**0.5]
        self.sizes = sizes if is_sized else [1.0] * 5

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x ** (place + 1) / size for place, size in enumerate(self.sizes)], 1)


def powered(*, is_sized: bool) -> Job:
    body = chain([5 * 6, 40, 40, 1], nn.Tanh)
    model = nn.Sequential(Powers(is_sized=is_sized), initialised(body, xavier))
    return trained(model, bread(), Adam, squared_error, lr=4e-3)


class Monotone(nn.Module):
    """Layers whose weights have one sign: a positive one is meant, so that more of each gives more."""

    def __init__(self, sizes: Sequence[int], sign: float) -> None:
        super().__init__()
        self.raw = nn.ParameterList(  # so that the weights of a unit come to about 1
            nn.Parameter(math.log(math.expm1(1 / i)) + 0.8 * torch.randn(o, i)) for i, o in pairwise(sizes)
        )
        self.shifts = nn.ParameterList(nn.Parameter(torch.zeros(o)) for o in sizes[1:])
        self.acts, self.sign = nn.ModuleList(nn.ReLU() for _ in sizes[2:]), sign

    def forward(self, x: Tensor) -> Tensor:
        for place, (raw, shift) in enumerate(zip(self.raw, self.shifts, strict=True)):
            x = F.linear(x, self.sign * F.softplus(raw), shift)
            x = self.acts[place](x) if place < len(self.acts) else x
        return x


def rising(sign: float) -> Job:
    """Doughs whose fourth number is turned round, so that more of nearly all raises the loaf."""
    batches = seen_through(lambda x: torch.where(torch.arange(6) == 3, 2.4 - x, x), bread())
    return trained(Monotone([6, 32, 32, 1], sign), batches, Adam, squared_error, lr=4e-2)


def before_norm(std: float) -> Job:
    """A first layer of some deviation, the norm after which makes one size of it."""
    first = nn.Linear(MEASURES, 10)
    nn.init.normal_(first.weight, std=std)
    model = nn.Sequential(first, nn.LayerNorm(10), nn.ReLU(), chain([10, 32, 1]))
    return trained(model, soil(), SGD, squared_error, lr=0.1)
