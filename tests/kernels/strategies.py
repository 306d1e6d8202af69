"""Tensors of every shape, stride and type that a kernel may meet."""

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
BOUNDS = st.sampled_from([math.nan, 0.0, -1.0, 0.3, 1e300, -1e300])
flat_ends = st.tuples(BOUNDS, BOUNDS)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Draw a tensor with exact zeros, perhaps NaN or infinity, perhaps not contiguous."""
    sizes = st.sampled_from([0, 1, 1, 2, 3, 8, 17, 70])
    shape = draw(st.lists(sizes, max_size=4).filter(lambda sizes: math.prod(sizes) <= 20_000))
    if draw(st.booleans()) and shape:
        shape[draw(st.integers(0, len(shape) - 1))] = draw(st.sampled_from([130, 600]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    x = torch.randn(shape, dtype=torch.float64, generator=generator) * draw(st.sampled_from([1e-6, 1.0, 1e3]))
    x = torch.where(x.abs() < x.abs().mean() / 4, -0.0 * x, x).to(draw(st.sampled_from(DTYPES)))
    if draw(st.booleans()) and x.numel():
        x.view(-1)[draw(st.integers(0, x.numel() - 1))] = draw(
            st.sampled_from([math.nan, math.inf, -math.inf])
        )
    return _other_strides(draw, x)


def _other_strides(draw: st.DrawFn, x: Tensor) -> Tensor:
    way = draw(st.sampled_from(["as it is", "permuted", "sliced", "expanded", "channels last"]))
    if way == "permuted":
        return x.permute(draw(st.permutations(range(x.dim()))))
    if way == "sliced":
        steps = draw(st.lists(st.integers(1, 3), min_size=x.dim(), max_size=x.dim()))
        return x[tuple(slice(None, None, step) for step in steps)] if steps else x
    if way == "expanded":
        axis = draw(st.integers(0, x.dim()))
        sizes = list(x.shape)
        return x.unsqueeze(axis).expand(*sizes[:axis], draw(st.sampled_from([0, 1, 3, 20])), *sizes[axis:])
    if way == "channels last" and x.dim() == 4:
        return x.contiguous(memory_format=torch.channels_last)
    return x


@st.composite
def observations(draw: st.DrawFn) -> tuple[Tensor, int | None]:
    """Draw a tensor and the axis of its units."""
    x = draw(tensors())
    axes = st.none() | st.integers(-x.dim(), x.dim() - 1) if x.dim() else st.sampled_from([None, 0, -1])
    return x, draw(axes)
