"""HTML for the output of a notebook's cell: escaped, with styles of its own and the theme's colours.

Styles stand at each element: a style sheet would reach into the notebook around it. Text and lines take the
colour of the text around them, so that they are read on light and on dark.
"""

from collections.abc import Iterable, Mapping
from html import escape

from relume.report.grid import Column, Grid
from relume.types import Holding, Severity

SHORT = 24  # characters of a cell that is not broken
LINE = "1px solid rgba(128,128,128,.35)"
CELL = "padding:.35em .9em .35em 0;vertical-align:top;background:none;border:none"
# White on each is read at 4.5 to 1 at least, whatever is around the badge.
PAINT: Mapping[Severity | Holding | str, str] = {
    "error": "#c62f35",
    "warning": "#946200",
    "info": "#2f6fb1",
    "holds": "#1a7a49",
    "holds within limits": "#4e7512",
    "does not hold": "#c62f35",
    "not decided": "#6b6b6b",
}
HEALTHY = "#1a7a49"


def card(*parts: str) -> str:
    """Everything of one record; what is wider than the cell can be scrolled."""
    return f'<div style="overflow-x:auto;max-width:70em">{"".join(parts)}</div>'


def heading(text: str, *, beside: str = "") -> str:
    """The first line of a card; `beside` is HTML."""
    return f'<p style="margin:.2em 0 .6em"><b>{escape(text)}</b>{beside and f" &ensp; {beside}"}</p>'


def paragraph(text: str) -> str:
    """A sentence or some."""
    return f'<p style="margin:.4em 0">{escape(text)}</p>'


def small(text: str) -> str:
    """What is said beside the matter."""
    return f'<p style="margin:.5em 0;opacity:.75;font-size:.92em">{escape(text)}</p>'


def code(text: str) -> str:
    """A line to type."""
    return (
        f'<pre style="margin:.4em 0;background:none;color:inherit;font-family:monospace">{escape(text)}</pre>'
    )


def badge(text: str, paint: str) -> str:
    """A word on a colour."""
    style = f"background:{paint};color:#fff;border-radius:.3em;padding:.1em .5em;white-space:nowrap"
    return f'<span style="{style}">{escape(text)}</span>'


def said(lines: Iterable[tuple[str, str]]) -> str:
    """Sentences below one another, each with a label in bold or none."""
    return "".join(
        f'<div style="margin-bottom:.25em">{f"<b>{escape(label)}</b>" if label else ""}{escape(text)}</div>'
        for label, text in lines
    )


def stacked(html: str, text: str) -> str:
    """HTML, and in bold what it is of."""
    return f'{html}<div style="margin-top:.35em;white-space:nowrap"><b>{escape(text)}</b></div>'


def table(grid: Grid) -> str:
    """A table of text, with what each column means where one points at it."""
    parts = [f'<p style="margin:.8em 0 .2em"><b>{escape(grid.title)}.</b> {escape(grid.reading)}</p>']
    head = "".join(_head(column) for column in grid.columns)
    body = "".join(
        (_title(section.title, len(grid.columns)) if section.title else "")
        + "".join(_row(map(escape, row), grid.columns) for row in section.rows)
        for section in grid.sections
    )
    return "".join(parts if grid.title else []) + _table(f"<thead><tr>{head}</tr></thead>", body)


def folded(title: str, html: str) -> str:
    """What is shown when one asks for it."""
    return f'<details style="margin:.4em 0"><summary>{escape(title)}</summary>{html}</details>'


def rows(lines: Iterable[Iterable[str]]) -> str:
    """A table without a head, of cells that are HTML."""
    columns = (Column(header="", meaning="", align="left"),)
    return _table("", "".join(_row(cells := list(line), columns * len(cells)) for line in lines))


def facts(of: Mapping[str, str]) -> str:
    """What is known of a thing: a name and a text a row."""
    named = '<span style="opacity:.75;white-space:nowrap">{}</span>'
    return rows((named.format(escape(name)), escape(fact)) for name, fact in of.items())


def _table(head: str, body: str) -> str:
    style = "border-collapse:collapse;margin:.2em 0;border:none;color:inherit;font-size:inherit"
    return f'<table style="{style}">{head}<tbody>{body}</tbody></table>'


def _head(column: Column) -> str:
    style = f"{CELL};border-bottom:{LINE};text-align:{column.align};color:inherit;vertical-align:bottom"
    header = escape(column.name)
    return f'<th style="{style}" title="{escape(column.meaning)}">{header}</th>'


def _title(text: str, columns: int) -> str:
    cell = f'<td colspan="{columns}" style="{CELL};text-align:left"><i>{escape(text)}</i></td>'
    return f'<tr style="background:none">{cell}</tr>'


def _row(cells: Iterable[str], columns: Iterable[Column]) -> str:
    line = f"border-bottom:{LINE}"
    return f'<tr style="background:none;{line}">{"".join(map(_cell, cells, columns))}</tr>'


def _cell(html: str, column: Column) -> str:
    wrap = "nowrap" if column.align == "right" or len(html) <= SHORT else "normal"
    return f'<td style="{CELL};text-align:{column.align};white-space:{wrap};color:inherit">{html}</td>'
