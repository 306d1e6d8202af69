"""What the faulty programs of plain layers and their twins are made of: carbon in soil, late trams, loaves."""

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
    he,
    initialised,
    squared_error,
    weighted,
    xavier,
)
from tests.faults.eighth.making import Fill, filled, normal, seen_through, trained
from tests.faults.program import Job
from tests.faults.seventeenth.tasks import MEASURES, REASONS, bread, soil, trams


def laid(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 1.5e-3) -> Job:
    """Carbon from some hidden layers that are drawn in one way."""
    model = chain(deep(layers, 40, inputs=MEASURES, outputs=1), activation)
    return trained(filled(model, fill), soil(), Adam, squared_error, lr=lr)


def by_fan(weight: Tensor) -> None:
    """A deviation of one over the inputs, where the root of that was meant."""
    nn.init.normal_(weight, std=2**0.5 / weight.shape[1])


def excused(between: Make) -> Job:
    """Reasons from four hidden layers, with something after each of them."""
    model = chain(deep(4, 32, inputs=7, outputs=REASONS), nn.Tanh, between=(between,))
    return trained(model, trams(), Adam, lr=6e-3)


def tuned(*, is_turned: bool) -> Job:
    """Each layer is scaled by what it makes of the first batch: over its deviation, or times it."""
    model = chain(deep(5, 40, inputs=MEASURES, outputs=1), nn.Tanh)
    seen = soil()[0][0]
    with torch.no_grad():
        for layer in model[:-1]:
            if isinstance(layer, nn.Linear):
                spread = layer(seen).std()
                layer.weight.mul_(spread if is_turned else 1 / spread)
            seen = layer(seen)
    return trained(model, soil(), Adam, squared_error, lr=4e-3)


def cooled(factor: float) -> Job:
    """Before each bound its input is multiplied: by one over a temperature, or by one."""
    model = chain([MEASURES, 48, 48, 1], nn.Tanh, between=(lambda: Scaled(factor),))
    return trained(initialised(model, xavier), soil(), Adam, squared_error, lr=4e-3)


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


def printed(*, is_whole: bool) -> Job:
    """Weights that came through a text file, with no decimals or with four."""
    model = filled(chain([6, 40, 40, 1]), he)
    with torch.no_grad():
        for layer in weighted(model):
            layer.weight.mul_(0.8).copy_(layer.weight.clamp(-0.49, 0.49).round(decimals=0 if is_whole else 4))
    return trained(model, bread(), Adam, squared_error, lr=6e-3)


def hurried(kind: Callable[..., Optimizer], **settings: Any) -> Job:
    """Reasons from two hidden layers, by some optimiser."""
    return trained(chain([7, 48, 48, REASONS]), trams(), kind, **settings)


def searched(factor: float) -> Job:
    """The search for a rate, which raises it at every step, was left on, or was not."""
    model = chain([MEASURES, 48, 48, 1])
    return Job(model, Scheduled(model, 0.03, [factor**step for step in range(60)]), soil(), squared_error)


def over(spread: float) -> Job:
    """Measures of a deviation of 200, over their deviation, or over its square."""
    batches = seen_through(lambda x: 200 * x / spread, soil())
    return trained(chain([MEASURES, 48, 48, 1]), batches, SGD, squared_error, lr=0.04, momentum=0.8)


def stopped(by: float, plus: float) -> Job:
    """The first number is that of a stop, as it is signed, or about the middle of the line."""
    scale, shift = torch.tensor([by, *[1.0] * 6]), torch.tensor([plus, *[0.0] * 6])
    batches = seen_through(lambda x: x * scale + shift, trams())
    return trained(chain([7, 48, 48, REASONS], nn.SiLU), batches, Adam, lr=8e-3)


class Logs(nn.Module):
    """The logarithm of one more than each number, which a number below -1 has none of; or of its size."""

    def __init__(self, *, is_signed: bool) -> None:
        super().__init__()
        self.is_signed = is_signed

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * x.abs().log1p() if self.is_signed else x.log1p()


def logged(*, is_signed: bool) -> Job:
    model = nn.Sequential(Logs(is_signed=is_signed), chain([MEASURES, 48, 48, 1], nn.GELU))
    return trained(model, soil(), Adam, squared_error, lr=8e-3)


def deeper_slower(factor: float) -> Job:
    """Rates that fall by a factor from each layer to that before it; layers are narrow."""
    model = filled(chain([7, 14, 14, 14, REASONS], nn.Tanh), normal(0.25))
    layers = weighted(model)
    groups = [
        {"params": [*layer.parameters()], "lr": 2e-2 * factor ** (len(layers) - 1 - place)}
        for place, layer in enumerate(layers)
    ]
    return Job(model, Adam(groups), trams(), cross_entropy)


def before_norm(std: float) -> Job:
    """A first layer of some deviation, the norm after which makes one size of it."""
    first = nn.Linear(MEASURES, 10)
    nn.init.normal_(first.weight, std=std)
    model = nn.Sequential(first, nn.LayerNorm(10), nn.ReLU(), chain([10, 32, 1]))
    return trained(model, soil(), SGD, squared_error, lr=0.1)


class Clipping(SGD):
    """Gradients are scaled to a norm: all of them, or those alone whose norm is above it."""

    def __init__(self, parameters: Any, lr: float, most: float) -> None:
        super().__init__([{"params": list(parameters), "most": most}], lr=lr)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            norm = torch.cat([p.grad.flatten() for p in group["params"]]).norm()
            by = 4.0 / (norm + 1e-6)
            for p in group["params"]:
                p.grad.mul_(by.clamp(max=group["most"]))
        return super().step(closure)
