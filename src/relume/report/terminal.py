"""Drawing in a terminal: tables that fit its width, and curves made of characters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from relume.report.grid import Column, Grid, Section
from relume.types import PerUnit

GAP = 2  # blanks between two columns
NARROWEST = 12  # of a column, in characters
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # [row][column] of a braille character


@dataclass(frozen=True, slots=True)
class FittedGrid:
    """A grid in a terminal; columns that do not fit continue below, beside the first column again."""

    grid: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for the width at hand."""
        if self.grid.title:
            yield Text(self.grid.title, style="bold")
        if self.grid.reading:
            yield Text(self.grid.reading, style="dim")
        yield Text("")
        for chosen in fitting_groups(column_widths(self.grid), options.max_width):
            for index, section in enumerate(self.grid.sections):
                if section.title and index:
                    yield Text("")
                if section.title:
                    yield Text(section.title, style="cyan")
                yield section_table(self.grid, section, chosen, show_header=index == 0)
            yield Text("")


def column_widths(grid: Grid) -> list[int]:
    """How many characters each column takes."""
    return [
        max(
            *(len(line) for line in column.header.split("\n")),
            min(
                column.widest,
                max((len(row[i]) for section in grid.sections for row in section.rows), default=0),
            ),
        )
        for i, column in enumerate(grid.columns)
    ]


def fitting_groups(widths: Sequence[int], room: int) -> Iterator[dict[int, int]]:
    """Split columns into groups of `room` characters, as column -> width; each begins with the first.

    The first holds names, which are read whole: where room is short, what stands beside it gives way.
    """
    group, beside = {0: widths[0]}, max(room - widths[0] - GAP, NARROWEST)
    for column, wanted in enumerate(widths[1:], start=1):
        width = min(wanted, beside)
        if len(group) > 1 and sum(group.values()) + GAP * len(group) + width > room:
            yield group
            group = {0: widths[0]}
        group[column] = width
    yield group


def section_table(grid: Grid, section: Section, chosen: dict[int, int], *, show_header: bool) -> Table:
    """Draw the chosen columns of one section, as wide as in all others."""
    table = Table(
        box=box.SIMPLE_HEAD,
        show_header=show_header,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
    )
    for i, width in chosen.items():
        column: Column = grid.columns[i]
        table.add_column(Text(column.header), justify=column.align, width=width, overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(row[i]) for i in chosen))
    return table


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve in a terminal: points, with the bounds of both axes written beside it."""

    title: str
    x: PerUnit  # [points]
    y: PerUnit  # [points, parts]
    rows: int = 8

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it with braille dots, or with stars where the terminal has no braille."""
        finite = self.y[np.isfinite(self.y)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if high == low:
            low, high = low - 1, high + 1
        columns = min(60, options.max_width - 12)
        draw = _stars if options.ascii_only else _braille
        labels = [f"{high:.3g}", *[""] * (self.rows - 2), f"{low:.3g}"]
        yield Text(self.title, style="bold")
        for label, line in zip(
            labels, draw(self._cells(low, high, columns, options.ascii_only)), strict=True
        ):
            yield Text(f"{label:>8}  {line}".rstrip(), no_wrap=True)
        yield Text(
            f"{'':>8}  {self.x[0]:<{columns // 2}.3g}{self.x[-1]:>{columns - columns // 2}.3g}", no_wrap=True
        )

    def _cells(self, low: float, high: float, columns: int, ascii_only: bool) -> PerUnit:
        """[dots down, dots across], 1 where the curve passes."""
        down, across = (self.rows, columns) if ascii_only else (4 * self.rows, 2 * columns)
        dots = np.zeros((down, across))
        for part in self.y.T:
            seen = np.isfinite(part)
            i = ((high - part[seen]) / (high - low) * (down - 1)).round().astype(int)
            j = ((self.x[seen] - self.x[0]) / (self.x[-1] - self.x[0]) * (across - 1)).round().astype(int)
            dots[i, j] = 1
        return dots


def _stars(dots: PerUnit) -> list[str]:
    return ["".join("*" if dot else " " for dot in line) for line in dots]


def _braille(dots: PerUnit) -> list[str]:
    weights = np.array(DOTS)
    down, across = dots.shape
    sums = (
        (dots.reshape(down // 4, 4, across // 2, 2) * weights[None, :, None, :]).sum(axis=(1, 3)).astype(int)
    )
    return ["".join(chr(BRAILLE + cell) if cell else " " for cell in line) for line in sums]
