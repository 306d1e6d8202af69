"""What the programs of plain layers are made of: apple trees, glazes, bridges, stalls and candles."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, deep, squared_error, weighted
from tests.faults.eighteenth.tasks import (
    FINISHES,
    OXIDES,
    SPAN,
    STALL,
    TREE,
    WICK,
    apples,
    bridges,
    candles,
    glazes,
    markets,
)
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job
from tests.faults.tenth.making import by_logits


def twelve(fill: Fill | None = None) -> Job:
    """Twelve hidden layers that are drawn in one way, or left as torch draws them."""
    model = chain(deep(12, 40, inputs=TREE, outputs=1))
    if fill:
        filled(model, fill)
    return trained(model, apples(), Adam, squared_error, lr=1e-3)


def picked(fill: Fill, activation: Make = nn.Tanh) -> Job:
    """Four hidden layers."""
    model = chain(deep(4, 48, inputs=TREE, outputs=1), activation)
    return trained(filled(model, fill), apples(), Adam, squared_error, lr=4e-3)


def orthogonal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=gain)

    return fill


def times_root(weight: Tensor) -> None:
    """Orthogonal rows times the root of their length, as one scales a normal draw the other way."""
    nn.init.orthogonal_(weight, gain=weight.shape[1] ** 0.5)


def copied(weight: Tensor) -> None:
    """One row by Glorot for every unit: it was drawn before the loop over them."""
    nn.init.xavier_normal_(weight)
    with torch.no_grad():
        weight.copy_(weight[:1].expand_as(weight).clone())


def from_even(fill: Fill) -> Job:
    """All finishes are told as alike at first, by a last layer of 0."""
    model = chain([OXIDES, 64, FINISHES], nn.Tanh)
    filled(model[0], fill)
    nn.init.zeros_(model[-1].weight)  # type: ignore[arg-type]
    return trained(model, glazes(), Adam, lr=1.5e-2)


def inspected(biases: float = 6e-3, unit: float = 1.0) -> Job:
    """Adam in which biases have a rate of their own; the last number is one of a register."""
    model = chain([SPAN, 48, 48, 48, 1])
    layers = weighted(model)
    groups: list[dict[str, Any]] = [
        {"params": [layer.weight for layer in layers], "lr": 3e-3},
        {"params": [layer.bias for layer in layers], "lr": biases},
    ]
    scale = torch.ones(SPAN)
    scale[-1] = unit
    batches = seen_through(lambda x: x * scale, bridges())
    return Job(model, Adam(groups), batches, by_logits)


class Paced(SGD):
    """Each step of a tensor has the same length, whatever that of its gradient."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad /= parameter.grad.norm() + 1e-8
        return super().step(closure)


def paced(lr: float) -> Job:
    return trained(chain([SPAN, 48, 48, 1]), bridges(), Paced, by_logits, lr=lr)


def deviance(model: nn.Module, batch: Batch) -> Tensor:
    """Of a Poisson rate, whose first term is 0 where nothing was sold."""
    x, y = batch
    log_rate = model(x)
    out: Tensor = 2 * (torch.xlogy(y, y) - y * log_rate - y + log_rate.exp()).mean()
    return out


def chosen_deviance(model: nn.Module, batch: Batch) -> Tensor:
    """The same, where the first term is chosen after both were made."""
    x, y = batch
    rate = model(x).exp()
    out: Tensor = 2 * (torch.where(y > 0, y * (y / rate).log(), 0.0) - y + rate).mean()
    return out


def sold(loss: Any) -> Job:
    return trained(chain([STALL, 48, 48, 1], nn.SiLU), markets(), Adam, loss, lr=5e-3)


class Signed(nn.Linear):
    """A layer whose weights are all of one sign."""

    def __init__(self, inputs: int, outputs: int, sign: float) -> None:
        super().__init__(inputs, outputs)
        self.sign = sign
        nn.init.normal_(self.weight, mean=-math.log(inputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.sign * F.softplus(self.weight), self.bias)


def burnt(*, is_every: bool) -> Job:
    """What falls with each number: the sign is turned in the last layer alone, or in every one."""
    sign = -1.0 if is_every else 1.0
    model = nn.Sequential(
        Signed(WICK, 40, sign), nn.ReLU(), Signed(40, 40, sign), nn.ReLU(), Signed(40, 1, -1.0)
    )  # fmt: skip
    return trained(model, candles(), Adam, squared_error, lr=1e-2)
