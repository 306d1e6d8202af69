"""docs/thresholds.md says what the rules say; `pytest --golden` writes it anew."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tools.constants import constants
from tools.thresholds import Threshold, number, thresholds

from relume.diagnosis.rules import rules
from relume.types import Evidence
from tests.diagnosis.checks import FAULTY
from tests.diagnosis.made import HEALTHY
from tests.test_documented_entries import table

PAGE = Path(__file__).parent.parent / "docs" / "thresholds.md"
FOLDERS = ("relume/diagnosis", "relume/remedies")


def threshold_table() -> str:
    """A table a problem."""
    headings = ("quantity", "threshold", "unit", "where it comes from", "file")
    parts = []
    for problem in rules:
        rows = [
            (t.quantity, t.threshold, t.unit, t.source, _link(f"src/relume/diagnosis/{t.file}"))
            for t in thresholds()
            if t.problem == problem
        ]
        parts.append(f"### {problem}\n\n{table(headings, rows)}\n")
    return "".join(parts)


def number_table() -> str:
    rows = [
        (f"`{c.name}`", number(c.value), c.why, _link(c.file))
        for folder in FOLDERS
        for c in constants(folder)
    ]
    return table(("name", "value", "why", "file"), rows)


def _link(file: str) -> str:
    return f"[{Path(file).stem}](../{file})"


@pytest.mark.parametrize(("name", "make"), [("thresholds", threshold_table), ("numbers", number_table)])
def test_the_page_shows_the_source(name: str, make: object, request: pytest.FixtureRequest) -> None:
    assert callable(make)
    expected, page = make(), PAGE.read_text(encoding="utf-8")
    before, rest = page.split(f"<!-- {name} -->\n")
    shown, end, after = rest.partition("<!-- end -->")
    if request.config.getoption("--golden"):
        PAGE.write_text(f"{before}<!-- {name} -->\n{expected}{end}{after}", encoding="utf-8")
        return
    assert shown == expected, "run: pytest --golden tests/test_thresholds.py"


def quotes(evidence: Evidence, told: Iterable[Threshold]) -> bool:
    """Whether the table has a row for this evidence: "…" is whatever a run puts there."""

    def is_row(row: Threshold) -> bool:
        quantity = ".*".join(map(re.escape, row.quantity.split("…")))
        same = (row.unit, row.source) == (evidence.unit, evidence.source)
        is_open = row.threshold.startswith("`")
        value = is_open or row.threshold == number(evidence.threshold)
        return same and value and re.fullmatch(quantity, _plain(evidence.quantity)) is not None

    return any(map(is_row, told))


def _plain(quantity: str) -> str:
    return re.sub(r" \(\d[^)]*\)", "", quantity)


def test_what_is_found_is_in_the_table() -> None:
    told, seen = thresholds(), 0
    for readings in (*FAULTY.values(), *HEALTHY.values()):
        for rule in rules.values():
            rows = [row for row in told if row.problem == rule.name]
            for finding in rule.find(readings):
                for evidence in finding.evidence:
                    seen += 1
                    assert quotes(evidence, rows), f"{rule.name}: {evidence}"
    assert seen > 15


@pytest.mark.parametrize("wrong", [{"threshold": 0.002}, {"source": "folklore"}, {"quantity": "gradient"}])
def test_what_is_not_in_the_table_is_missed(wrong: dict[str, Any]) -> None:
    rows = [row for row in thresholds() if row.problem == "vanishing-gradient"]
    [finding] = rules["vanishing-gradient"].find(FAULTY["sigmoid"])
    assert quotes(finding.evidence[0], rows)
    assert not quotes(replace(finding.evidence[0], **wrong), rows)
