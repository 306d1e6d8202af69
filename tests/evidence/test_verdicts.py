"""A verdict follows from where intervals lie, never from what somebody hoped."""

import math

import pytest

from relume.evidence.verdicts import above, below, both, limits, over_cases, verdict, within
from relume.types import Holding, Interval

CLEAR, STRADDLING, UNDER = Interval(4, 3, 5, 8), Interval(1, 0.5, 2, 8), Interval(0.5, 0.4, 0.6, 8)
UNKNOWN = Interval(4, math.nan, math.nan, 1)
ENDLESS = Interval(math.inf, 3, math.inf, 8)  # most seeds never got there, all needed more than 3


@pytest.mark.parametrize(
    ("interval", "is_above", "is_below"),
    [
        (CLEAR, "holds", "does not hold"),
        (UNDER, "does not hold", "holds"),
        (STRADDLING, "not decided", "not decided"),
        (UNKNOWN, "not decided", "not decided"),
        (ENDLESS, "holds", "does not hold"),
        (Interval(1, 1, 1, 8), "does not hold", "does not hold"),  # at the threshold: neither side
    ],
)
def test_only_a_whole_interval_decides(interval: Interval, is_above: Holding, is_below: Holding) -> None:
    assert above(interval, 1.0) == is_above
    assert below(interval, 1.0) == is_below


def test_being_alike_has_to_be_shown() -> None:
    assert within(Interval(1.0, 0.97, 1.02, 8), 0.95, 1.05) == "holds"
    assert within(STRADDLING, 0.95, 1.05) == "not decided"
    assert within(CLEAR, 0.95, 1.05) == within(UNDER, 0.95, 1.05) == "does not hold"
    assert within(UNKNOWN, 0.95, 1.05) == "not decided"


def test_one_part_refutes_what_needs_all() -> None:
    assert both("holds", "holds") == "holds"
    assert both("holds", "not decided") == "not decided"
    assert both("not decided", "does not hold") == "does not hold"
    assert both() == "not decided"


@pytest.mark.parametrize(
    ("cases", "holds", "where"),
    [
        ({"a": "holds", "b": "holds"}, "holds", ""),
        ({"a": "does not hold"}, "does not hold", ""),
        ({"a": "not decided"}, "not decided", ""),
        ({"a": "does not hold", "b": "not decided"}, "not decided", ""),
        (
            {"a": "holds", "b": "does not hold", "c": "not decided"},
            "holds within limits",
            "holds at a; not at b; not decided at c",
        ),
        ({"a": "holds", "b": "not decided"}, "holds within limits", "holds at a; not decided at b"),
        ({}, "not decided", ""),
    ],
)
def test_cases_add_up(cases: dict[str, Holding], holds: Holding, where: str) -> None:
    assert over_cases(cases) == (holds, where)
    found = verdict("c", "x over y", CLEAR, cases)
    assert (found.holds, found.limits, found.interval, found.effect) == (holds, where, CLEAR, "x over y")


def test_limits_name_every_case() -> None:
    assert limits({"a": "not decided", "b": "holds"}) == "holds at b; not decided at a"
