"""Records of any content, drawn by hypothesis, and the comparison of two of them."""

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from relume.types import Direction, NonFinite, ParameterReading, Reading, Readings, Site, Steps, Sums

FLAT = (-2.0, 3.0)
NAMES = ("net.0", "net.2", "net.4")
Grid = NDArray[np.float64]  # [values, units]


def same(found: Any, expected: Any) -> None:
    """Equal to the bit, arrays and their types included; nan equals nan."""
    assert type(found) is type(expected)
    if is_dataclass(found):
        for field in fields(found):
            same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        for name in found:
            same(found[name], expected[name])
    elif isinstance(found, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


def sums_of(values: Grid) -> Sums:
    return Sums(
        count=np.full(values.shape[1], len(values), dtype=np.int64),
        sum=values.sum(0),
        sum_of_squares=np.square(values).sum(0),
        zeros=(values == 0).sum(0),
        fired=(values > 0).sum(0),
        flat=((values <= FLAT[0]) | (values >= FLAT[1])).sum(0),
        largest=np.abs(values).max(0, initial=0.0),
    )


# Whole numbers, so that no sum is rounded and what is equal is equal to the bit.
whole = st.integers(-9, 9).map(float)
not_negative = st.integers(0, 99).map(float)


@st.composite
def grids(draw: st.DrawFn, units: int) -> Grid:
    rows = draw(st.lists(st.lists(whole, min_size=units, max_size=units), max_size=4))
    return np.array(rows, dtype=np.float64).reshape(len(rows), units)


@st.composite
def readings_of_a_site(draw: st.DrawFn, path: str = NAMES[0], units: int | None = None) -> Reading:
    units = draw(st.integers(1, 3)) if units is None else units
    value, gradient = draw(grids(units)), draw(grids(units))
    start = draw(st.integers(0, 50))
    return Reading(
        site=Site(path=path, activation="relu"),
        steps=range(start, start + draw(st.integers(1, 9))),
        examples=len(value),
        value=sums_of(value),
        gradient=sums_of(gradient),
        passed=draw(st.none() | grids(units).map(sums_of)),
    )


@st.composite
def parameter_readings(draw: st.DrawFn, name: str = "net.0.weight") -> ParameterReading:
    measured, rate = draw(st.integers(0, 5)), draw(st.none() | not_negative)
    return ParameterReading(
        name=name,
        shape=(3, 4),
        measured=measured,
        unused=draw(st.integers(0, 5)),
        gradient=draw(not_negative) if measured else 0.0,
        weight=draw(not_negative) if measured else 0.0,
        update=draw(not_negative) if measured else 0.0,
        learning_rate=rate,
        is_replacement=rate is None and draw(st.booleans()),
    )


@st.composite
def windows_of_steps(draw: st.DrawFn, numbers: st.SearchStrategy[int] | None = None) -> Steps:
    """One example a step, so that the mean of two ranks' losses is a half at worst."""
    taken = sorted(draw(st.sets(numbers if numbers is not None else st.integers(0, 9), max_size=5)))
    seen_or_not = st.lists(not_negative | st.just(math.nan), min_size=len(taken), max_size=len(taken))
    return Steps(
        numbers=np.array(taken, dtype=np.int64),
        seconds=np.array(draw(seen_or_not)),
        examples=np.ones(len(taken), dtype=np.int64),
        losses=np.array(draw(st.lists(not_negative, min_size=len(taken), max_size=len(taken)))),
        learning_rates=np.array(draw(seen_or_not)),
    )


@st.composite
def faults(draw: st.DrawFn) -> NonFinite:
    directions: list[Direction] = ["forward", "backward"]
    return NonFinite(
        site=draw(st.sampled_from(NAMES)),
        step=draw(st.integers(0, 3)),
        direction=draw(st.sampled_from(directions)),
    )


@st.composite
def readings_of_a_run(draw: st.DrawFn) -> Readings:
    seen, measured = draw(st.sets(st.sampled_from(NAMES))), draw(st.sets(st.sampled_from(NAMES)))
    return Readings(
        readings={path: draw(readings_of_a_site(path)) for path in sorted(seen)},
        parameters={f"{path}.bias": draw(parameter_readings(f"{path}.bias")) for path in sorted(measured)},
        steps=draw(windows_of_steps()),
        non_finite=draw(st.none() | faults()),
        input=draw(st.none() | readings_of_a_site("(input)")),
        settings=draw(st.dictionaries(st.sampled_from(["SGD.momentum", "Adam.beta1"]), st.floats(0, 1))),
        not_seen=draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["compiled", "frozen"]))),
    )


ALL_RECORDS = {
    "Sums": grids(3).map(sums_of),
    "Reading": readings_of_a_site(),
    "ParameterReading": parameter_readings(),
    "Steps": windows_of_steps(),
    "Readings": readings_of_a_run(),
}
