"""Follows a run file while it is written: what is new, in a terminal, as lines, or as JSON."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from relume.diagnosis.printed import STYLES
from relume.report.grid import number
from relume.report.plain import last_loss, print_json, window_record
from relume.report.run_view import RunView, extent, verdict, view_of_run
from relume.runfile.reader import open_run
from relume.types.told import where

BETWEEN = 0.5  # seconds from one look at the file to the next
LINES_APART = 8  # of a terminal: what stands around the table of sites

Form = Literal["text", "json"]
Stamp = tuple[tuple[int, int], ...]  # of a file and its log: when each was changed, and its size


def follow(path: Path, *, pause: Callable[[float], object] = time.sleep) -> Iterator[RunView]:
    """The run now, and again each time that a window was closed, until the run has ended.

    Raises
    ------
    RunFileError
        There is no run file, or it is gone.
    """
    seen: Stamp | None = None
    view: RunView | None = None
    while True:
        now = stamp(path)  # before the file is read: what comes while it is read is seen the next time
        if now != seen:
            before, view, seen = view, read(path, view), now
            if before is None or (before.windows, before.is_finished) != (view.windows, view.is_finished):
                yield view
            if view.is_finished:
                return
        pause(BETWEEN)


def read(path: Path, known: RunView | None) -> RunView:
    """The run as the file holds it now, which is closed again: an open one would keep its log from going."""
    with open_run(path) as run:
        return view_of_run(run, known=known)


def stamp(path: Path) -> Stamp:
    """What is another one whenever something was written."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return tuple((each.stat().st_mtime_ns, each.stat().st_size) for each in files if each.exists())


def show(views: Iterable[RunView], console: Console, *, form: Form) -> None:
    """Show each view: in place on a terminal, else a line each."""
    if form == "json":
        for view in views:
            print_json(window_record(view), indent=None)
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            for view in views:
                live.update(screen(view, rows=max(console.height - LINES_APART, 3)), refresh=True)
    else:
        for view in views:
            console.print(Text(line(view)), soft_wrap=True)


def line(view: RunView) -> str:
    """A view in one line."""
    steps = view.steps.numbers
    parts = [
        f"window {view.windows}",
        f"step {steps[-1]}" if len(steps) else "no step yet",
        f"loss {number(last_loss(view), digits=4)}",
        verdict(view.diagnosis).rstrip("."),
        *([view.state] if view.is_finished else []),
    ]
    return "  ".join(parts)


def screen(view: RunView, *, rows: int) -> RenderableType:
    """A view as a terminal shows it: how far it is, what is wrong, the sites in the last window."""
    heading = Text.assemble((view.model or view.name, "bold"), f"  {extent(view)}  ", (view.state, "dim"))
    findings = [
        _finding_line(finding.severity, finding.problem, where(finding))
        for finding in view.diagnosis.findings
    ]
    room = max(rows - len(findings), 3)
    return Group(heading, Text(verdict(view.diagnosis)), *findings, _site_table(view, room))


def _finding_line(severity: str, problem: str, place: str) -> Text:
    styles: dict[str, str] = {**STYLES}
    return Text.assemble((f"{severity:<9}", styles.get(severity, "")), (problem, "bold"), f"  {place}")


def _site_table(view: RunView, room: int) -> RenderableType:
    """The last window; of more sites than there is room for, some at equal distances."""
    history = view.history
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("site", no_wrap=True)
    for header in ("gradient", "zeros", "dead units", "on a flat end", "update ratio"):
        table.add_column(header, justify="right")
    if not history.windows:
        return table
    chosen = np.unique(np.linspace(0, len(history.sites) - 1, min(room, len(history.sites))).astype(int))
    for row in chosen:
        values = {name: float(each[row, -1]) for name, each in history.quantities.items()}
        shares = [_percent(values[name]) for name in ("zeros", "dead", "flat")]
        name = Text(str(history.sites[row]))
        table.add_row(name, number(values["gradient"]), *shares, number(values["update"]))
    return table


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.1f} %"
