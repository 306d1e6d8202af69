"""The page of claims: each with its verdict, figure, numbers and command; safe with any name."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.evidence.planted import TRUE
from tests.evidence.test_results import by_hand
from tests.report.test_page import Reader

from relume.evidence.results import Results
from relume.report.claims_markdown import markdown
from relume.report.page import page
from relume.studies.summary import Summary
from relume.types import Sample

HOSTILE = "<script>alert(1)</script>"


def only_true(**change: Any) -> Results:
    judged = by_hand().judged[TRUE.name]
    return replace(by_hand(), judged={TRUE.name: replace(judged, **change)})


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_it_shows_all_of_a_claim_and_loads_nothing() -> None:
    html = page(None, only_true(), claims={TRUE.name: TRUE})
    reader = read(html)
    text = " ".join("".join(reader.text).split())
    assert reader.open == []
    assert reader.loads == []
    assert reader.tags["svg"] == 1
    assert reader.tags["script"] == 0
    for part in (
        TRUE.statement,
        TRUE.method,
        "The planted number: 2",
        "relume why --claim two-is-more-than-one --quick",
        "Nowhere: every claim that was tested holds",
        "1 claim: 1 holds.",
    ):
        assert part in text
    assert [name for name, times in reader.ids.items() if times > 1] == []
    assert "What the study found" not in text


def test_it_shows_a_study_beside_them(summary: Summary) -> None:
    reader = read(page(summary, only_true(), claims={TRUE.name: TRUE}))
    text = "".join(reader.text)
    assert text.index("The claims") < text.index("What the study found") < text.index("mlp 4x32")
    assert reader.tags["svg"] == 1 + 3 * 2 + 2
    assert [name for name, times in reader.ids.items() if times > 1] == []


def test_names_are_only_text() -> None:
    verdict = replace(by_hand().judged[TRUE.name].verdict, effect=HOSTILE, limits=f"{HOSTILE}; b")
    results = replace(only_true(verdict=verdict, notes=(HOSTILE,)), data=HOSTILE, machines=(HOSTILE,))
    html = page(None, results, claims={TRUE.name: replace(TRUE, statement=HOSTILE, source=HOSTILE)})
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def _fails(samples: Sequence[Sample], figure: Any) -> None:
    raise ZeroDivisionError("no ink")


def test_a_figure_that_fails_is_told_and_the_rest_is_shown() -> None:
    html = page(None, only_true(), claims={TRUE.name: replace(TRUE, draw=_fails)})
    assert "The figure could not be drawn: ZeroDivisionError: no ink." in html
    assert TRUE.method in html


def test_a_claim_of_which_nothing_was_measured_is_shown_without_figure() -> None:
    verdict = replace(by_hand().judged["unknown"].verdict, claim=TRUE.name, effect="")
    found = only_true(samples=(), verdict=verdict, notes=("Part (seed 1) failed: an accident.",))
    html = page(None, found, claims={TRUE.name: TRUE})
    assert read(html).tags["svg"] == 0
    assert "not decided" in html
    assert "Part (seed 1) failed: an accident." in html


@pytest.mark.parametrize("results", [only_true(), only_true(samples=())])
def test_the_document_has_the_same(results: Results) -> None:
    text = markdown(results, {TRUE.name: TRUE}, images="images/claims", made_by="a tool")
    assert "| [Two is more than one](#two-is-more-than-one) | holds | the planted number: 2" in text
    assert f"> {TRUE.statement}" in text
    assert ("images/claims/two-is-more-than-one.png" in text) == bool(results.judged[TRUE.name].samples)
    assert text.endswith("- Nowhere.\n")


def test_a_bar_in_a_cell_is_no_column() -> None:
    verdict = replace(by_hand().judged[TRUE.name].verdict, effect="|f'|")
    text = markdown(only_true(verdict=verdict), {TRUE.name: TRUE}, images="i", made_by="a tool")
    assert r"\|f'\|" in text
