"""The tables of docs/diagnosis.md say what the entries say; `pytest --golden` writes them anew."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from relume.diagnosis.rules import rules
from relume.remedies import remedies

PAGE = Path(__file__).parent.parent / "docs" / "diagnosis.md"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def rule_table() -> str:
    return table(
        ("problem", "means", "measured, and the threshold", "examples needed", "source"),
        [(f"`{r.name}`", r.meaning, r.formula, str(r.needs_examples), r.citation) for r in rules.values()],
    )


def remedy_table() -> str:
    return table(
        ("remedy", "what it does", "changes", "source"),
        [(f"`{r.name}`", r.meaning, ", ".join(sorted(r.changes)), r.citation) for r in remedies.values()],
    )


@pytest.mark.parametrize(("name", "expected"), [("rules", rule_table()), ("remedies", remedy_table())])
def test_the_page_shows_the_entries(name: str, expected: str, request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = re.search(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", page, re.DOTALL)
    assert shown is not None
    if request.config.getoption("--golden"):
        PAGE.write_text(page.replace(shown[0], expected) if shown[0] else page, encoding="utf-8")
        return
    assert shown[0] == expected
