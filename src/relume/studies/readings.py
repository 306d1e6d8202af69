"""A study's readings: what a layer's values and gradients add up to, its units pooled into one."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from relume.types import Reading, Readings, Site, Sums


def pooled_sums(values: Tensor, flat: Sequence[tuple[float, float]]) -> list[Sums]:
    """Sums of [networks, ...] over all but the first axis: one `Sums` a network, of one pooled unit.

    Squares are taken in float64: the square of a gradient of 1e-20 is below float32's smallest number.

    Parameters
    ----------
    flat
        Of each network, the values at and beyond which its activation is flat, as `flat_bounds` gives them;
        `NO_FLAT_ENDS` for gradients.
    """
    x = values.flatten(1).double()
    below, above = torch.tensor(flat, dtype=torch.float64).T[..., None]
    totals, squares, zeros, fired, on_flat_ends = (
        column.sum(1, keepdim=True).numpy()
        for column in (x, x.square(), x == 0, x > 0, (x <= below) | (x >= above))
    )
    largest = np.abs(x.numpy()).max(1, initial=0.0, keepdims=True)
    count = np.full(1, x.shape[1], dtype=np.int64)
    return [
        Sums(
            count=count,
            sum=totals[i],
            sum_of_squares=squares[i],
            zeros=zeros[i],
            fired=fired[i],
            flat=on_flat_ends[i],
            largest=largest[i],
        )
        for i in range(len(x))
    ]


def pooled_readings(
    paths: Sequence[str], activation: str, *, examples: int, step: int, sums: Sequence[tuple[Sums, Sums]]
) -> Readings:
    """The readings of one network from the sums of value and gradient at each of its sites.

    The window is the one step that would start from the weights they were taken with: 0 before training,
    and after n steps n, which is no longer taken.
    """
    sites = [Site(path=path, activation=activation) for path in paths]
    steps = range(step, step + 1)
    return Readings(
        readings={
            str(site): Reading(site=site, steps=steps, examples=examples, value=value, gradient=gradient)
            for site, (value, gradient) in zip(sites, sums, strict=True)
        }
    )
