"""Merges the readings of the processes of a distributed run."""

from dataclasses import replace

import torch.distributed as dist

from relume.errors import WatchError
from relume.types import Reading, Readings, Sums


def gathered(readings: Readings) -> Readings:
    """The readings of all ranks as one, on every rank; every rank has to call it.

    Each rank's loss is a mean over its own examples, and DistributedDataParallel trains on the mean over the
    ranks: so the gradient of what is trained on is each rank's own, divided by their number.

    Raises
    ------
    WatchError
        If torch.distributed has not been initialised.
    """
    if not (dist.is_available() and dist.is_initialized()):
        raise WatchError(
            "there are no ranks to gather from: torch.distributed is not initialised. Call "
            "torch.distributed.init_process_group, or use readings()."
        )
    ranks = dist.get_world_size()
    by_rank: list[Readings] = [readings] * ranks
    dist.all_gather_object(by_rank, _over(readings, ranks))
    return sum(by_rank[1:], by_rank[0])


def _over(readings: Readings, ranks: int) -> Readings:
    """The same readings, with gradients of the loss divided by the number of ranks."""
    return replace(
        readings,
        readings={name: _scaled(reading, 1 / ranks) for name, reading in readings.items()},
        opening=None if readings.opening is None else _over(readings.opening, ranks),
        closing=None if readings.closing is None else _over(readings.closing, ranks),
    )


def _scaled(reading: Reading, factor: float) -> Reading:
    passed = None if reading.passed is None else _times(reading.passed, factor)
    return replace(reading, gradient=_times(reading.gradient, factor), passed=passed)


def _times(sums: Sums, factor: float) -> Sums:
    return replace(
        sums,
        sum=sums.sum * factor,
        sum_of_squares=sums.sum_of_squares * factor**2,
        largest=sums.largest * abs(factor),
    )
