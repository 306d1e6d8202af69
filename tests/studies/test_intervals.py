"""Intervals of seeds: a bootstrap of their mean, honest about too few."""

import math

import numpy as np
import pytest

from relume.studies.intervals import mean_interval, ratio_interval

VALUES = [0.80, 0.82, 0.81, 0.83, 0.84]


def test_the_interval_is_that_of_a_plain_bootstrap() -> None:
    found = mean_interval(VALUES)
    draws = np.random.default_rng(1).choice(VALUES, (20_000, 5)).mean(1)
    assert found.estimate == pytest.approx(0.82)
    assert found.low == pytest.approx(np.quantile(draws, 0.025), abs=5e-4)
    assert found.high == pytest.approx(np.quantile(draws, 0.975), abs=5e-4)
    assert found.seeds == 5


def test_the_interval_is_the_same_every_time() -> None:
    assert mean_interval(VALUES) == mean_interval(VALUES)


@pytest.mark.parametrize("values", [[], [0.5], [0.5, math.nan], [0.5, math.inf, 0.2]])
def test_too_little_gives_no_bounds(values: list[float]) -> None:
    found = mean_interval(values)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.seeds == len(values)
    assert math.isnan(found.estimate) == (len(values) == 0 or math.nan in values)


def test_equal_values_give_an_interval_of_no_width() -> None:
    found = mean_interval([0.1] * 7)
    assert (found.estimate, found.low, found.high) == (0.1, 0.1, 0.1)


def test_a_ratio_is_of_pairs_and_turns_over() -> None:
    baseline, own = [20.0, 90.0, 40.0], [10.0, 30.0, 10.0]
    there, back = ratio_interval(baseline, own), ratio_interval(own, baseline)
    assert there.estimate == pytest.approx((2 * 3 * 4) ** (1 / 3))
    assert 2 <= there.low < there.estimate < there.high <= 4
    assert back.estimate == pytest.approx(1 / there.estimate)
    assert back.low == pytest.approx(1 / there.high, rel=0.02)


def test_pairing_takes_away_what_the_seeds_share() -> None:
    baseline = [10.0, 100.0, 1000.0]
    assert ratio_interval(baseline, [b / 2 for b in baseline]).low == pytest.approx(2.0)
    assert ratio_interval(baseline, [500.0, 5.0, 50.0]).low < 1
