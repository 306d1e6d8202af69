"""What an activation that torch also has must hold: the same answers, and the same kernels."""

from functools import partial
from math import isnan

import torch
from tests.catalogue.checks import (
    INFINITY,
    SMOOTH,
    Function,
    assert_close,
    lines,
    off_kinks,
    slope,
    special_points,
)
from torch import Tensor

from relume.catalogue.activation import Activation


def check_aliases(activation: Activation) -> None:
    """Torch's own functions agree: value, gradient, and second derivative where torch has one."""
    for alias in activation.aliases:
        for dtype, tolerance in ((torch.float32, 2e-6), (torch.float64, 3e-9)):
            ends = torch.tensor([INFINITY, -INFINITY], dtype=dtype)
            x = torch.cat([special_points(activation, dtype), ends])
            what = f"{alias} in {dtype}"
            torchs = partial(_call, activation, alias)
            _compare_with_torch(torchs, activation, "value", x, tolerance, what)
            _compare_with_torch(partial(slope, torchs), activation, "derivative", x, tolerance, what)
        _compare_second_derivative(activation, partial(_call, activation, alias))


def _call(activation: Activation, alias: Function, x: Tensor) -> Tensor:
    return alias(torch.cat([torch.ones_like(x), x])) if activation.form == "gated" else alias(x)


def _compare_with_torch(
    torchs: Function, activation: Activation, which: str, x: Tensor, tolerance: float, what: str
) -> None:
    (f,) = lines(activation, which)
    expected, actual = torchs(x).detach(), f(x)
    if which == "value":
        limits = torch.tensor(activation.limits, dtype=x.dtype)
        at_ends = torch.where(x > 0, limits[1], limits[0])
        expected = torch.where(expected.isnan(), at_ends, expected)
    else:  # what the limit of the derivative is, check_limits and check_flat_ends say
        has_limit = torch.tensor([not isnan(limit) for limit in activation.limits])
        assert not actual[expected.isnan() & torch.where(x > 0, *has_limit.flip(0))].isnan().any(), what
        expected = torch.where(expected.isnan(), actual, expected)
    assert_close(actual, expected, rtol=4 * tolerance, atol=tolerance, what=f"{which} of {what}")


def _compare_second_derivative(activation: Activation, torchs: Function) -> None:
    x = off_kinks(activation, SMOOTH).clone().requires_grad_()
    (first,) = torch.autograd.grad(torchs(x).sum(), x, create_graph=True)
    if first.requires_grad:
        try:
            (second,) = torch.autograd.grad(first.sum(), x, allow_unused=True)
        except RuntimeError as error:
            assert "not implemented" in str(error)  # noqa: PT017  torch lacks some second derivatives
            return
        (f,) = lines(activation, "second_derivative")
        x = x.detach()
        expected = torch.zeros_like(x) if second is None else second
        assert_close(f(x), expected, rtol=1e-7, atol=1e-7, what="f'' of torch")


def check_chain(activation: Activation) -> None:
    """The one-pass kernels write grad f'(x), also over grad itself and, if y is enough, with y over x."""
    if activation.chain is None:
        assert activation.overwrite is None, "overwrite without a chain is of no use"
        return
    kinks = torch.tensor([kink.at for kink in activation.kinks], dtype=torch.float64)
    for dtype, tolerance in ((torch.float32, 2e-6), (torch.float64, 1e-8)):
        x = torch.cat([SMOOTH, kinks]).to(dtype)
        y, grad = activation.value(x), torch.cos(7 * x)
        expected = grad * activation.derivative(x)
        if activation.overwrite is not None:
            x = x.clone()
            activation.overwrite(x)
            assert_close(x, y, rtol=0, atol=0, what="overwrite")
            y = x
        for out in (torch.full_like(x, float("nan")), grad.clone()):
            activation.chain(grad if out is not grad else out, x, y, out)
            assert_close(out, expected, rtol=tolerance, atol=tolerance, what="chain")
        activation.chain(grad, x, y, grad)
        assert_close(grad, expected, rtol=tolerance, atol=tolerance, what="chain over grad")
