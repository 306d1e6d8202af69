"""Optimisers over stacked parameters, each network with its own learning rate; the equations are PyTorch's.

Every parameter is stacked to [networks, ...] and its learning rates to [networks, 1, ...]. The gradient
comes as a function that adds it to a buffer, `add_gradient(buffer, beta)`: buffer <- beta buffer +
gradient. So a gradient that is a matrix product is accumulated by the product itself, without a tensor
of its own.

Backpropagation is linear in the error it starts from. SGD and momentum use that: their error is scaled
by -learning rate at the loss, and the gradient that arrives is already the step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from relume.studies.protocol import OptimizerName

AddGradient = Callable[[Tensor, float], object]
MOMENTUM = 0.9
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # torch.optim.Adam's defaults
WEIGHT_DECAY = 0.01  # torch.optim.AdamW's default


@dataclass(frozen=True, slots=True)
class StackedOptimizer:
    """The error's scale at the loss, the number of buffers a parameter needs, and the update, in place."""

    error_scale: Callable[[Tensor], Tensor]  # learning rates -> factors of the error
    buffers: int
    update: Callable[[Tensor, AddGradient, tuple[Tensor, ...], Tensor, int], None]


def _sgd(
    parameter: Tensor, add_gradient: AddGradient, _: tuple[Tensor, ...], rate: Tensor, step: int
) -> None:
    add_gradient(parameter, 1.0)


def _momentum(
    parameter: Tensor, add_gradient: AddGradient, state: tuple[Tensor, ...], rate: Tensor, step: int
) -> None:
    (velocity,) = state
    add_gradient(velocity, MOMENTUM)
    parameter.add_(velocity)


def _adam(
    parameter: Tensor, add_gradient: AddGradient, state: tuple[Tensor, ...], rate: Tensor, step: int
) -> None:
    gradient, first, second = state
    add_gradient(gradient, 0.0)
    first.lerp_(gradient, 1 - BETA_1)
    second.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
    torch.sqrt(second, out=gradient)  # the gradient has been used; its buffer holds the denominator now
    gradient.div_((1 - BETA_2**step) ** 0.5).add_(EPSILON)
    torch.div(first, gradient, out=gradient)
    parameter.addcmul_(gradient, rate / -(1 - BETA_1**step))


def _adamw(
    parameter: Tensor, add_gradient: AddGradient, state: tuple[Tensor, ...], rate: Tensor, step: int
) -> None:
    parameter.mul_(1 - rate * WEIGHT_DECAY)
    _adam(parameter, add_gradient, state, rate, step)


STACKED_OPTIMIZERS: Mapping[OptimizerName, StackedOptimizer] = {
    "sgd": StackedOptimizer(torch.neg, 0, _sgd),
    "momentum": StackedOptimizer(torch.neg, 1, _momentum),
    "adam": StackedOptimizer(torch.ones_like, 3, _adam),
    "adamw": StackedOptimizer(torch.ones_like, 3, _adamw),
}


def torch_optimizer(
    name: OptimizerName, parameters: list[torch.nn.Parameter], learning_rate: float
) -> torch.optim.Optimizer:
    """PyTorch's own optimiser of this name, for a network trained alone."""
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=learning_rate)
    if name == "momentum":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=MOMENTUM)
    if name == "adam":
        return torch.optim.Adam(parameters, lr=learning_rate)
    return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=WEIGHT_DECAY)
