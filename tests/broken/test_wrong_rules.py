"""Rules that are wrong in one way each, which the checks must reject."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.diagnosis.checks import (
    CHECKS,
    assert_quiet_on_healthy_networks,
    assert_says_what_it_is,
    assert_silent_below_its_examples,
    assert_silent_on_nothing,
    assert_tells_what_it_finds,
)

from relume.diagnosis.rule import Rule
from relume.diagnosis.rules import rules
from relume.types import Finding, Readings, Site

RIGHT = rules["vanishing-gradient"]


def telling(**change: Any) -> Rule:
    """The rule with what it finds changed."""

    def find(readings: Readings) -> Iterator[Finding]:
        return (replace(finding, **change) for finding in RIGHT.find(readings))

    return replace(RIGHT, find=find)


def _always(readings: Readings) -> Iterator[Finding]:
    yield Finding(problem=RIGHT.name, severity="warning", sites=(), evidence=(), cause="Always.", remedies=())


def _where_there_are_sites(readings: Readings) -> Iterator[Finding]:
    return _always(readings) if readings else iter(())


def _thresholdless(readings: Readings) -> Iterator[Finding]:
    for finding in RIGHT.find(readings):
        yield replace(finding, evidence=tuple(replace(each, source="") for each in finding.evidence))


WRONG: dict[str, tuple[Rule, Callable[[Rule], None]]] = {
    "no formula": (replace(RIGHT, formula=""), assert_says_what_it_is),
    "needs nothing": (replace(RIGHT, needs_examples=0), assert_says_what_it_is),
    "a name of its own": (
        replace(RIGHT, name="bad-gradient"),  # type: ignore[arg-type]
        assert_says_what_it_is,
    ),
    "alarms at everything": (replace(RIGHT, find=_where_there_are_sites), assert_quiet_on_healthy_networks),
    "finds something in nothing": (replace(RIGHT, find=_always), assert_silent_on_nothing),
    "decides too early": (replace(RIGHT, needs_examples=1000), assert_silent_below_its_examples),
    "no evidence": (telling(evidence=()), assert_tells_what_it_finds),
    "a threshold from nowhere": (replace(RIGHT, find=_thresholdless), assert_tells_what_it_finds),
    "no cause": (telling(cause=""), assert_tells_what_it_finds),
    "another problem": (telling(problem="dead-units"), assert_tells_what_it_finds),
    "a severity of its own": (telling(severity="fatal"), assert_tells_what_it_finds),
    "a site that is not there": (
        telling(sites=(Site(path="elsewhere", activation="relu"),)),
        assert_tells_what_it_finds,
    ),
    "a remedy that is no name": (telling(remedies=(None,)), assert_tells_what_it_finds),
}


@pytest.mark.parametrize(("rule", "check"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_rejected(rule: Rule, check: Callable[[Rule], None]) -> None:
    check(RIGHT)
    with pytest.raises(AssertionError):
        check(rule)


def test_every_check_has_been_seen_to_fail() -> None:
    assert {check for _, check in WRONG.values()} == set(CHECKS)
