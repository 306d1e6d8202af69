"""A study's readings: what a layer's values and gradients add up to, its units pooled into one."""

import numpy as np
from torch import Tensor

from relume.types import Reading, Site, Sums


def pooled_sums(values: Tensor) -> list[Sums]:
    """Sums of [networks, ...] over all but the first axis: one `Sums` a network, of one pooled unit.

    Squares are taken in float64: the square of a gradient of 1e-20 is below float32's smallest number.
    """
    flat = values.flatten(1).double()
    totals, squares, zeros = (
        column[:, None].numpy() for column in (flat.sum(1), flat.square().sum(1), (flat == 0).sum(1))
    )
    count = np.full(1, flat.shape[1], dtype=np.int64)
    return [
        Sums(count=count, sum=totals[i], sum_of_squares=squares[i], zeros=zeros[i]) for i in range(len(flat))
    ]


def pooled_readings(
    paths: list[str], activation: str, examples: int, sums: list[tuple[Sums, Sums]]
) -> dict[str, Reading]:
    """The readings of one network from the sums of value and gradient at each of its sites."""
    sites = [Site(path=path, activation=activation) for path in paths]
    return {
        str(site): Reading(site=site, examples=examples, value=value, gradient=gradient)
        for site, (value, gradient) in zip(sites, sums, strict=True)
    }
