"""docs/why-relu.md is what its samples say by today's claims; every claim judges and draws them."""

from pathlib import Path
from runpy import run_path

import pytest
from tests.evidence.checks import assert_draws_a_figure, assert_judges_by_samples_alone

from relume.evidence.claims import claims
from relume.evidence.results import Results, read

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TOOL = run_path(str(ROOT / "tools" / "write_why_relu.py"))


@pytest.fixture(scope="module")
def results() -> Results:
    return read(DOCS / "why-relu")


@pytest.mark.parametrize("name", claims)
def test_a_claim_judges_and_draws_what_was_measured(results: Results, name: str) -> None:
    found = results.judged[name]
    assert_judges_by_samples_alone(claims[name], found.samples)
    assert_draws_a_figure(claims[name], found.samples)
    assert (DOCS / TOOL["IMAGES"] / f"{name}.png").is_file()


def test_the_document_is_what_the_tool_writes(results: Results) -> None:
    anew = TOOL["judged_anew"](results)
    assert (DOCS / "why-relu.md").read_text(encoding="utf-8") == TOOL["document"](anew)


def test_it_is_the_default_run_and_nothing_failed_in_it(results: Results) -> None:
    assert results.effort == "default"
    assert [note for each in results.judged.values() for note in each.notes] == []
    assert list(results.judged) == list(TOOL["judged_anew"](results).judged)
