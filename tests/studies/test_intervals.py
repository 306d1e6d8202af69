"""Intervals of seeds: they hold the true value as often as they say."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from relume.studies.intervals import (
    difference_interval,
    mean_interval,
    median_interval,
    ratio_interval,
    share_interval,
)
from relume.types import Interval

VALUES = [0.80, 0.82, 0.81, 0.83, 0.84]


def test_the_interval_is_that_of_students_test() -> None:
    found, expected = mean_interval(VALUES), stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
    assert found.estimate == pytest.approx(0.82)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
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
    assert there.low < there.estimate < there.high
    assert back.estimate == pytest.approx(1 / there.estimate)
    assert back.low == pytest.approx(1 / there.high, rel=1e-6)


def test_pairing_takes_away_what_the_seeds_share() -> None:
    baseline = [10.0, 100.0, 1000.0]
    assert ratio_interval(baseline, [b / 2 for b in baseline]).low == pytest.approx(2.0)
    assert ratio_interval(baseline, [500.0, 5.0, 50.0]).low < 1


def test_a_difference_is_of_pairs() -> None:
    assert difference_interval([10.5, 100.5, 1000.5], [10.0, 100.0, 1000.0]) == Interval(0.5, 0.5, 0.5, 3)


def test_a_ratio_to_nothing_has_no_bounds() -> None:
    assert math.isnan(ratio_interval([1.0, 1.0, 1.0], [2.0, 0.0, 2.0]).low)


@pytest.mark.parametrize("values", [[], [1.0] * 5, [1.0] * 8 + [math.nan]])
def test_a_median_of_too_little_has_no_bounds(values: list[float]) -> None:
    assert math.isnan(median_interval(values).low)
    assert math.isnan(median_interval(values).high)


def test_a_median_knows_that_some_never_got_there() -> None:
    found = median_interval([20.0, 22.0, 24.0, 26.0, 28.0, 30.0, 32.0, 34.0, 36.0, math.inf])
    assert found.estimate == 29.0
    assert math.isfinite(found.high)  # one of ten says little of the median
    half = median_interval([20.0, 22.0, 24.0, 26.0, 28.0, *[math.inf] * 5])
    assert half.estimate == math.inf
    assert (math.isfinite(half.low), half.high) == (True, math.inf)
    assert median_interval([math.inf] * 6).low == math.inf


def test_a_median_turns_with_its_values() -> None:
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0]
    there, back = median_interval(values), median_interval([-v for v in values])
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


DRAWS = 2000
SEEDS = (5, 6, 8, 10, 16)  # as many as studies and claims have


def _coverage(interval: Callable[..., Interval], draws: np.ndarray, truth: float) -> float:
    """How often the interval of a draw, [draws, ..., seeds], holds the truth."""
    found = [interval(*np.atleast_2d(draw).tolist()) for draw in draws]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_interval_of_a_mean_covers_what_it_says(seeds: int) -> None:
    draws = np.random.default_rng(seeds).normal(3.0, 2.0, (DRAWS, seeds))
    assert 0.93 <= _coverage(mean_interval, draws, 3.0) <= 0.97


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_interval_of_a_ratio_covers_what_it_says(seeds: int) -> None:
    """Paired steps: what the batches of a seed do to both sides, times what each does alone."""
    random = np.random.default_rng(seeds)
    shared, own, other = np.exp(random.normal(0, [[[1.0]], [[0.3]], [[0.2]]], (3, DRAWS, seeds)))
    draws = np.stack([shared * own * 4, shared * other], axis=1)
    assert 0.93 <= _coverage(ratio_interval, draws, 4.0) <= 0.97


@pytest.mark.parametrize("seeds", [n for n in SEEDS if n >= 6])
@pytest.mark.parametrize("skewed", [stats.expon(), stats.beta(2, 20), stats.lognorm(1.0)])
def test_the_interval_of_a_median_covers_what_it_says_of_skewed_values(
    seeds: int, skewed: "stats.rv_continuous"
) -> None:
    draws = skewed.rvs((DRAWS, seeds), random_state=np.random.default_rng(seeds))
    assert 0.93 <= _coverage(median_interval, draws, skewed.median()) <= 0.97


def test_coverage_that_is_too_low_is_seen() -> None:
    """Student's interval of skewed values: why the median is taken there."""
    draws = np.random.default_rng(0).exponential(size=(DRAWS, 6))
    assert _coverage(mean_interval, draws, 1.0) < 0.93


@pytest.mark.parametrize("truth", [0.1, 0.35, 0.5])
def test_the_interval_of_a_share_covers_what_it_says(truth: float) -> None:
    counts = np.random.default_rng(0).binomial(200, truth, DRAWS)
    found = [share_interval(int(k), 200) for k in counts]
    assert 0.93 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.97


def test_nothing_tried_gives_no_share() -> None:
    assert math.isnan(share_interval(0, 0).low)
