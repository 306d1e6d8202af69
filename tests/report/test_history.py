"""What is drawn over time, against the windows themselves; and what packing it keeps."""

import base64
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.made_runs import SITES, large_view, window, write_run

import relume
from relume.report.history import History, Scale, halved, history_of_readings, history_of_run
from relume.report.packing import codes, fitted, packed_quantities
from relume.runfile.writer import open_for_writing
from relume.types import PerUnit, Readings


def decoded(text: str, scale: Scale) -> PerUnit:
    """As run_data.js does it."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8).astype(int)
    found = planes[: len(planes) // 2] + 256 * planes[len(planes) // 2 :]
    sizes = 2.0 ** ((found - 2) / 64 - 160) if scale == "log" else (found - 1) / 1000
    return np.select([found == 0, found == 1, found == 65535], [np.nan, 0.0, np.inf], sizes)


def test_a_history_holds_what_the_windows_do(tmp_path: Path) -> None:
    with relume.open(write_run(tmp_path / "run.sqlite", windows=5)) as run:
        history, windows = history_of_run(run), list(run.windows())
    assert history.sites == SITES
    assert history.start.tolist() == [0, 10, 20, 30, 40]
    assert history.stop.tolist() == [10, 20, 30, 40, 50]
    for column, each in enumerate(windows):
        for row, (name, reading) in enumerate(each.items()):
            found = {key: values[row, column] for key, values in history.quantities.items()}
            assert found["gradient"] == pytest.approx(reading.gradient.root_mean_square, rel=1e-12), name
            assert found["zeros"] == reading.value.zero_fraction
            assert found["flat"] == reading.value.flat.sum() / reading.value.count.sum()
            weights = each.parameters[f"{reading.site.fed_by}.weight"]
            assert found["update"] == pytest.approx(weights.update_ratio, rel=1e-12)
    # One unit of eight never fires; sigmoid is no rectifier, whose units are never dead.
    np.testing.assert_array_equal(history.quantities["dead"][:, 0], [np.nan, 1 / 8, 1 / 8])


def test_what_was_not_seen_is_nan_and_what_was_no_number_is_infinite(tmp_path: Path) -> None:
    last = window(0)["last"]
    broken = replace(last, gradient=replace(last.gradient, sum_of_squares=np.full(8, np.nan)))
    with open_for_writing(tmp_path / "run.sqlite", model="m") as run:
        for number, each in enumerate([{"last": last}, {"last": broken}, {"first": window(2)["first"]}]):
            readings = Readings(readings=each, steps=window(number).steps)
            run.write(readings, phase="training", total=readings)
    with relume.open(tmp_path / "run.sqlite") as opened:
        gradient = history_of_run(opened).quantities["gradient"]
    assert np.isfinite(gradient[0]).tolist() == [True, False, False]
    assert np.isinf(gradient[0]).tolist() == [False, True, False]
    assert np.isnan(gradient).tolist() == [[False, False, True], [True, True, False]]


def test_the_update_ratio_is_that_of_all_parameters_of_the_layer(tmp_path: Path) -> None:
    made = window(0)
    bias = replace(made.parameters["one.weight"], name="one.bias", weight=2.0, update=32e-6)
    readings = replace(made, parameters={**made.parameters, "one.bias": bias})
    found = history_of_readings(readings).quantities["update"][0, 0]
    assert found == pytest.approx(((8e-6 + 32e-6) / (8 + 2)) ** 0.5, rel=2e-3)


def test_readings_alone_show_their_first_and_their_last_steps() -> None:
    whole = replace(window(0) + window(1) + window(2), opening=window(0), closing=window(2))
    history = history_of_readings(whole)
    assert history.start.tolist() == [0, 20]
    assert history.stop.tolist() == [10, 30]
    one = history_of_readings(replace(window(0), opening=window(0), closing=window(0)))
    assert one.windows == 1


def test_halving_takes_means_of_two_windows() -> None:
    values = np.array([[1.0, 7.0, 2.0, np.nan, 5.0], [np.nan, np.nan, 0.0, 1.0, np.inf]])
    history = History(
        sites=SITES[:2],
        start=np.arange(5) * 10,
        stop=np.arange(5) * 10 + 10,
        quantities={"gradient": values, "zeros": values},
    )
    half = halved(history)
    assert half.start.tolist() == [0, 20, 40]
    assert half.stop.tolist() == [20, 40, 50]
    np.testing.assert_allclose(half.quantities["gradient"], [[5, 2, 5], [np.nan, 0.5**0.5, np.inf]])
    np.testing.assert_allclose(half.quantities["zeros"], [[4, 2, 5], [np.nan, 0.5, np.inf]])


SIZES = st.floats(1e-45, 1e38) | st.sampled_from([0.0, np.nan, np.inf])


@given(st.lists(SIZES, min_size=1))
def test_packing_keeps_sizes_within_a_hundredth(values: list[float]) -> None:
    history = History(
        sites=SITES[:1],
        start=np.arange(len(values)),
        stop=np.arange(len(values)) + 1,
        quantities={"gradient": np.array([values])},
    )
    found = decoded(packed_quantities(history)["gradient"], "log")
    np.testing.assert_allclose(found, values, rtol=0.006)
    np.testing.assert_array_equal(found == 0, np.array(values) == 0)


@given(st.lists(st.floats(0, 1) | st.just(np.nan), min_size=1))
def test_packing_keeps_shares_and_their_ends(values: list[float]) -> None:
    shares = np.array(values)
    found = (codes(shares, "share").astype(int) - 1) / 1000
    seen = ~np.isnan(shares)
    np.testing.assert_allclose(found[seen], shares[seen], atol=0.00101)
    for end in (0, 1):
        np.testing.assert_array_equal(found[seen] == end, shares[seen] == end)
    assert (codes(shares, "share")[~seen] == 0).all()


def test_histories_are_halved_until_there_is_room() -> None:
    history = large_view(sites=20, windows=200).history
    whole = sum(map(len, packed_quantities(history).values()))
    [(same, _)] = fitted([history], whole)
    assert same is history
    both = fitted([history, history], whole)
    assert [each.windows for each, _ in both] == [100, 100]
    assert sum(len(text) for _, texts in both for text in texts.values()) <= whole
    [(least, _)] = fitted([history], 0)
    assert least.windows == 1
