"""Windows as a few arrays and back: what of a window is kept, and how exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from relume.runfile.kept_sums import (
    NOTHING,
    POOLED,
    SUM_BITS,
    dead_units,
    flat_units,
    pooled_arrays,
    sums_of_pooled,
)
from relume.runfile.packing import pack, rounded, unpack
from relume.types import Counts, ParameterReading, PerUnit, Reading, Readings, Shape, Site, Steps, Sums

# Losses and learning rates are compared step by step between runs, and are few.
LOSS_BITS = 15  # a relative error of 2 ** -16 at most

SITE_COUNTS = ("place", "start", "stop", "examples", "units", "dead", "flat", "value", "gradient", "passed")
PARAMETER_COUNTS = ("place", "measured", "unused")
PARAMETER_SUMS = ("gradient", "weight", "update", "learning_rate")
# As a learning rate: of what no optimiser holds, and of what came in place of something that one still holds.
# Of several windows the largest number counts.
NOT_HELD, REPLACEMENT = -1.0, -0.5
STEP_COUNTS = ("numbers", "examples")
STEP_VALUES = ("losses", "learning_rates")

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Consecutive windows of a phase, time last, so that what changes slowly lies together.

    `place` is the position in the order of execution, from 1; 0 where something is not in the window.
    """

    site_ids: Counts  # [sites]
    parameter_ids: Counts  # [parameters]
    lengths: Counts  # [windows] steps of each
    site_counts: Counts  # [SITE_COUNTS, sites, windows]
    site_sums: PerUnit  # [3 x POOLED, sites, windows] of value, gradient, passed; rounded
    parameter_counts: Counts  # [PARAMETER_COUNTS, parameters, windows]
    parameter_sums: PerUnit  # [PARAMETER_SUMS, parameters, windows] rounded
    step_counts: Counts  # [STEP_COUNTS, steps]
    seconds: PerUnit  # [steps] rounded
    step_values: PerUnit  # [STEP_VALUES, steps] rounded, less than the others

    @property
    def windows(self) -> int:
        """How many windows there are."""
        return len(self.lengths)


def from_window(
    window: Readings, *, site_ids: Mapping[str, int], parameter_ids: Mapping[str, int]
) -> Segment:
    """One window of per-unit readings, its units pooled."""
    sites, parameters, steps = list(window.values()), list(window.parameters.values()), window.steps
    return Segment(
        site_ids=np.array([site_ids[name] for name in window], dtype=np.int64),
        parameter_ids=np.array([parameter_ids[name] for name in window.parameters], dtype=np.int64),
        lengths=np.array([len(steps)], dtype=np.int64),
        site_counts=_table([_site_counts(i, r) for i, r in enumerate(sites, 1)], SITE_COUNTS, np.int64),
        site_sums=np.concatenate(
            [
                pooled_arrays([reading.value for reading in sites]),
                pooled_arrays([reading.gradient for reading in sites]),
                pooled_arrays([reading.passed or NOTHING for reading in sites]),
            ]
        ),
        parameter_counts=_table(
            [(i, p.measured, p.unused) for i, p in enumerate(parameters, 1)], PARAMETER_COUNTS, np.int64
        ),
        parameter_sums=rounded(
            _table([_parameter_sums(parameter) for parameter in parameters], PARAMETER_SUMS, np.float64),
            SUM_BITS,
        ),
        step_counts=np.stack([steps.numbers, steps.examples]).astype(np.int64),
        seconds=rounded(steps.seconds, SUM_BITS),
        step_values=rounded(np.stack([steps.losses, steps.learning_rates]), LOSS_BITS),
    )


def join(segments: Sequence[Segment]) -> Segment:
    """Consecutive segments as one."""
    sites = _union([segment.site_ids for segment in segments])
    parameters = _union([segment.parameter_ids for segment in segments])

    def along_time(name: str, ids: Counts, own: str) -> NDArray[Any]:
        parts = []
        for segment in segments:
            part = getattr(segment, name)
            placed = np.zeros((len(part), len(ids), segment.windows), dtype=part.dtype)
            placed[:, np.searchsorted(ids, getattr(segment, own))] = part
            parts.append(placed)
        return np.concatenate(parts, axis=-1)

    def of_steps(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(segment, name) for segment in segments], axis=-1)

    return Segment(
        site_ids=sites,
        parameter_ids=parameters,
        site_counts=along_time("site_counts", sites, "site_ids"),
        site_sums=along_time("site_sums", sites, "site_ids"),
        parameter_counts=along_time("parameter_counts", parameters, "parameter_ids"),
        parameter_sums=along_time("parameter_sums", parameters, "parameter_ids"),
        lengths=of_steps("lengths"),
        step_counts=of_steps("step_counts"),
        seconds=of_steps("seconds"),
        step_values=of_steps("step_values"),
    )


def to_bytes(segment: Segment) -> bytes:
    """What `from_bytes` takes."""
    return pack([getattr(segment, field.name) for field in fields(segment)])


def from_bytes(data: bytes) -> Segment:
    """The segment that `to_bytes` was given; a ValueError for other bytes."""
    arrays = unpack(data)
    return Segment(**{field.name: array for field, array in zip(fields(Segment), arrays, strict=True)})


def to_window(
    segment: Segment,
    index: int,
    *,
    sites: Mapping[int, Site],
    parameters: Mapping[int, tuple[str, Shape]],
) -> Readings:
    """The window at `index` of a segment, its units pooled."""
    readings, norms = {}, {}
    counts, sums = segment.site_counts[:, :, index], segment.site_sums[:, :, index]
    value, gradient, passed = map(sums_of_pooled, counts[7:], sums.reshape(3, len(POOLED), -1))
    for column in _in_order(counts[0]):
        site = sites[int(segment.site_ids[column])]
        readings[str(site)] = Reading(
            site=site,
            steps=range(int(counts[1, column]), int(counts[2, column])),
            examples=int(counts[3, column]),
            value=_at(value, column),
            gradient=_at(gradient, column),
            passed=_at(passed, column) if passed.count[column] >= 0 else None,
        )
    for column in _in_order(segment.parameter_counts[0, :, index]):
        name, shape = parameters[int(segment.parameter_ids[column])]
        norms[name] = _parameter(
            name, shape, segment.parameter_counts[1:, column, index], segment.parameter_sums[:, column, index]
        )
    behind = np.cumsum(segment.lengths)[index]
    return Readings(
        readings=readings,
        parameters=norms,
        steps=steps_of(segment, slice(int(behind - segment.lengths[index]), int(behind))),
    )


def steps_of(segment: Segment, part: slice = slice(None)) -> Steps:
    """The steps of a segment, or part of them."""
    numbers, examples = segment.step_counts[:, part]
    losses, learning_rates = segment.step_values[:, part]
    return Steps(
        numbers=numbers,
        seconds=segment.seconds[part],
        examples=examples,
        losses=losses,
        learning_rates=learning_rates,
    )


def parameter_totals(
    segment: Segment, parameters: Mapping[int, tuple[str, Shape]]
) -> dict[str, ParameterReading]:
    """What the parameters did over all windows of a segment."""
    counts, sums = segment.parameter_counts[1:].sum(axis=-1), segment.parameter_sums.sum(axis=-1)
    sums[-1] = segment.parameter_sums[-1].max(axis=-1, initial=NOT_HELD)  # learning rates do not add
    order = segment.parameter_counts[0].max(axis=-1, initial=0)
    found = [(column, *parameters[int(segment.parameter_ids[column])]) for column in _in_order(order)]
    return {
        name: _parameter(name, shape, counts[:, column], sums[:, column]) for column, name, shape in found
    }


def _site_counts(place: int, reading: Reading) -> tuple[int, ...]:
    value, steps = reading.value, reading.steps
    units = (value.units, dead_units(value), flat_units(value))
    passed = int(reading.passed.count.sum()) if reading.passed else -1  # none seen is not none asked for
    seen = (int(value.count.sum()), int(reading.gradient.count.sum()), passed)
    return (place, steps.start, steps.stop, reading.examples, *units, *seen)


def _parameter_sums(parameter: ParameterReading) -> tuple[float, ...]:
    missing = REPLACEMENT if parameter.is_replacement else NOT_HELD
    rate = missing if parameter.learning_rate is None else parameter.learning_rate
    return (parameter.gradient, parameter.weight, parameter.update, rate)


def _at(sums: Sums, column: int) -> Sums:
    """The sums of one column, as of one unit."""
    return Sums(**{field.name: getattr(sums, field.name)[column : column + 1] for field in fields(Sums)})


def _table(rows: Sequence[tuple[float, ...]], names: Sequence[str], kind: type[Number]) -> NDArray[Number]:
    """One row an item as [names, items, 1]; also where there is no item."""
    return np.array(rows, dtype=kind).reshape(len(rows), len(names)).T[:, :, None]


def _parameter(name: str, shape: Shape, counts: Counts, sums: PerUnit) -> ParameterReading:
    (measured, unused), (gradient, weight, update, rate) = counts.tolist(), sums.tolist()
    return ParameterReading(
        name=name,
        shape=shape,
        measured=measured,
        unused=unused,
        gradient=gradient,
        weight=weight,
        update=update,
        learning_rate=None if rate < 0 else rate,
        is_replacement=rate == REPLACEMENT,
    )


def _in_order(places: Counts) -> Counts:
    """The columns that are there, in the order of execution."""
    order = np.argsort(places, kind="stable")
    return order[places[order] > 0]


def _union(ids: Sequence[Counts]) -> Counts:
    return np.unique(np.concatenate(ids))
