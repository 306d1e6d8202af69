"""Rules are asked, what follows from another fault is put under it, and it all reads well."""

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from tests.diagnosis.made import HEALTHY, LEVEL, chain

import relume
from relume.diagnosis.diagnose import ORDER, SEVERITIES
from relume.diagnosis.printed import findings_text
from relume.diagnosis.rule import Rule
from relume.types import Diagnosis, Evidence, Finding, NonFinite, Problem, Readings, Severity, Site

READINGS = chain(gradients=[1e-3] * 8)
SIGMOID = chain("sigmoid", gradients=[1e-3 * 0.141 ** (19 - i) for i in range(20)], losses=LEVEL)
REDRAW, REVIVE = "variance-preserving-initialisation", "revive-dead-units"


def finding(
    problem: Problem,
    *,
    at: tuple[int, ...] = (),
    remedy: str = "",
    severity: Severity = "warning",
    parameters: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        problem=problem,
        severity=severity,
        sites=tuple(READINGS.sites[place] for place in at),
        parameters=parameters,
        evidence=(Evidence(quantity="it", measured=1.0, threshold=0.5, source="a test"),),
        cause="A cause.",
        remedies=(remedy,) if remedy else (),
    )


def rules_that_find(*findings: Finding) -> list[Rule]:
    def finder(each: Finding) -> Rule:
        def find(readings: Readings) -> Iterator[Finding]:
            yield each

        return Rule(name=each.problem, find=find, meaning="", formula="", needs_examples=1, citation="")

    return [finder(each) for each in findings]


def diagnosed(*findings: Finding) -> Diagnosis:
    return relume.diagnose(READINGS, rules=rules_that_find(*findings))


def tree(diagnosis: Diagnosis) -> dict[str, list[str]]:
    return {root.problem: [each.problem for each in root.consequences] for root in diagnosis.findings}


ONE_CAUSE = {
    "a NaN makes all that follows NaN": (
        finding("non-finite", at=(3,), severity="error"),
        finding("exploding-gradient", at=(0, 1), severity="error"),
        finding("stalled-layer", parameters=("0.weight",)),
    ),
    "saturation by large weights": (
        finding("vanishing-gradient", at=(0, 1), remedy=REDRAW),
        finding("saturated-units", at=(0, 1, 2), remedy=REDRAW),
        finding("exploding-gradient", at=(0, 7), remedy=REDRAW),
    ),
    "saturation by a large input": (
        finding("unscaled-input", remedy="standardise-input"),
        finding("saturated-units", at=(0,), remedy="standardise-input"),
    ),
    "dead units end the gradient": (
        finding("dead-units", at=(3,), remedy="lower-learning-rate", severity="error"),
        finding("vanishing-gradient", at=(0, 1, 2), remedy=REVIVE),
        finding("stalled-layer", parameters=("0.weight", "2.weight")),
    ),
    "a signal that shrinks leaves units silent": (
        finding("vanishing-gradient", at=(0, 1, 2), remedy=REDRAW),
        finding("dead-units", at=(6, 7), remedy=REVIVE),
    ),
    "zero weights make units dead": (
        finding("symmetric-units", parameters=("6.weight",), remedy="break-symmetry"),
        finding("dead-units", at=(3,), remedy=REVIVE, severity="error"),
    ),
    "weights too large in both directions": (
        finding("exploding-activation", at=(0, 7), remedy=REDRAW),
        finding("exploding-gradient", at=(0, 7), remedy=REDRAW),
        finding("unstable-updates", remedy="lower-learning-rate", severity="error"),
    ),
    "steps too large": (
        finding("unstable-updates", remedy="lower-learning-rate", severity="error"),
        finding("exploding-activation", at=(0, 7), remedy="lower-learning-rate"),
        finding("saturated-units", at=(2,), remedy="lower-learning-rate"),
    ),
}


@pytest.mark.parametrize("findings", ONE_CAUSE.values(), ids=ONE_CAUSE)
def test_one_cause_gives_one_finding(findings: tuple[Finding, ...]) -> None:
    root, *rest = findings
    for order in (findings, findings[::-1]):
        diagnosis = diagnosed(*order)
        assert list(tree(diagnosis)) == [root.problem]
        assert sorted(tree(diagnosis)[root.problem]) == sorted(each.problem for each in rest)


def test_a_root_is_as_grave_as_the_gravest_of_its_consequences() -> None:
    (root,) = diagnosed(*ONE_CAUSE["zero weights make units dead"]).findings
    assert root.severity == "error"


def test_two_causes_give_two_findings() -> None:
    far = diagnosed(
        finding("exploding-activation", at=(0, 1), remedy=REDRAW),
        finding("saturated-units", at=(6,), remedy=REDRAW, severity="error"),
    )
    assert tree(far) == {"saturated-units": [], "exploding-activation": []}
    other = diagnosed(
        finding("vanishing-gradient", at=(0, 1), remedy="replace-activation"),
        finding("dead-units", at=(1,), remedy=REVIVE),
    )
    assert tree(other) == {"vanishing-gradient": [], "dead-units": []}


def test_what_is_worth_knowing_is_a_consequence_perhaps_and_no_cause() -> None:
    silent = finding("dead-units", at=(0,), severity="info")
    (root,) = diagnosed(finding("vanishing-gradient", at=(0, 1), remedy=REDRAW), silent).findings
    assert root.severity == "warning"
    assert [each.problem for each in root.consequences] == ["dead-units"]
    assert len(diagnosed(finding("vanishing-gradient", at=(0, 1), remedy=REVIVE), silent).findings) == 2


def test_the_most_severe_comes_first() -> None:
    diagnosis = diagnosed(
        finding("saturated-units", at=(0,), severity="info"),
        finding("unscaled-input", severity="warning"),
        finding("symmetric-units", severity="error"),
    )
    severities = [each.severity for each in diagnosis.findings]
    assert severities == sorted(severities, key=SEVERITIES.index) == ["error", "warning", "info"]
    assert not diagnosis.is_healthy


def test_every_problem_has_its_place() -> None:
    assert set(ORDER) == set(Problem.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_are_called_healthy(name: str) -> None:
    diagnosis = relume.diagnose(HEALTHY[name])
    assert diagnosis.is_healthy, str(diagnosis)


def test_a_nan_is_the_only_fault_told() -> None:
    (fault,) = relume.diagnose(
        replace(SIGMOID, non_finite=NonFinite(site="5", step=3, direction="forward"))
    ).findings
    assert fault.problem == "non-finite"


def test_too_few_examples_are_said_to_be_too_few() -> None:
    few = chain("sigmoid", gradients=[1e-9, 1e-3], examples=20)
    undecided = relume.diagnose(few).undecided
    assert "vanishing-gradient: 20 examples seen, 64 needed" in undecided
    assert not any(told.startswith("non-finite") for told in undecided)
    assert relume.diagnose(SIGMOID).undecided == ()


def test_a_diagnosis_counts_what_it_rests_on() -> None:
    diagnosis = relume.diagnose(SIGMOID)
    assert (diagnosis.steps, diagnosis.examples) == (20, 6400)


def test_a_fault_is_told_in_few_lines_and_the_same_words_everywhere() -> None:
    diagnosis = relume.diagnose(SIGMOID)
    text = str(diagnosis)
    assert len(text.splitlines()) <= 25
    assert text.startswith("error    vanishing-gradient   1 to 31 (16 sites)   net.py:8, net.py:9")
    for word in ("Gradient at 1", "below 0.001", "Cause: The slope of sigmoid", "Try: replace-activation"):
        assert word in text
    file = StringIO()
    Console(file=file, width=110, color_system=None).print(findings_text(diagnosis))
    assert file.getvalue().split() == text.split()


def test_health_is_told_too() -> None:
    assert str(relume.diagnose(READINGS)) == "Nothing is wrong, as far as 20 steps, 6,400 examples tell."


def test_consequences_are_told_with_their_place() -> None:
    text = str(diagnosed(*ONE_CAUSE["saturation by large weights"]))
    assert "Follows from it: saturated-units at 1, 3, 5; exploding-gradient at 1, 15" in text


def test_a_fault_of_parameters_or_of_all_is_told_where_it_is() -> None:
    text = str(
        diagnosed(
            finding("stalled-layer", parameters=tuple(f"{i}.weight" for i in range(5))),
            finding("unscaled-input"),
        )
    )
    assert "warning  stalled-layer   0.weight to 4.weight (5 parameters)\n" in text
    assert "warning  unscaled-input\n" in text


def test_many_lines_of_code_are_counted() -> None:
    sites = tuple(Site(path=str(i), activation="relu", source=f"net.py:{i}") for i in range(9))
    text = str(replace(finding("dead-units"), sites=sites))
    assert "dead-units   0 to 8 (9 sites)   net.py:0, net.py:1, net.py:2 and 6 more lines" in text
