"""docs/reference/command-line.md says what the commands' own help says; `pytest --golden` writes it anew."""

import re
from pathlib import Path

import pytest
import typer
from typer.cli import get_docs_for_click

from relume.cli import app

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "command-line.md"
COMMAND = typer.main.get_command(app)


def commands_in_markdown() -> str:
    """Every command's help; what stands in angle brackets outside of code is no HTML."""
    text = get_docs_for_click(obj=COMMAND, ctx=typer.Context(COMMAND, info_name="relume"), name="relume")
    _, *commands = re.split(r"(?m)^(?=## )", text)
    return re.sub(
        r"`[^`]*`|[<>]", lambda found: {"<": "&lt;", ">": "&gt;"}.get(found[0], found[0]), "".join(commands)
    )


def test_the_page_shows_the_help_of_every_command(request: pytest.FixtureRequest) -> None:
    before, rest = PAGE.read_text(encoding="utf-8").split("<!-- commands -->\n")
    shown, end, after = rest.partition("<!-- end -->")
    expected = commands_in_markdown().rstrip() + "\n"
    if request.config.getoption("--golden"):
        PAGE.write_text(f"{before}<!-- commands -->\n{expected}{end}{after}", encoding="utf-8")
        return
    assert shown == expected, "run: pytest --golden tests/test_command_line_page.py"


def test_no_command_is_left_out() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"(?m)^## `relume (\w+)`", page) == list(COMMAND.commands)  # type: ignore[attr-defined]
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
