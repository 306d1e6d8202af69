"""Every record shows itself as HTML that is whole, loads nothing and is read on light and on dark."""

from typing import Any

import pytest
from tests.diagnosis.checks import FAULTY
from tests.diagnosis.made import HEALTHY
from tests.notebook.checks import contrast, faults_of, text_of
from tests.notebook.records import HOSTILE, KINDS, hostile, records

import relume
from relume.notebook import markup
from relume.types import Diagnosis


def html(record: Any) -> str:
    return str(record._repr_html_())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_whole_and_stands_alone(kind: str) -> None:
    assert faults_of(html(records()[kind])) == []


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_never_taken_for_html(kind: str) -> None:
    shown = html(hostile()[kind])
    assert faults_of(shown) == []
    assert "alert('&')" in text_of(shown) or "Alert('&')" in text_of(shown)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("<p>a", "<p> is not closed"),
        ("<p>a</b></p>", "</b> closes nothing"),
        (f"<p>{HOSTILE}</p>", "<script> reaches beyond"),
        ("<style>td {color: red}</style>", "<style> reaches beyond"),
        ('<p onclick="f()">a</p>', "attribute onclick"),
        ('<a href="https://example.org">a</a>', "attribute href"),
        ('<p style="background:url(x.png)">a</p>', "a style loads something"),
        ('<p style="color:#000">a</p>', "unreadable on some theme"),
        ('<p style="background:#fff">a</p>', "unreadable on some theme"),
        ('<p style="color:#fff;background:#ffc">a</p>', "too faint"),
    ],
)
def test_the_check_rejects(wrong: str, fault: str) -> None:
    assert any(fault in found for found in faults_of(wrong))


def test_contrast_is_that_of_the_definition() -> None:
    assert contrast("#000000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the greyest that passes


@pytest.mark.parametrize("paint", sorted({*markup.PAINT.values(), markup.HEALTHY}))
def test_a_badge_is_read_on_any_theme(paint: str) -> None:
    shown = markup.badge(HOSTILE, paint)
    assert faults_of(shown) == []
    assert text_of(shown) == HOSTILE


@pytest.mark.parametrize("name", FAULTY)
def test_a_diagnosis_tells_what_it_prints(name: str) -> None:
    diagnosis = relume.diagnose(FAULTY[name])
    shown = text_of(html(diagnosis))
    assert diagnosis.findings
    for finding in diagnosis.findings:
        assert f"{finding.severity} {finding.problem}" in shown
        assert finding.cause in shown
        assert all(each.source in shown for each in finding.evidence[:3])


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_network_is_said_to_be(name: str) -> None:
    shown = text_of(html(relume.diagnose(HEALTHY[name], rules=())))
    assert "Nothing is wrong, as far as" in shown
    assert "healthy" in shown


def test_nothing_seen_is_not_healthy() -> None:
    shown = text_of(html(Diagnosis(findings=(), steps=0, examples=0)))
    assert shown.startswith("Nothing was seen yet.")
    assert "healthy" not in shown


def test_readings_are_the_printed_table() -> None:
    shown = text_of(html(FAULTY["dead"]))
    assert "site activation units rms zero flat silent gradient rms" in shown
    assert "7 relu 16 1 100.0 % - 16 0.001" in shown
    assert "20 steps" in shown


def test_an_activation_is_told_as_by_the_command() -> None:
    shown = text_of(html(relume.activations["relu"]))
    for part in ("formula max(0, x)", "exact zeros for x <= 0", "forward gain 2", "Nair & Hinton (2010)"):
        assert part in shown


def test_a_claim_tells_its_plan_and_what_tests_it() -> None:
    claim = relume.claims["dying-relu"]
    shown = text_of(html(claim))
    assert claim.statement in shown
    assert claim.source in shown
    assert 'run_claims([relume.claims["dying-relu"]], effort="quick")' in shown


def test_what_a_claim_came_to() -> None:
    shown = text_of(html(records()["Judged"]))
    assert "Two is more than one holds" in shown
    assert "the planted number: 2" in shown
    assert "half relu" in shown


def test_a_repair_tells_the_losses() -> None:
    shown = text_of(html(records()["Repair"]))
    assert "replace-activation repaired" in shown
    assert "loss as it was 2 to 1.99 in 2 steps loss repaired 2 to 0.5 in 2 steps" in shown


def test_a_study_answers() -> None:
    shown = text_of(html(records()["Study"]))
    assert "4 networks Each at its best setting, relu" in shown
    assert "mlp 2x16 relu he 0.1" in shown
