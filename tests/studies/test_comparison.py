"""'Faster' is said only where the seeds allow it."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.studies.tiny import job, outcome

from relume.studies.comparison import SMOOTHING_STEPS, compare, judge, running_mean, steps_to


@pytest.mark.parametrize(
    ("steps", "baseline", "pace"),
    [
        ([10, 11, 12, 10, 11], [30, 36, 33, 30, 32], "faster"),
        ([30, 36, 33, 30, 32], [10, 11, 12, 10, 11], "slower"),
        ([10, 11], [30, 36], "not decided"),  # two seeds agree by chance in half of all cases
        ([10, 30, 20, 10, 30], [20, 15, 20, 20, 15], "not decided"),
        ([10, 10, 10, 10, 10], [10, 10, 10, 10, 10], "not decided"),
        ([10], [90], "not decided"),  # one seed gives no interval
        ([10, 11, 12, 10, 11], [30, None, 33, None, 32], "faster"),  # the baseline's were at least 100
        ([30, None, 33, None, 32], [10, 11, 12, 10, 11], "slower"),
        ([*[10] * 9, None], [900] * 10, "not decided"),  # might have needed any number
        ([900] * 10, [*[10] * 9, None], "not decided"),
        ([10, 11, 12], [None, None, None], "baseline never got there"),
        ([None, None, None], [10, 11, 12], "never got there"),
        ([None, None, None], [None, None, None], "neither got there"),
    ],
)
def test_the_verdict(steps: Sequence[int | None], baseline: Sequence[int | None], pace: str) -> None:
    ratio, found = judge(steps, baseline, most=1000 if 900 in (*steps, *baseline) else 100)
    assert found == pace
    assert (ratio is None) == ("got there" in pace)
    if found == "faster":
        assert ratio is not None
        assert ratio.low > 1
    if found == "slower":
        assert ratio is not None
        assert ratio.high < 1


def test_the_wider_interval_of_the_same_ratios_decides_nothing() -> None:
    """The geometric mean is about 2 both times."""
    assert judge([10] * 6, [18, 20, 22, 18, 20, 22], most=100)[1] == "faster"
    assert judge([10] * 6, [8, 100, 20, 2, 90, 20], most=100)[1] == "not decided"


def test_a_missing_seed_counts_as_all_the_steps_it_had() -> None:
    ratio, _ = judge([10, 10], [40, None], most=90)
    assert ratio is not None
    assert ratio.estimate == pytest.approx(6.0)  # sqrt(40/10 * 90/10)


def test_steps_are_counted_to_the_end_of_the_ten_whose_mean_is_low_enough() -> None:
    falling = outcome(job("relu"), [2.0] * 5 + [1.0] * 20)
    assert steps_to(falling, 1.0) == 15
    assert steps_to(falling, 1.51) == 10
    assert steps_to(falling, 2.0) == SMOOTHING_STEPS
    assert steps_to(falling, 0.99) is None
    lucky = outcome(job("relu"), [2.0] * 15 + [0.1] + [2.0] * 15)
    assert steps_to(lucky, 1.0) is None


def test_steps_of_short_and_empty_histories() -> None:
    assert steps_to(outcome(job("relu"), [1.0, 1.0, 1.0]), 1.0) == 3
    assert steps_to(outcome(job("relu"), [], diverged=True), 1.0) is None
    np.testing.assert_allclose(running_mean(np.arange(5.0), 2), [0.5, 1.5, 2.5, 3.5])


def test_each_activation_is_compared_with_each_baseline_in_its_own_network() -> None:
    groups = [
        [outcome(job(name, seed=seed, network=network), [2.0] * at + [0.0] * 50) for seed in range(5)]
        for network in ("mlp 4x16", "mlp 8x16")
        for name, at in (("sigmoid", 40), ("tanh", 20), ("relu", 10))
    ]
    found = list(compare("same setting", groups, [0.5]))
    assert [(c.network, c.activation, c.baseline) for c in found] == [
        (network, activation, baseline)
        for network in ("mlp 4x16", "mlp 8x16")
        for baseline in ("sigmoid", "tanh")
        for activation in ("sigmoid", "tanh", "relu")
        if activation != baseline
    ]
    paces = {(c.activation, c.baseline): c.pace for c in found}
    assert paces["relu", "sigmoid"] == paces["tanh", "sigmoid"] == paces["relu", "tanh"] == "faster"
    assert paces["sigmoid", "tanh"] == "slower"
    ratio = next(c.ratio for c in found if (c.activation, c.baseline) == ("relu", "sigmoid"))
    assert ratio is not None
    assert ratio.estimate == pytest.approx(48 / 18)  # 8 of 10 batches at 0 bring the mean of 2 below 0.5


def test_without_a_baseline_nothing_is_compared() -> None:
    assert list(compare("same setting", [[outcome(job("relu"), [1.0])]], [0.5])) == []
