"""What the programs are made of: layers in a row, initialisations, losses, optimisers."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import SGD, Adam

from tests.faults.program import Batch, Job

Make = Callable[[], nn.Module]
Initialise = Callable[[Tensor], object]


def chain(sizes: Sequence[int], activation: Make = nn.ReLU, *, between: Sequence[Make] = ()) -> nn.Sequential:
    """Linear layers with an activation after each but the last, and before it what goes `between`."""
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        parts += [nn.Linear(inputs, outputs), *(make() for make in between), activation()]
    return nn.Sequential(*parts, nn.Linear(sizes[-2], sizes[-1]))


def deep(layers: int, width: int, *, inputs: int, outputs: int) -> list[int]:
    """The sizes of a chain of equal hidden layers."""
    return [inputs, *[width] * layers, outputs]


def weighted(model: nn.Module) -> list[nn.Linear | nn.Conv2d]:
    """Its linear and convolutional layers in order."""
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]


def he(weight: Tensor, gain: float = 1.0) -> None:
    init.kaiming_normal_(weight, nonlinearity="relu")
    with torch.no_grad():
        weight *= gain


def xavier(weight: Tensor, gain: float = 1.0) -> None:
    init.xavier_normal_(weight, gain=gain)


def initialised(model: nn.Module, hidden: Initialise = he, last: Initialise = xavier) -> nn.Module:
    """The model with zero biases and its weights drawn anew, those of the last layer in their own way."""
    layers = weighted(model)
    for layer in layers:
        (last if layer is layers[-1] else hidden)(layer.weight)
        if layer.bias is not None:
            init.zeros_(layer.bias)
    return model


def biased(model: nn.Module, bias: float, places: Sequence[int]) -> nn.Module:
    """The model with another bias in the layers of these places."""
    layers = weighted(model)
    for place in places:
        bias_of = layers[place].bias
        assert bias_of is not None
        init.constant_(bias_of, bias)
    return model


def convolutions(
    channels: Sequence[int], activation: Make = nn.ReLU, *, norm: bool = False, outputs: int = 10
) -> nn.Sequential:
    """Convolutions of 3 x 3 in a row, one pooling after the first, a linear layer at the end."""
    parts: list[nn.Module] = []
    for place, (inside, outside) in enumerate(zip([1, *channels], channels, strict=False)):
        parts.append(nn.Conv2d(inside, outside, 3, padding=1))
        parts += [nn.BatchNorm2d(outside)] if norm else []
        parts.append(activation())
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(16 * channels[-1], outputs))


class Scaled(nn.Module):
    """Multiplies by a fixed number."""

    def __init__(self, factor: float, offset: float = 0.0) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.offset


class Detached(nn.Module):
    """Lets no gradient through."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


def cross_entropy(model: nn.Module, batch: Batch) -> Tensor:
    """Over the last axis, of examples and of every token."""
    x, y = batch
    return F.cross_entropy(model(x).flatten(0, -2), y.flatten())


def squared_error(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.mse_loss(model(x), y)


def adam(model: nn.Module, lr: float = 1e-3, **settings: Any) -> Adam:
    return Adam([p for p in model.parameters() if p.requires_grad], lr=lr, **settings)


def sgd(model: nn.Module, lr: float = 0.1, **settings: Any) -> SGD:
    return SGD([p for p in model.parameters() if p.requires_grad], lr=lr, **settings)


class Scheduled(SGD):
    """Descent whose rate is multiplied by a factor for each of its first steps, and by 1 after them."""

    def __init__(self, model: nn.Module, lr: float, factors: Sequence[float]) -> None:
        group = {"params": model.parameters(), "full": lr, "factors": tuple(factors), "taken": 0}
        super().__init__([group], lr=lr)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:  # which a copy has too, unlike attributes
            first = group["factors"][group["taken"] :][:1] or (1.0,)
            group["lr"] = group["full"] * first[0]
            group["taken"] += 1
        return super().step(closure)


def classifier(model: nn.Module, batches: Sequence[Batch], lr: float = 2e-3) -> Job:
    """A model trained by Adam to tell classes."""
    return Job(model, adam(model, lr), batches, cross_entropy)
