"""Two processes see together what one sees alone."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from tests.probe import rank

import relume
from relume.errors import WatchError
from relume.types import Readings, Sums


@pytest.fixture(scope="module")
def of_two(tmp_path_factory: pytest.TempPathFactory) -> Readings:
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.probe.rank"]
    arguments = [str(folder / "store"), str(folder / "result")]
    ranks = [subprocess.Popen([*command, str(number), *arguments]) for number in range(2)]
    try:
        assert [process.wait(timeout=120) for process in ranks] == [0, 0]
    finally:
        for process in ranks:  # one that failed leaves the other waiting for it
            process.kill()
            process.wait()
    readings: Readings = pickle.loads((folder / "result").read_bytes())
    return readings


@pytest.fixture(scope="module")
def of_one() -> Readings:
    model = rank.network()
    starts = range(0, rank.STEPS * rank.BATCH, rank.BATCH)
    with relume.watch(model) as watch:
        rank.train(model, watch, [rank.data()[start : start + rank.BATCH] for start in starts])
    return watch.readings()


def assert_same_sums(found: Sums, expected: Sums) -> None:
    for name in ("count", "zeros", "fired", "flat"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name in ("sum", "sum_of_squares", "largest"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12)


def test_two_ranks_read_what_one_process_reads_on_the_same_data(of_two: Readings, of_one: Readings) -> None:
    assert list(of_two) == list(of_one) == ["1", "4"]
    for name, reading in of_one.items():
        assert of_two[name].examples == reading.examples == rank.STEPS * rank.BATCH
        assert of_two[name].steps == reading.steps
        assert_same_sums(of_two[name].value, reading.value)
        assert_same_sums(of_two[name].gradient, reading.gradient)


def test_two_ranks_took_the_same_steps_as_one_process(of_two: Readings, of_one: Readings) -> None:
    np.testing.assert_array_equal(of_two.steps.numbers, of_one.steps.numbers)
    np.testing.assert_array_equal(of_two.steps.examples, of_one.steps.examples)
    np.testing.assert_allclose(of_two.steps.losses, of_one.steps.losses)


def test_parameters_have_the_names_and_norms_they_have_alone(of_two: Readings, of_one: Readings) -> None:
    assert list(of_two.parameters) == list(of_one.parameters)
    for name, alone in of_one.parameters.items():
        together = of_two.parameters[name]
        assert together.gradient_norm == pytest.approx(alone.gradient_norm, rel=1e-9)
        assert together.update_norm == pytest.approx(alone.update_norm, rel=1e-9)


def test_gathering_without_ranks_says_what_to_do() -> None:
    with relume.watch(rank.network()) as watch, pytest.raises(WatchError, match="not initialised"):
        watch.gathered()
