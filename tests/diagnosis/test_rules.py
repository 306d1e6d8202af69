"""What holds for every rule, whoever wrote it."""

from dataclasses import replace
from typing import get_args

import pytest
from tests.diagnosis.made import HEALTHY, LEVEL, STEPS, chain, network, parameter, reading

from relume.diagnosis.rule import Rule
from relume.diagnosis.rules import rules
from relume.types import Finding, NonFinite, Problem, Readings, Severity

SIGMOID = [1e-3 * 0.141 ** (19 - place) for place in range(20)]
GROWING = [3.0**place for place in range(10)]
all_rules = pytest.mark.parametrize("rule", rules.values(), ids=rules)

FAULTY: dict[str, Readings] = {
    "sigmoid": chain("sigmoid", gradients=SIGMOID, sigma_w2=1 / 3, losses=LEVEL),
    "too large weights": chain(gradients=GROWING[::-1], values=GROWING, sigma_w2=18.0),
    "saturated": chain("tanh", gradients=[1e-3] * 4, flat=0.9, sigma_w2=133.0),
    "dead": chain(gradients=[0.0, 0.0, 0.0, 1e-3, 1e-3], dead={3: 16}, losses=LEVEL),
    "cut": chain(gradients=[None, None, 1e-3, 1e-3], unused=2),
    "not finite": replace(
        chain(gradients=[1e-3] * 4), non_finite=NonFinite(site="3", step=2, direction="forward")
    ),
    "large input": chain(gradients=[1e-3] * 4, input_rms=255.0, losses=LEVEL),
    "large steps": chain(gradients=[1e-3] * 4, updates=[0.9] * 4, losses=[2.0, 9.0] * (STEPS // 2)),
    "stalled": chain(gradients=[1e-3] * 4, updates=[1e-3, 0.0, 1e-3, 1e-3]),
}
PROBLEMS = get_args(Problem)


def findings(rule: Rule, readings: Readings) -> list[Finding]:
    return list(rule.find(readings))


def test_every_problem_has_a_rule() -> None:
    assert set(rules) == set(PROBLEMS)


@all_rules
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert rule.meaning
    assert rule.formula
    assert rule.citation
    assert rule.needs_examples >= 1


@all_rules
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_network_gives_no_alarm(rule: Rule, name: str) -> None:
    assert all(finding.severity == "info" for finding in findings(rule, HEALTHY[name]))


@all_rules
@pytest.mark.parametrize("name", FAULTY)
def test_what_is_found_can_be_told(rule: Rule, name: str) -> None:
    for finding in findings(rule, FAULTY[name]):
        assert finding.problem == rule.name
        assert finding.severity in get_args(Severity)
        assert finding.cause
        assert finding.evidence
        assert all(evidence.quantity and evidence.source for evidence in finding.evidence)
        assert all(isinstance(remedy, str) and remedy for remedy in finding.remedies)
        assert {str(site) for site in finding.sites} <= {*FAULTY[name], "(input)"}
        assert set(finding.parameters) <= set(FAULTY[name].parameters)


@all_rules
@pytest.mark.parametrize("name", FAULTY)
def test_a_rule_is_silent_below_the_examples_it_needs(rule: Rule, name: str) -> None:
    few = rule.needs_examples - 1
    assert not findings(rule, _with_examples(FAULTY[name], few)) or few == 0


@all_rules
def test_nothing_at_all_is_no_fault(rule: Rule) -> None:
    assert not findings(rule, network([], [], losses=[]))
    assert not findings(rule, Readings(readings={}))


@all_rules
def test_sites_of_which_nothing_was_seen_are_no_fault(rule: Rule) -> None:
    rest = reading("0", gradient=None, examples=0)
    assert not findings(
        rule, network([rest], [parameter("0.weight", measured=0)], input_rms=None, examples=0)
    )


def _with_examples(readings: Readings, examples: int) -> Readings:
    sites = {
        name: reading(
            each.site.path,
            each.site.activation,
            rms=each.value.root_mean_square,
            gradient=each.gradient.root_mean_square if each.gradient.count.any() else None,
            fed_by=each.site.fed_by,
            flat=float(each.value.flat.sum() / each.value.count.sum()),
            dead=int((each.value.fired == 0).sum()),
            examples=examples,
        )
        for name, each in readings.items()
    }
    counts = readings.steps.examples * 0
    counts[:1] = examples
    given = readings.input and replace(readings.input, examples=examples)
    return replace(readings, readings=sites, input=given, steps=replace(readings.steps, examples=counts))
