"""What every kernel must add up, by NumPy in float64: the oracle, and the comparison with it."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from relume.kernels.contract import NEVER, Accumulators, Alarm, Observer, new_accumulators, new_alarm

CPU = torch.device("cpu")
CLOCK, POSITION = 1000, 7


def by_unit(x: Tensor, unit_axis: int | None) -> np.ndarray:
    """Turn x into values [a unit, units]."""
    values = x.detach().double().resolve_neg().numpy()
    if unit_axis is None or values.ndim == 0:
        return values.reshape(-1, 1)
    units = values.shape[unit_axis]
    return np.moveaxis(values, unit_axis, -1).reshape(values.size // units if units else 0, units)


def observed(
    kernel: Observer, xs: Iterable[Tensor], *, unit_axis: int | None, flat: tuple[float, float]
) -> tuple[Accumulators, Alarm]:
    """What a kernel adds up over xs, at clocks that start at CLOCK and go on by one an observation."""
    xs = list(xs)
    units = 1 if unit_axis is None or xs[0].dim() == 0 else xs[0].shape[unit_axis]
    into, alarm = new_accumulators(units, CPU), new_alarm(CPU)
    alarm.clock.fill_(CLOCK)
    observe = kernel(into, alarm, unit_axis=unit_axis, flat=flat, position=POSITION)
    for x in xs:
        observe(x)
        alarm.clock.add_(1)
    return into, alarm


def assert_adds_up(
    kernel: Observer, xs: Iterable[Tensor], *, unit_axis: int | None, flat: tuple[float, float]
) -> None:
    """Hold a kernel to float64 sums of all values at once: to 1e-12 of their terms, the rest exactly."""
    xs = list(xs)
    into, alarm = observed(kernel, xs, unit_axis=unit_axis, flat=flat)
    parts = [by_unit(x, unit_axis) for x in xs]
    values = np.concatenate(parts)
    with np.errstate(invalid="ignore", over="ignore"):
        _assert_sums(into, values)
    flat_ends = (values <= flat[0]) | (values >= flat[1])
    counts = [(of.sum(0)) for of in (values == 0, values > 0, flat_ends)]
    np.testing.assert_array_equal(into.counts.numpy(), counts, "counts")
    examples = sum(len(x) if x.dim() > 1 else 1 for x in xs)
    np.testing.assert_array_equal(into.seen.numpy(), [len(values), examples], "seen")
    wrong_steps = [step for step, part in enumerate(parts) if not np.isfinite(part).all()]
    first = CLOCK + wrong_steps[0] + POSITION if wrong_steps else NEVER
    np.testing.assert_array_equal(alarm.first.numpy(), [first], "alarm")


def _assert_sums(into: Accumulators, values: np.ndarray) -> None:
    terms = np.stack([np.abs(values).sum(0), (values * values).sum(0)])
    expected = np.stack([values.sum(0), terms[1]])
    tolerance = np.where(np.isfinite(terms), 1e-12 * terms, 0)
    sums = into.sums.numpy()
    same = (sums == expected) | (np.isnan(sums) & np.isnan(expected)) | (np.abs(sums - expected) <= tolerance)
    assert same.all(), f"sums\n{sums}\nexpected\n{expected}"
    largest = np.abs(values).max(0, initial=0)  # NaN if any value is
    np.testing.assert_array_equal(into.largest.numpy(), largest, "largest")
