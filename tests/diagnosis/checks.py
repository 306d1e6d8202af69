"""What every rule is held to; `tests/broken` has rules that each of these must reject."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from tests.diagnosis.made import HEALTHY, LEVEL, STEPS, chain, network, parameter, reading

from relume.diagnosis.rule import Rule
from relume.types import NonFinite, Problem, Readings, Severity

SIGMOID = [1e-3 * 0.141 ** (19 - place) for place in range(20)]
GROWING = [3.0**place for place in range(10)]

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


def assert_says_what_it_is(rule: Rule) -> None:
    assert rule.name in get_args(Problem)
    assert rule.meaning
    assert rule.formula
    assert rule.citation
    assert rule.needs_examples >= 1


def assert_quiet_on_healthy_networks(rule: Rule) -> None:
    for name, readings in HEALTHY.items():
        alarms = [finding for finding in rule.find(readings) if finding.severity != "info"]
        assert not alarms, f"{name}: {alarms[0]}"


def assert_tells_what_it_finds(rule: Rule) -> None:
    for readings in (*FAULTY.values(), *HEALTHY.values()):
        for finding in rule.find(readings):
            assert finding.problem == rule.name
            assert finding.severity in get_args(Severity)
            assert finding.cause
            assert finding.evidence
            assert all(evidence.quantity and evidence.source for evidence in finding.evidence)
            assert all(isinstance(remedy, str) and remedy for remedy in finding.remedies)
            assert {str(site) for site in finding.sites} <= {*readings, "(input)"}
            assert set(finding.parameters) <= set(readings.parameters)


def assert_silent_below_its_examples(rule: Rule) -> None:
    if rule.needs_examples > 1:
        for name, readings in FAULTY.items():
            few = list(rule.find(_with_examples(readings, rule.needs_examples - 1)))
            assert not few, f"{name}: {few[0]}"


def assert_silent_on_nothing(rule: Rule) -> None:
    rest = network(
        [reading("0", gradient=None, examples=0)],
        [parameter("0.weight", measured=0)],
        input_rms=None,
        examples=0,
    )
    for readings in (Readings(readings={}), network([], [], losses=[]), rest):
        assert not list(rule.find(readings))


CHECKS: tuple[Callable[[Rule], None], ...] = (
    assert_says_what_it_is,
    assert_quiet_on_healthy_networks,
    assert_tells_what_it_finds,
    assert_silent_below_its_examples,
    assert_silent_on_nothing,
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
