"""Initialisation as an axis of its own: what one activation needs another one suffers from."""

import math
from typing import get_args

import torch
from torch import nn

from relume.catalogue.activation import Activation
from relume.theory.gain import forward_gain
from relume.types import Initialisation

INITIALISATIONS: tuple[Initialisation, ...] = get_args(Initialisation)
PARAMETERISED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def weight_scale(
    scheme: Initialisation, activation: Activation, *, fan_in: int, fan_out: int, is_first: bool
) -> tuple[float, float]:
    """sigma_w^2 and sigma_b^2: the weights' variance times fan-in, and the biases' variance.

    ============================ ======================================= ===================
    scheme                       sigma_w^2                               sigma_b^2
    ============================ ======================================= ===================
    pytorch (`nn.Linear`)        1/3                                     1 / (3 fan_in)
    xavier                       2 fan_in / (fan_in + fan_out)           0
    he                           2                                       0
    variance-preserving          1 / E[f(z)^2]; 1 for the first layer    0
    ============================ ======================================= ===================

    The first layer's input is data of unit variance that no activation has touched, hence its 1.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks,
    equation 16. He, Zhang, Ren, Sun (2015), Delving deep into rectifiers, equation 10.
    """
    if scheme == "pytorch":
        return 1 / 3, 1 / (3 * fan_in)
    if scheme == "xavier":
        return 2 * fan_in / (fan_in + fan_out), 0.0
    if scheme == "he":
        return 2.0, 0.0
    return (1.0 if is_first else forward_gain(activation).value), 0.0


def initialise(
    model: nn.Module, scheme: Initialisation, activation: Activation, *, generator: torch.Generator
) -> None:
    """Draw every linear and convolutional layer's weights anew, in the order of `model.modules()`.

    PyTorch's scheme is uniform, as torch draws it; the others are normal. Other layers keep what they
    were built with.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, PARAMETERISED)]
    for layer in layers:
        fan_in, fan_out = fans(layer)
        sigma_w2, sigma_b2 = weight_scale(
            scheme, activation, fan_in=fan_in, fan_out=fan_out, is_first=layer is layers[0]
        )
        draw(layer.weight, math.sqrt(sigma_w2 / fan_in), scheme, generator)
        if layer.bias is not None:
            draw(layer.bias, math.sqrt(sigma_b2), scheme, generator)


def fans(layer: nn.Module) -> tuple[int, int]:
    """Fan-in and fan-out of a linear or convolutional layer."""
    weight = layer.weight
    assert isinstance(weight, torch.Tensor)
    receptive_field = weight[0, 0].numel()
    return weight.shape[1] * receptive_field, weight.shape[0] * receptive_field


@torch.no_grad()
def draw(tensor: torch.Tensor, std: float, scheme: Initialisation, generator: torch.Generator) -> None:
    """Fill `tensor` with zero-mean values of standard deviation `std`."""
    if scheme == "pytorch":
        bound = math.sqrt(3) * std
        tensor.uniform_(-bound, bound, generator=generator)
    else:
        tensor.normal_(0.0, std, generator=generator) if std else tensor.zero_()
