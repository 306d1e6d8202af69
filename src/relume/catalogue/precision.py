"""Keeps closed forms exact where plain arithmetic fails: in half precision, and at the infinities."""

from collections.abc import Callable
from functools import wraps

import torch
from torch import Tensor

HALVES = (torch.float16, torch.bfloat16)

ClosedFunction = Callable[..., Tensor]


def in_single(form: ClosedFunction) -> ClosedFunction:
    """`form` evaluated in float32 when given halves and rounded once, as torch's own kernels do."""

    @wraps(form)
    def widened(x: Tensor, *others: Tensor, **parameters: Tensor | float) -> Tensor:
        if x.dtype not in HALVES:
            return form(x, *others, **parameters)
        return form(x.float(), *(other.float() for other in others), **parameters).to(x.dtype)

    return widened


def vanishing_wins(form: ClosedFunction) -> ClosedFunction:
    """`form` for products of a power and a factor that vanishes exponentially, so that 0 * inf is 0, not NaN.

    The argument is drawn in to where its third power is still finite and every exponential has long
    underflowed.
    """

    @in_single
    @wraps(form)
    def drawn_in(x: Tensor, *others: Tensor, **parameters: Tensor | float) -> Tensor:
        reach = torch.finfo(x.dtype).max ** 0.25
        return form(x.clamp(-reach, reach), *others, **parameters)

    return drawn_in


def finite(x: Tensor) -> Tensor:
    """`x` with the infinities drawn in to the largest finite numbers."""
    return x.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)


def finite_below(x: Tensor) -> Tensor:
    """`x` with -inf drawn in to the lowest finite number; +inf stays."""
    return x.clamp(min=torch.finfo(x.dtype).min)


def keep_nan(x: Tensor, y: Tensor) -> Tensor:
    """`y`, but NaN where `x` is: comparisons would send a NaN to one of the branches."""
    return torch.where(x.isnan(), x, y)


def zero(x: Tensor) -> Tensor:
    """Give the second derivative of what is piecewise linear."""
    return keep_nan(x, torch.zeros_like(x))


def slopes(x: Tensor, where: Tensor, inside: Tensor | float, outside: Tensor | float) -> Tensor:
    """Give the derivative of what is piecewise linear: `inside` where the condition holds, else `outside`."""
    return keep_nan(x, torch.where(where, torch.full_like(x, 1) * inside, outside).to(x.dtype))
