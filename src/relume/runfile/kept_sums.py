"""Sums as they are kept: counts exact or near it, floats rounded, a small deviation not lost."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.runfile.packing import pack, rounded, unpack
from relume.types import Counts, PerUnit, Reading, Site, Sums

# Sums of a window scatter by 5 to 20 % from one window to the next: 0.1 % is far below what they say.
SUM_BITS = 9  # a relative error of 2 ** -10 at most
POOLED = ("sum", "spread", "largest", "zeros", "fired", "flat")

_NO, _NONE = np.zeros(0, dtype=np.int64), np.zeros(0)
NOTHING = Sums(count=_NO, sum=_NONE, sum_of_squares=_NONE, zeros=_NO, fired=_NO, flat=_NO, largest=_NONE)


def pooled_arrays(of_sites: Sequence[Sums]) -> PerUnit:
    """Sums with all units of a site as one, rounded, as [POOLED, sites, 1]."""
    pooled = [sums.pooled() for sums in of_sites]
    none: list[NDArray[Any]] = [np.zeros(0)]
    beside = Sums(
        **{f.name: np.concatenate([getattr(s, f.name) for s in pooled] or none) for f in fields(Sums)}
    )
    counts = [_folded(part, beside.count) for part in (beside.zeros, beside.fired, beside.flat)]
    return np.concatenate([_moments(beside), rounded(np.stack(counts), SUM_BITS)])[:, :, None]


def sums_of_pooled(count: Counts, stored: PerUnit) -> Sums:
    """Sums from what `pooled_arrays` made of them; of any shape."""
    sum_, spread, largest, zeros, fired, flat = stored
    return Sums(
        count=count,
        sum=sum_,
        sum_of_squares=_sum_of_squares(count, sum_, spread),
        zeros=_unfolded(zeros, count),
        fired=_unfolded(fired, count),
        flat=_unfolded(flat, count),
        largest=largest,
    )


def unit_bytes(reading: Reading) -> bytes:
    """A reading unit by unit; its counts exact, its sums rounded. What `unit_reading` takes."""
    about = np.array([reading.steps.start, reading.steps.stop, reading.examples], dtype=np.int64)
    arrays: list[NDArray[Any]] = [about]
    for sums in (reading.value, reading.gradient, *([reading.passed] if reading.passed else [])):
        arrays += [np.stack([sums.count, sums.zeros, sums.fired, sums.flat]), _moments(sums)]
    return pack(arrays)


def unit_reading(data: bytes, site: Site) -> Reading:
    """The reading that `unit_bytes` was given; a ValueError for other bytes."""
    about, *arrays = unpack(data)
    sums = [
        Sums(
            count=count,
            sum=sum_,
            sum_of_squares=_sum_of_squares(count, sum_, spread),
            zeros=zeros,
            fired=fired,
            flat=flat,
            largest=largest,
        )
        for (count, zeros, fired, flat), (sum_, spread, largest) in zip(
            arrays[::2], arrays[1::2], strict=True
        )
    ]
    start, stop, examples = about.tolist()
    return Reading(
        site=site,
        steps=range(start, stop),
        examples=examples,
        value=sums[0],
        gradient=sums[1],
        passed=sums[2] if len(sums) > 2 else None,
    )


def dead_units(sums: Sums) -> int:
    """How many units saw values, none above 0; NaN is not above 0, and says nothing."""
    return int(((sums.fired == 0) & (sums.count > 0) & np.isfinite(sums.largest)).sum())


def flat_units(sums: Sums) -> int:
    """How many units saw values, all on a flat end."""
    return int(((sums.flat == sums.count) & (sums.count > 0)).sum())


def _moments(sums: Sums) -> PerUnit:
    """Sum, spread and largest value, rounded, as [3, units].

    The spread is ``sum_of_squares - sum ** 2 / count``, so that mean and standard deviation are each as exact
    as the rounding: of rounded sums and sums of squares, a small deviation around a large mean would be lost.
    Where that is no number (sums overflowed, or were not finite), it is the sum of squares.
    """
    with np.errstate(all="ignore"):
        sum_ = rounded(sums.sum, SUM_BITS)
        has_spread = np.isfinite(sum_**2 / sums.count)  # as `_sum_of_squares` will see it
        spread = np.where(has_spread, sums.sum_of_squares - sums.sum**2 / sums.count, sums.sum_of_squares)
    return np.stack([sum_, rounded(spread, SUM_BITS), rounded(sums.largest, SUM_BITS)])


def _sum_of_squares(count: Counts, sum_: PerUnit, spread: PerUnit) -> PerUnit:
    with np.errstate(all="ignore"):
        of_mean = sum_**2 / count
    return np.where(np.isfinite(of_mean), spread + of_mean, spread)


def _folded(part: Counts, count: Counts) -> PerUnit:
    """A count of some, as a float that rounding leaves exact near none and near all of them.

    More than half is told by a negative number: how many are missing. All is -0.0.
    """
    is_most = (part > count // 2) & (part <= count)
    return np.where(is_most, -1.0 * (count - part), part.astype(np.float64))


def _unfolded(folded: PerUnit, count: Counts) -> Counts:
    whole = np.rint(folded).astype(np.int64)
    return np.where(np.signbit(folded), count + whole, whole)
