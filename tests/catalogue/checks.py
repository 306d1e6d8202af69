"""What every activation must hold, as functions that raise AssertionError; tests/broken/ holds them to it."""

import copy
import pickle
from collections.abc import Callable, Iterator
from math import isfinite, isnan, log10

import torch
from torch import Tensor

from relume.catalogue.activation import Activation, Kink

Function = Callable[[Tensor], Tensor]

# Off every round number, so that no point is a kink.
SMOOTH = torch.linspace(-12, 12, 481, dtype=torch.float64) + 0.0123
DENSE = torch.linspace(-30, 30, 240_001, dtype=torch.float64)
ENDS = torch.tensor([-1e30, -1e6, 1e6, 1e30], dtype=torch.float64)
FAR = torch.linspace(1e6, 1e6 + 20, 201, dtype=torch.float64)
DTYPES = (torch.float16, torch.bfloat16, torch.float32)
INFINITY = float("inf")


def lines(activation: Activation, which: str) -> list[Function]:
    """`value`, `derivative` or `second_derivative` as functions of one input: of gated pairs at v = 1."""
    f = getattr(activation, which)
    if activation.form == "gated":
        return [lambda u: f(u, torch.ones_like(u))]
    if activation.form == "concatenated":
        return [lambda x: f(x).chunk(2, -1)[0], lambda x: f(x).chunk(2, -1)[1]]
    return [f]


def slope(f: Function, x: Tensor) -> Tensor:
    """f'(x) by autograd; 0 where f does not depend on x."""
    x = x.detach().clone().requires_grad_()
    y = f(x)
    if not y.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(y.sum(), x)[0]


def off_kinks(activation: Activation, x: Tensor, *, margin: float = 1e-3) -> Tensor:
    for kink in activation.kinks:
        x = x[(x - kink.at).abs() > margin]
    return x


def assert_close(actual: Tensor, expected: Tensor, *, rtol: float, atol: float, what: str) -> None:
    torch.testing.assert_close(
        actual, expected, rtol=rtol, atol=atol, equal_nan=True, msg=lambda message: f"{what}: {message}"
    )


def settings(activation: Activation) -> Iterator[dict[str, float]]:
    """The learnable parameters at their initial values, and elsewhere."""
    yield {}
    if activation.parameters:
        yield {name: 1.7 * value + 0.1 for name, value in activation.parameters.items()}


def check_derivative(activation: Activation) -> None:
    x = off_kinks(activation, SMOOTH)
    values, derivatives = lines(activation, "value"), lines(activation, "derivative")
    for setting in settings(activation):
        for f, df in zip(values, derivatives, strict=True):
            by_autograd = slope(lambda x, f=f, setting=setting: f(x, **setting), x)
            assert_close(df(x, **setting), by_autograd, rtol=1e-7, atol=1e-8, what="f'")


def check_second_derivative(activation: Activation) -> None:
    x = off_kinks(activation, SMOOTH)
    derivatives, seconds = lines(activation, "derivative"), lines(activation, "second_derivative")
    for setting in settings(activation):
        for df, ddf in zip(derivatives, seconds, strict=True):
            by_autograd = slope(lambda x, df=df, setting=setting: df(x, **setting), x)
            assert_close(ddf(x, **setting), by_autograd, rtol=1e-7, atol=1e-8, what="f''")


def check_module(activation: Activation) -> None:
    """The module computes the value, and its backward pass the derivative, at the kinks too."""
    module = activation.module().double().eval()
    assert {name for name, _ in module.named_parameters()} == set(activation.parameters)
    kinks = torch.tensor([kink.at for kink in activation.kinks], dtype=torch.float64)
    x = torch.cat([SMOOTH, kinks])
    if activation.form == "gated":
        v = torch.cos(x)
        expected, gradient = activation.value(x, v), activation.derivative(x, v)
        by_module, by_autograd = module(torch.cat([v, x])), slope(lambda u: module(torch.cat([v, u])), x)
    elif activation.form == "concatenated":
        expected, gradient = activation.value(x), sum(f(x) for f in lines(activation, "derivative"))
        by_module, by_autograd = module(x), slope(module, x)
    else:
        expected, gradient = activation.value(x), activation.derivative(x)
        by_module, by_autograd = module(x), slope(module, x)
    assert_close(by_module.detach(), expected, rtol=1e-7, atol=1e-8, what="value")
    assert_close(by_autograd, gradient, rtol=1e-7, atol=1e-8, what="backward")
    for name, parameter in module.named_parameters():
        (by_parameter,) = torch.autograd.grad(module(SMOOTH).sum(), parameter)
        assert by_parameter.abs().sum() > 0, f"{name} is never learnt"


def check_range(activation: Activation) -> None:
    x = torch.cat([DENSE, ENDS])
    if activation.form == "gated":
        y = activation.value(DENSE[::100, None], torch.linspace(-1e3, 1e3, 41, dtype=torch.float64))
    else:
        y = activation.value(x)
    lowest, highest = activation.range
    assert lowest <= y.min() + 1e-12, f"{y.min()} is below the range"
    assert y.max() <= highest + 1e-12, f"{y.max()} is above the range"
    assert y.min() < (lowest + 1e-5 if isfinite(lowest) else -900), f"{lowest} is not attained: {y.min()}"
    assert y.max() > (highest - 1e-5 if isfinite(highest) else 900), f"{highest} is not attained: {y.max()}"


def check_limits(activation: Activation) -> None:
    """At the infinities stands the limit, in every precision, and a flat end is flat."""
    flat_left, flat_right = (activation.flat_ends in (side, "both") for side in ("left", "right"))
    for dtype in (*DTYPES, torch.float64):
        ends = torch.tensor([-INFINITY, INFINITY], dtype=dtype)
        expected = torch.tensor(activation.limits, dtype=dtype)
        if not all(map(isnan, activation.limits)):
            for f in lines(activation, "value"):
                eps = torch.finfo(dtype).eps
                assert_close(f(ends), expected, rtol=eps, atol=eps, what=f"limits in {dtype}")
        for which in ("derivative", "second_derivative"):
            for f in lines(activation, which):
                at_ends = f(ends)
                for is_flat, slope_there in zip((flat_left, flat_right), at_ends, strict=True):
                    assert slope_there == 0 or not is_flat, f"{which} at the flat end: {slope_there}"


def check_approach(activation: Activation) -> None:
    """Far out the value is near the limit; where there is no limit it keeps moving."""
    for f in lines(activation, "value"):
        for limit, y in zip(activation.limits, (f(-FAR), f(FAR)), strict=True):
            if limit in (INFINITY, -INFINITY):
                assert (y * limit > 1e2).all() or y.min() * limit == INFINITY, f"{y[0]} is not {limit}"
                assert (y.abs() > 10).all()
            elif isnan(limit):
                assert activation.form == "concatenated" or y.max() - y.min() > 0.1, f"it does tend to {y[0]}"
            else:
                assert ((y - limit).abs() < 1e-4).all(), f"{y[0]} is not near {limit}"


def check_flat_ends(activation: Activation) -> None:
    left = all((df(-FAR).abs() < 1e-3).all() for df in lines(activation, "derivative"))
    right = all((df(FAR).abs() < 1e-3).all() for df in lines(activation, "derivative"))
    measured = {(True, True): "both", (True, False): "left", (False, True): "right"}.get(
        (left, right), "none"
    )
    assert measured == activation.flat_ends, f"flat: {measured}, declared: {activation.flat_ends}"


def check_symmetry(activation: Activation) -> None:
    def holds(sign: int) -> bool:
        return all(torch.allclose(f(-SMOOTH), sign * f(SMOOTH)) for f in lines(activation, "value"))

    measured = "odd" if holds(-1) else "even" if holds(1) else "none"
    assert measured == activation.symmetry, f"symmetry: {measured}, declared: {activation.symmetry}"


def check_monotonicity(activation: Activation) -> None:
    x = torch.linspace(-5, 5, 201, dtype=torch.float64)
    steps = torch.cat([f(x).diff() for f in lines(activation, "value")])
    measured = (
        "increasing" if (steps > 0).all() else "non-decreasing" if (steps >= 0).all() else "non-monotone"
    )
    assert measured == activation.monotonicity, f"{measured}, declared: {activation.monotonicity}"


def check_zero_region(activation: Activation) -> None:
    x = torch.linspace(-6, 6, 1201, dtype=torch.float64)
    is_zero = torch.stack([f(x) == 0 for f in lines(activation, "value")]).all(0)
    if activation.zero_region is None:
        assert not (is_zero[1:] & is_zero[:-1]).any(), "zero over an undeclared region"
        return
    start, end = activation.zero_region
    inside = (x > start + 1e-6) & (x < end - 1e-6)
    outside = (x < start - 1e-6) | (x > end + 1e-6)
    assert is_zero[inside].all(), "not zero all over the declared region"
    assert not is_zero[outside].any(), "zero outside the declared region"


def check_kinks(activation: Activation) -> None:
    for kink in activation.kinks:
        kinds = [_kind_of_kink(activation, line, kink) for line in range(len(lines(activation, "value")))]
        assert kink.kind in kinds, f"at {kink.at}: {kinds}, declared: {kink.kind}"
        chosen = lines(activation, "derivative")[0](torch.tensor([kink.at], dtype=torch.float64))
        assert abs(chosen.item() - kink.derivative) < 1e-12, f"at {kink.at} the derivative is {chosen.item()}"


def _kind_of_kink(activation: Activation, line: int, kink: Kink) -> str:
    h = 1e-9
    sides = torch.tensor([kink.at - h, kink.at + h], dtype=torch.float64)
    jumps = {
        which: lines(activation, which)[line](sides).diff().abs().item()
        for which in ("value", "derivative", "second_derivative")
    }
    if jumps["value"] > 0.1:
        return "jump"
    if jumps["derivative"] > 1e4:
        return "vertical"
    if jumps["derivative"] > 1e-3:
        return "corner"
    return "curvature" if jumps["second_derivative"] > 1e-3 else "none"


def check_smooth_elsewhere(activation: Activation) -> None:
    """Between close points off the declared kinks neither value nor derivatives jump."""
    step = 1e-4
    x = off_kinks(activation, torch.arange(-8, 8, step, dtype=torch.float64), margin=0.05)
    for which in ("value", "derivative", "second_derivative"):
        for f in lines(activation, which):
            jumps = f(x).diff().abs()[x.diff() < 2 * step]
            assert jumps.max() < 0.03, f"{which} jumps by {jumps.max()} near {x[jumps.argmax()]}"


def special_points(activation: Activation, dtype: torch.dtype) -> Tensor:
    """Zeros of both signs, denormals, the kinks, and everything up to nearly the largest number."""
    info = torch.finfo(dtype)
    largest = info.max / 16  # beyond a sixth of the largest number torch's own kernels overflow
    magnitudes = [0.0, info.smallest_normal / 4, info.smallest_normal, 1e-4, 30.0, 100.0, 1000.0]
    magnitudes += [kink.at for kink in activation.kinks]
    magnitudes += torch.linspace(0, 12, 97).tolist()
    magnitudes += torch.logspace(3, log10(largest), 20, dtype=torch.float64).tolist()
    x = torch.tensor(magnitudes, dtype=torch.float64).to(dtype)
    return torch.cat([x, -x])


def check_precision(activation: Activation) -> None:
    """In every precision the answer is the one of float64, rounded."""
    for dtype in DTYPES:
        x = special_points(activation, dtype)
        eps = torch.finfo(dtype).eps
        for which in ("value", "derivative", "second_derivative"):
            for f in lines(activation, which):
                y, reference = f(x), f(x.double()).to(dtype)
                assert y.dtype == dtype, f"{which} of {dtype} is {y.dtype}"
                assert (y.isfinite() | ~reference.isfinite()).all(), f"{which} overflows in {dtype}"
                assert_close(y, reference, rtol=8 * eps, atol=8 * eps, what=f"{which} in {dtype}")


def check_range_in_every_precision(activation: Activation) -> None:
    for dtype in DTYPES:
        y = torch.cat([f(special_points(activation, dtype)) for f in lines(activation, "value")]).double()
        lowest, highest = (torch.tensor(end, dtype=dtype).double() for end in activation.range)
        slack = torch.finfo(dtype).eps
        assert y.min() >= lowest - slack * lowest.abs().nan_to_num(posinf=0)
        assert y.max() <= highest + slack * highest.abs().nan_to_num(posinf=0)


def check_nan(activation: Activation) -> None:
    for dtype in (*DTYPES, torch.float64):
        x = torch.full((9,), float("nan"), dtype=dtype)
        for which in ("value", "derivative", "second_derivative"):
            assert all(f(x).isnan().all() for f in lines(activation, which)), f"{which} loses NaN in {dtype}"


def check_shapes(activation: Activation) -> None:
    """Any shape, empty and scalar too, any strides, and under vmap."""
    for which in ("value", "derivative", "second_derivative"):
        for f in lines(activation, which):
            for shape in [(), (0,), (3, 0), (2, 3, 4)]:
                if shape or activation.form != "concatenated":
                    assert f(torch.zeros(shape)).shape == shape
            x = torch.linspace(-3, 3, 12).reshape(3, 4)
            f_of_strided = f(x.t())
            assert_close(f_of_strided, f(x.t().contiguous()), rtol=1e-6, atol=1e-6, what="strided")
            if activation.form != "concatenated":
                assert_close(f_of_strided.t(), f(x), rtol=1e-6, atol=1e-6, what="strided")
            assert_close(torch.vmap(f)(x), f(x), rtol=1e-6, atol=1e-6, what="vmap")


def check_identity(activation: Activation) -> None:
    """Copies of an activation, and of modules that hold one, are the same object."""
    assert pickle.loads(pickle.dumps(activation)) is activation
    assert copy.deepcopy(activation) is activation


def check_fields(activation: Activation) -> None:
    assert activation.name.isidentifier()
    assert activation.name.islower()
    assert activation.formula
    assert activation.citation.author
    assert activation.citation.title
    assert 1900 < activation.citation.year < 2030
    assert activation.range[0] < activation.range[1]
    assert [kink.at for kink in activation.kinks] == sorted(kink.at for kink in activation.kinks)
