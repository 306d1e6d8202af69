"""Draws the figures of docs/explanations, and writes what was measured into its pages.

tools/draw_problems.py docs                       all ten: a minute or two
tools/draw_problems.py docs vanishing-gradient    one
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from PIL import Image
from problem_numbers import PANELS, ROWS, Panel
from problem_runs import PROBLEMS, Run
from rich.console import Console

from relume.diagnosis.printed import findings_text
from relume.evidence.drawing import STYLE
from relume.types import Finding, Problem, Site

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAINTS, HEALTHY = ("#d55e00", "#2f7fc1"), "#009e73"  # Okabe & Ito's; the last run is without the fault
DASHES = ("-", "-.")
COLOURS = 128  # a figure has no more, and a quarter of the bytes
IMAGES, PAGES = "images/problems", "explanations"
COLUMNS = 80  # of a terminal, and of the site's pages
PLAIN = (0.01, 100.0)  # sizes that are not written as powers of ten
OWN_SOURCE = re.compile(r" \(tools/problem_runs\.py:\d+\)")


def main(docs: Path, names: Sequence[Problem]) -> None:
    """Measure, draw and write the pages of the problems named; of all, if none is."""
    (docs / IMAGES).mkdir(parents=True, exist_ok=True)
    for name in names or PROBLEMS:
        runs = PROBLEMS[name]()
        save(figure(runs, PANELS[name]), docs / IMAGES / f"{name}.png")
        page = docs / PAGES / f"{name}.md"
        if page.exists():
            page.write_text(filled(page.read_text(encoding="utf-8"), name, runs), encoding="utf-8")


def figure(runs: Sequence[Run], panels: Sequence[Panel]) -> Figure:
    """A panel beside the other, the runs over one another."""
    with mpl.rc_context(STYLE):
        layout = ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.09)
        made = Figure(figsize=(6.6, 3.0), layout=layout, facecolor="white")
        for axes, panel in zip(made.subplots(1, len(panels), squeeze=False).flat, panels, strict=True):
            draw(axes, runs, panel)
        handles, labels = made.axes[0].get_legend_handles_labels()
        made.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False)
    return made


def draw(axes: "Axes", runs: Sequence[Run], panel: Panel) -> None:
    """The curves of one panel."""
    looks = zip(runs, (*PAINTS[: len(runs) - 1], HEALTHY), (*DASHES[: len(runs) - 1], "--"), strict=True)
    for run, paint, dash in looks:
        x, y = panel.curve(run)
        line = "" if panel.is_scattered else dash
        axes.plot(x, y, color=paint, linestyle=line, marker=panel.marker, markersize=3.5, label=run.label)
        for note in panel.notes(x, y, len(run.readings.steps)):
            above = (5, note.points_above)
            axes.annotate(note.said, (note.x, note.y), above, textcoords="offset points", color=paint)
            axes.plot([note.x], [note.y], "x", color=paint, markersize=8, markeredgewidth=2)
    axes.grid(visible=True)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set(xlabel=panel.x, ylabel=panel.y, yscale=panel.scale)


def save(drawn: Figure, path: Path) -> None:
    """Write a figure with few colours."""
    written = BytesIO()
    drawn.savefig(written, dpi=150)
    Image.open(written).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def filled(page: str, name: Problem, runs: Sequence[Run]) -> str:
    """The page with what was measured and what was said in their places."""
    parts = {"measured": table(name, runs), "said": f"```text\n{said(name, runs[0])}\n```\n"}
    for part, text in parts.items():
        before, _, rest = page.partition(f"<!-- {part} -->\n")
        page = f"{before}<!-- {part} -->\n{text}{rest[rest.index('<!-- end -->') :]}"
    return page


def table(name: Problem, runs: Sequence[Run]) -> str:
    """The numbers of a problem: a row a number, a column a run."""
    rows = [["measured", *(run.label for run in runs)], ["---"] * (len(runs) + 1)]
    rows += [[row.said, *(shown(row.of(run), row.form) for run in runs)] for row in ROWS[name]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def shown(number: float, form: str) -> str:
    """A number in its form; what is 0 is just that."""
    if number == 0:
        return "0"
    plain = form.endswith("e") and PLAIN[0] <= number < PLAIN[1]
    return format(number, ".2g" if plain else form).replace("%", " %")


def said(name: Problem, run: Run) -> str:
    """The finding of a problem as a terminal shows it, or the one that it follows from; no lines of code."""
    found = next(
        each
        for each in run.diagnosis.findings
        if name in (each.problem, *(following.problem for following in each.consequences))
    )
    terminal = Console(file=StringIO(), width=COLUMNS)
    terminal.print(findings_text(replace(run.diagnosis, findings=(without_source(found),))))
    assert isinstance(terminal.file, StringIO)
    lines = terminal.file.getvalue().split("\n\n")[0].splitlines()
    return OWN_SOURCE.sub("", "\n".join(line.rstrip() for line in lines))


def without_source(finding: Finding) -> Finding:
    """A finding whose sites have no line of code: it would be one of this tool's."""
    sites: tuple[Site, ...] = tuple(replace(site, source="") for site in finding.sites)
    return replace(finding, sites=sites)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [name for name in PROBLEMS if name in sys.argv[2:]])
