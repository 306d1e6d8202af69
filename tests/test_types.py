"""Records of windows and of ranks add up to the record of everything at once, in whatever order."""

import math
from collections.abc import Callable
from dataclasses import fields, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.types import (
    NO_STEPS,
    Interval,
    NonFinite,
    ParameterReading,
    Reading,
    Readings,
    Site,
    Steps,
    Verdict,
)
from tests.records import (
    ALL_RECORDS,
    Grid,
    faults,
    grids,
    not_negative,
    readings_of_a_run,
    readings_of_a_site,
    same,
    sums_of,
    windows_of_steps,
)


def rounded(record: Any) -> Any:
    """Means over ranks, rounded: they alone depend on the order in the last bit."""
    if isinstance(record, Readings):
        return replace(record, steps=rounded(record.steps))
    return replace(record, losses=record.losses.round(9)) if isinstance(record, Steps) else record


@pytest.mark.parametrize("kind", ALL_RECORDS)
@given(data=st.data())
def test_the_order_of_joining_does_not_matter(kind: str, data: st.DataObject) -> None:
    a, b, c = (data.draw(ALL_RECORDS[kind]) for _ in range(3))
    same(rounded((a + b) + c), rounded(a + (b + c)))


@pytest.mark.parametrize(
    ("records", "nothing"),
    [
        (ALL_RECORDS["Sums"], sums_of(np.zeros((0, 3)))),
        (ALL_RECORDS["Steps"], NO_STEPS),
        (ALL_RECORDS["Readings"], Readings(readings={})),
    ],
    ids=["Sums", "Steps", "Readings"],
)
@given(data=st.data())
def test_nothing_added_changes_nothing(
    records: st.SearchStrategy[Any], nothing: Any, data: st.DataObject
) -> None:
    record = data.draw(records)
    same(record + nothing, record)
    same(nothing + record, record)


@given(st.integers(1, 4).flatmap(lambda units: st.lists(grids(units), min_size=1, max_size=4)))
def test_windows_add_up_to_all_data_at_once(windows: list[Grid]) -> None:
    everything = np.concatenate(windows)
    same(reduce(add, map(sums_of, windows)), sums_of(everything))
    same(sums_of(everything).pooled(), sums_of(everything.reshape(-1, 1)))


@given(st.lists(grids(2), min_size=1, max_size=4))
def test_windows_of_a_run_add_up_to_all_of_it(windows: list[Grid]) -> None:
    def reading(values: Grid, first: int, last: int) -> Readings:
        site = Site(path="net.0", activation="relu")
        sums, steps = sums_of(values), range(first, last + 1)
        one = Reading(site=site, steps=steps, examples=len(values), value=sums, gradient=sums)
        return Readings(readings={"net.0": one})

    parts = [reading(values, i, i) for i, values in enumerate(windows)]
    same(reduce(add, parts), reading(np.concatenate(windows), 0, len(windows) - 1))


@pytest.mark.parametrize("kind", ["Sums", "Reading", "Readings"])
@given(data=st.data())
def test_units_can_be_pooled_before_or_after(kind: str, data: st.DataObject) -> None:
    a, b = data.draw(ALL_RECORDS[kind]), data.draw(ALL_RECORDS[kind])
    same((a + b).pooled(), a.pooled() + b.pooled())
    same(a.pooled().pooled(), a.pooled())


@given(readings_of_a_site(units=2), readings_of_a_site(units=3))
def test_a_site_whose_width_varies_is_pooled(two: Reading, three: Reading) -> None:
    both = two + three
    assert (both.value.units, both.gradient.units) == (1, 1)
    assert both.value.count == two.value.count.sum() + three.value.count.sum()


def test_units_that_differ_only_in_their_gradients_are_not_mixed() -> None:
    one = sums_of(np.ones((4, 3)))
    reading = Reading(
        site=Site(path="a", activation="relu"), steps=range(1), examples=4, value=one, gradient=one
    )
    assert (reading + replace(reading, gradient=one.pooled())).gradient.count.tolist() == [24]


def test_readings_of_different_sites_do_not_add() -> None:
    nothing = sums_of(np.zeros((0, 1)))
    first = Reading(
        site=Site(path="act", activation="relu"),
        steps=range(1),
        examples=0,
        value=nothing,
        gradient=nothing,
    )
    second = replace(first, site=replace(first.site, call_index=1))
    with pytest.raises(ValueError, match=r"^readings of different sites do not add: act and act#2$"):
        first + second


def test_a_nan_stays_in_the_largest_value() -> None:
    fine, broken = sums_of(np.ones((2, 2))), sums_of(np.array([[1.0, math.nan]]))
    for joined in (fine + broken, broken + fine):
        np.testing.assert_array_equal(joined.largest, [1.0, math.nan])
        assert math.isnan(joined.pooled().largest[0])


def steps(*rows: tuple[int, float, int, float, float]) -> Steps:
    """Steps from rows of number, seconds, examples, loss and learning rate."""
    numbers, seconds, examples, losses, rates = zip(*rows, strict=True)
    return Steps(
        numbers=np.array(numbers),
        seconds=np.array(seconds),
        examples=np.array(examples),
        losses=np.array(losses),
        learning_rates=np.array(rates),
    )


def test_two_ranks_of_the_same_steps_are_one() -> None:
    nan = math.nan
    first = steps((0, nan, 8, 2.0, 0.1), (1, 0.5, 8, 1.0, 0.1), (2, 0.7, 8, nan, nan))
    second = steps((0, nan, 8, 3.0, 0.1), (1, 0.9, 24, 3.0, 0.1), (2, 0.6, 8, 4.0, nan))
    expected = steps((0, nan, 16, 2.5, 0.1), (1, 0.9, 32, 2.5, 0.1), (2, 0.7, 16, 4.0, nan))
    same(first + second, expected)
    same(second + first, expected)


@given(windows_of_steps(st.integers(0, 9)), windows_of_steps(st.integers(10, 19)))
def test_windows_one_after_the_other_lose_nothing(first: Steps, second: Steps) -> None:
    both = first + second
    assert len(both) == len(first) + len(second)
    for field in fields(Steps):
        expected = np.concatenate([getattr(first, field.name), getattr(second, field.name)])
        np.testing.assert_array_equal(getattr(both, field.name), expected)
    same(second + first, both)


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 64), not_negative), min_size=3, max_size=3), min_size=1),
    st.sampled_from([lambda r: r, lambda r: r[::-1]]),
)
def test_the_loss_of_many_ranks_is_the_mean_over_examples(
    ranks: list[list[tuple[int, float]]], order: Callable[[list[Steps]], list[Steps]]
) -> None:
    parts = [steps(*((i, 0.0, n, loss, 0.1) for i, (n, loss) in enumerate(rank))) for rank in ranks]
    found = reduce(add, order(parts))
    examples, losses = np.array(ranks).transpose(2, 0, 1)
    np.testing.assert_array_equal(found.examples, examples.sum(0))
    np.testing.assert_allclose(found.losses, np.average(losses, axis=0, weights=examples), rtol=1e-12)


def test_losses_of_steps_without_examples_are_averaged_and_infinite_ones_stay() -> None:
    unseen = steps((0, 0.1, 0, 1.0, 0.1)) + steps((0, 0.1, 0, 3.0, 0.1))
    assert unseen.losses.tolist() == [2.0]
    for examples in (0, 8):
        infinite = steps((0, 0.1, 8, 1.0, 0.1)) + steps((0, 0.1, examples, math.inf, 0.1))
        assert infinite.losses.tolist() == [math.inf]


@given(st.lists(st.none() | faults(), max_size=6))
def test_the_earliest_value_that_is_not_finite_is_kept(found: list[NonFinite | None]) -> None:
    runs = [Readings(readings={}, non_finite=fault) for fault in found]
    kept = reduce(add, runs, Readings(readings={})).non_finite
    present = [fault for fault in found if fault]
    assert (kept is None) == (not present)
    if kept:  # forward comes before backward within a step
        assert all(
            (kept.step, kept.direction != "forward") <= (f.step, f.direction != "forward") for f in present
        )
        assert kept in present


@given(readings_of_a_run(), readings_of_a_run())
def test_readings_are_a_mapping_of_all_sites_that_either_saw(a: Readings, b: Readings) -> None:
    both = a + b
    assert list(both) == [*a, *(name for name in b if name not in a)]
    assert len(both) == len(both.sites)
    assert [str(site) for site in both.sites] == list(both)
    assert "elsewhere" not in both
    for name in both:
        expected = [run[name] for run in (a, b) if name in run]
        same(both[name], reduce(add, expected))


@given(grids(3), st.data())
def test_properties_of_sums(values: Grid, data: st.DataObject) -> None:
    sums = sums_of(values)
    assert sums.units == 3
    if not len(values):
        assert math.isnan(sums.root_mean_square)
        assert math.isnan(sums.zero_fraction)
    else:
        assert sums.root_mean_square == pytest.approx(np.sqrt(np.mean(values**2)))
        assert sums.zero_fraction == pytest.approx(np.mean(values == 0))


def test_properties_of_a_parameter() -> None:
    norms = {"gradient": 8.0, "weight": 200.0, "update": 2.0}
    seen = ParameterReading(name="w", shape=(4,), measured=2, unused=1, **norms)
    assert (seen.gradient_norm, seen.weight_norm, seen.update_norm) == (2.0, 10.0, 1.0)
    assert (seen.update_ratio, seen.is_used) == (0.1, True)
    same(
        seen + replace(seen, measured=3, unused=4, gradient=0.5, weight=0.25, update=0.125),
        replace(seen, measured=5, unused=5, gradient=8.5, weight=200.25, update=2.125),
    )
    unused = replace(seen, measured=0, gradient=0.0, weight=0.0, update=0.0)
    assert not unused.is_used
    norms = (unused.gradient_norm, unused.weight_norm, unused.update_norm, unused.update_ratio)
    assert all(math.isnan(norm) for norm in norms)
    assert math.isnan(replace(seen, weight=0.0).update_ratio)


def test_a_window_of_no_steps_has_no_span() -> None:
    nothing = sums_of(np.zeros((0, 1)))
    never = Reading(
        site=Site(path="a", activation="relu"),
        steps=range(0),
        examples=0,
        value=nothing,
        gradient=nothing,
    )
    later = replace(never, steps=range(40, 60))
    assert (never + later).steps == (later + never).steps == range(40, 60)
    assert (later + replace(never, steps=range(10, 20))).steps == range(10, 60)


def test_a_verdict_says_what_it_rests_on() -> None:
    found = Verdict(
        claim="c",
        holds="holds within limits",
        effect="a over b",
        interval=Interval(4.1, 3.2, 5.0, 8),
        limits="at d",
    )
    assert str(found) == "c: holds within limits\na over b: 4.1 [3.2, 5]\nat d"
    assert str(replace(found, holds="not decided", effect="", limits="")) == "c: not decided"
