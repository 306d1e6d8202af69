"""A study's readings: what a layer's values and gradients add up to, its units pooled into one."""

from torch import Tensor

from relume.types import Reading, Site, Sums


def pooled_sums(values: Tensor) -> list[Sums]:
    """Sums of [networks, ...] over all but the first axis: one `Sums` a network, of one pooled unit.

    Squares are taken in float64: the square of a gradient of 1e-20 is below float32's smallest number.
    """
    flat = values.flatten(1).double()
    count = flat.shape[1]
    columns = (flat.sum(1), flat.square().sum(1), (flat == 0).sum(1))
    return [
        Sums(
            count=row_count.numpy(),
            sum=total.numpy(),
            sum_of_squares=squares.numpy(),
            zeros=zeros.numpy(),
        )
        for row_count, total, squares, zeros in zip(
            columns[2].new_full((len(flat), 1), count),
            *(column[:, None].clone() for column in columns),
            strict=True,
        )
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
