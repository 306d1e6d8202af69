"""What holds for every rule, whoever wrote it."""

from collections.abc import Callable
from typing import get_args

import pytest
from tests.diagnosis.checks import CHECKS

from relume.diagnosis.rule import Rule
from relume.diagnosis.rules import rules
from relume.types import Problem


def test_every_problem_has_a_rule() -> None:
    assert set(rules) == set(get_args(Problem))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("assert_"))
@pytest.mark.parametrize("rule", rules.values(), ids=rules)
def test_a_rule(rule: Rule, check: Callable[[Rule], None]) -> None:
    check(rule)
