"""Mean squares of any activation of the catalogue, and of its slope, over normal pre-activations."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from relume.catalogue.activation import Activation
from relume.theory.quadrature import Estimate, gaussian_mean

VANISHING = 1e-20  # stands for the limit q -> 0, where the slope at 0 itself would miss a kink at 0


def mean_square(activation: Activation, q: float) -> Estimate:
    r"""Average the square of the value over pre-activations of variance q.

    E[f(sqrt(q) z)^2]; for a concatenated form the mean over its outputs; for a gated form, whose two inputs
    are independent, q E[g(sqrt(q) z)^2].

    Examples
    --------
    >>> from relume import activations
    >>> round(mean_square(activations["relu"], 4.0).value, 12)
    2.0
    """
    mean = _mean_of_squares(activation, values, q)
    return mean.scaled(q) if activation.form == "gated" else mean


def mean_square_slope(activation: Activation, q: float) -> Estimate:
    r"""Average the square of the slope over pre-activations of variance q.

    By this much the mean square gradient is multiplied from an output to the pre-activation:
    E[f'(sqrt(q) z)^2]; for a concatenated form the mean over its outputs; for a gated form g(u) v the sum
    over both pre-activations, q E[g'(sqrt(q) z)^2] + E[g(sqrt(q) z)^2]. Infinite where the integral diverges.
    The derivative is the one a backward pass uses, so a jump of the value counts for nothing.

    Examples
    --------
    >>> from relume import activations
    >>> round(mean_square_slope(activations["relu"], 4.0).value, 12)
    0.5
    """
    slope = _mean_of_squares(activation, slopes, q)
    if activation.form == "gated":
        return slope.scaled(q) + _mean_of_squares(activation, values, q)
    return slope


def mean_square_rate(activation: Activation, q: float) -> Estimate:
    r"""Differentiate `mean_square` by q.

    d/dq E[F(sqrt(q) z)] = E[F(sqrt(q) z) (z^2 - 1)] / (2 q) with F = f^2, by differentiating the density, not
    F: kinks and jumps need no care. It equals E[f'^2 + f f''] where f is smooth.
    """
    q = max(q, VANISHING)
    rate = _mean_of_squares(activation, values, q, weight=lambda z: (z.square() - 1) / (2 * q))
    if activation.form == "gated":
        return rate.scaled(q) + _mean_of_squares(activation, values, q)
    return rate


def values(activation: Activation, x: Tensor) -> Tensor:
    """[nodes] -> [nodes, outputs]: two outputs of a concatenated form, the gate alone of a gated one."""
    return _outputs(activation, activation.value, x)


def slopes(activation: Activation, x: Tensor) -> Tensor:
    """[nodes] -> [nodes, outputs]: the derivative of `values`."""
    return _outputs(activation, activation.derivative, x)


def kinks_in_z(activation: Activation, q: float) -> list[float]:
    """Where the standard normal z meets a kink of f(sqrt(q) z)."""
    return [kink.at / math.sqrt(q) for kink in activation.kinks]


def _outputs(activation: Activation, f: Callable[..., Tensor], x: Tensor) -> Tensor:
    if activation.form == "gated":
        return f(x, torch.ones_like(x))[:, None]
    return f(x[:, None])


def _mean_of_squares(
    activation: Activation,
    of: Callable[[Activation, Tensor], Tensor],
    q: float,
    weight: Callable[[Tensor], Tensor] = torch.ones_like,
) -> Estimate:
    q = max(q, VANISHING)

    def integrand(z: Tensor) -> Tensor:
        return of(activation, math.sqrt(q) * z).square().mean(-1) * weight(z)

    return gaussian_mean(integrand, kinks=kinks_in_z(activation, q))
