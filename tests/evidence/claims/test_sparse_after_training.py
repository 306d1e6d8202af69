"""Zeros after training, and what more of them cost: of networks whose zeros are known."""

import pytest
from tests.evidence.planted_codes import DATA, HERE

from relume.evidence.claim import Subject
from relume.evidence.claims.sparse_after_training import (
    ACCURACY,
    BRAIN,
    BY_UNIT,
    LIVING,
    PLAIN,
    SILENT,
    ZEROS,
    judge,
    measure,
    plan,
)
from relume.evidence.picking import mean_of, values
from relume.types import Sample

SMALL = {"width": 32, "steps": 60, "seeds": 3}


def measured(network: str | None, *, l1: float = 0.0, rate: float = 0.0) -> list[Sample]:
    subject = Subject(data=DATA, network=network and f"{HERE}:{network}")
    return list(measure(subject, {"l1": l1, "rate": rate, **SMALL}))


def test_it_holds_for_a_network_that_is_sparse_by_its_making() -> None:
    found = judge([*measured("one_unit_a_pixel"), *measured("one_unit_a_pixel", l1=1.0)])
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.estimate == pytest.approx(1 - 16 / 64, abs=0.02)  # 2 to 30 of 64 pixels are white


def test_it_does_not_hold_for_a_network_that_is_always_on() -> None:
    found = judge(measured("always_on"))
    assert (found.holds, found.interval.estimate) == ("does not hold", 0.0)


def test_a_penalty_makes_zeros() -> None:
    plain, some, all_of_them = (measured(None, l1=l1, rate=0.03) for l1 in (0.0, 0.5, 100.0))
    zeros = [mean_of(s, ZEROS, s[0].series).estimate for s in (plain, some, all_of_them)]
    assert zeros[0] + 0.05 < zeros[1] < zeros[2]
    assert zeros[2] > BRAIN[0]


def test_silent_units_are_counted_apart() -> None:
    samples = by_hand(PLAIN, living=0.4, zeros=0.9)
    assert judge(samples).holds == "does not hold"  # sparse by what is dead, which is no code
    found = measured("one_unit_a_pixel")
    assert values(found, SILENT, PLAIN) == [0.0] * 3
    assert values(found, BY_UNIT, PLAIN, 0.5)


def by_hand(series: str, *, living: float, zeros: float = 0.5, accuracy: float = 0.8) -> list[Sample]:
    shifts = (-0.002, 0.0, 0.002)
    return [
        Sample(quantity=quantity, series=series, seed=seed, value=value + shift)
        for quantity, value in ((LIVING, living), (ZEROS, zeros), (ACCURACY, accuracy))
        for seed, shift in enumerate(shifts)
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    sparse, harmless = by_hand(PLAIN, living=0.7), by_hand("L1 1", living=0.85, zeros=0.85)
    harmed = by_hand("L1 10", living=0.97, zeros=0.97, accuracy=0.5)
    assert judge([*sparse, *harmless]).holds == "holds"
    assert judge(by_hand(PLAIN, living=0.3)).holds == "does not hold"
    assert judge(by_hand(PLAIN, living=0.5)).holds == "not decided"
    found = judge([*sparse, *harmless, *harmed])
    assert found.holds == "holds within limits"
    assert "holds at as trained (50 % zeros), 85 % zeros by L1 1 (+0.0 points)" in found.limits
    assert "not at 97 % zeros by L1 10 (-30.0 points)" in found.limits


def test_another_rate_counts_where_it_trains_as_well() -> None:
    best = by_hand(PLAIN, living=0.7)
    worse = by_hand("rate 0.3", living=0.3, accuracy=0.2)
    assert judge([*best, *worse]).holds == "holds"
    as_good = by_hand("rate 0.003", living=0.3)
    assert "not at rate 0.003 without penalty" in judge([*best, *as_good]).limits
    the_same = by_hand("rate 0.01", living=0.7)
    assert judge([*best, *the_same]).holds == "holds"


def test_the_plan_imposes_zeros_up_to_a_brains() -> None:
    assert {part["l1"] for part in plan(Subject(), "quick")} >= {0.0, 20.0}
