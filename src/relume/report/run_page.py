"""One page, in one file, that shows what is wrong with a run and what it did; or two runs side by side."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from relume.errors import MissingExtraError, TargetError, require
from relume.remedies import remedies as all_remedies
from relume.report import run_figures
from relume.report.compare import side_by_side_grids
from relume.report.history import QUANTITIES
from relume.report.run_payload import LETTERS, payload
from relume.report.run_view import RunView, extent, site_table, verdict, view_of_readings, view_of_run
from relume.report.whole import write_whole
from relume.runfile.reader import open_run
from relume.types import Finding, Readings, Site
from relume.types.told import number, where

# One after the other in one function: each uses what those before it define.
SCRIPTS = ("run_data.js", "run_figures.js", "run_live.js", "run.js")


def write_report(
    source: Path | str | Readings,
    path: Path | str,
    *,
    against: Path | str | None = None,
    readings: Readings | None = None,
) -> None:
    """Write a page on a run to `path`, whole or not at all: one HTML file that loads nothing.

    Parameters
    ----------
    source
        A run file; or readings, of which the first steps and the last window are shown.
    path
        Of the page.
    against
        A second run file, to be shown beside the first.
    readings
        The sum of all windows of the first file, where somebody has it. While a file is written, the sum in
        it lags behind.

    Raises
    ------
    RunFileError
        There is no run file.
    MissingExtraError
        bokeh or jinja2 is not installed.
    TargetError
        Nothing can be written to `path`.
    """
    need_extra()
    with ExitStack() as stack:
        if isinstance(source, Readings):
            views = [view_of_readings(source)]
        else:
            views = [view_of_run(stack.enter_context(open_run(source)), readings=readings)]
        if against is not None:
            views.append(view_of_run(stack.enter_context(open_run(against))))
    write_whole(page(views), Path(path))


def write_beside(path: Path) -> Path | None:
    """Write the page of a run file beside it, under its name; nothing where the extra is not installed.

    Raises
    ------
    TargetError
        Something of that name is there already, or nothing can be written.
    """
    try:
        need_extra()
    except MissingExtraError:
        return None
    target = path.with_suffix(".html")
    if target.exists():
        raise TargetError(f"{target} exists already. Choose another path: relume report {path} --out PATH.")
    write_report(path, target)
    return target


def need_extra() -> None:
    """Say that the packages for reports are missing, if they are."""
    require("bokeh", "jinja2", extra="report", purpose="the report of a run")


def page(views: Sequence[RunView], *, live: str = "", seen: str = "") -> str:
    """Render the page of one run, or of two.

    Parameters
    ----------
    live
        Where the page asks for what has changed, relative to its own address; empty in a file.
    seen
        A word for the state that is shown, by which it asks for a later one.
    """
    drawn = run_figures.figures(
        runs=len(views),
        sites=max(len(view.history.sites) for view in views),
        has_log_loss=_spans_decades(views),
    )
    folder = files("relume.report") / "templates"
    return _render(
        "run.html.j2",
        findings=findings_html(views),
        title=f"{views[0].name}: {verdict(views[0].diagnosis)}",
        views=views,
        quantities=QUANTITIES,
        tables=_tables(views),
        data=run_figures.as_json({**payload(views), "seen": seen}),
        figures=run_figures.as_json(drawn),
        bokeh=run_figures.script(),
        script="\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS),
        style=(folder / "run.css").read_text(encoding="utf-8"),
        live=live,
        colours={"zero": run_figures.ZERO, "not_finite": run_figures.NOT_FINITE},
        shares=[(said, run_figures.COLOURS[name]) for name, said in run_figures.SHARES.items()],
    )


def update(views: Sequence[RunView], *, seen: str) -> dict[str, Any]:
    """What a live page takes in place of what it shows: its data, and the part above the figures."""
    return {**payload(views), "findings": findings_html(views), "seen": seen}


def findings_html(views: Sequence[RunView]) -> str:
    """The part above the figures: the verdict, and every finding."""
    runs = [
        {
            "letter": letter if len(views) > 1 else "",
            "view": view,
            "verdict": verdict(view.diagnosis),
            "extent": extent(view),
            "findings": list(_told(view, views)),
        }
        for view, letter in zip(views, LETTERS, strict=False)
    ]
    return _render("run_findings.html.j2", runs=runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding as the page shows it."""

    finding: Finding
    where: str
    sources: tuple[str, ...]
    sites: tuple[str, ...]  # as they are opened
    remedies: tuple[tuple[str, str], ...]  # name, and what it does
    advice: str  # what to change in one's own code: of the first remedy
    consequences: tuple[str, ...]
    is_only_here: bool  # of two runs that are compared


def _told(view: RunView, views: Sequence[RunView]) -> Iterator[Told]:
    elsewhere = {
        finding.problem for other in views if other is not view for finding in other.diagnosis.findings
    }
    for finding in view.diagnosis.findings:
        known = [all_remedies[name] for name in finding.remedies if name in all_remedies]
        yield Told(
            finding=finding,
            where=where(finding),
            sources=tuple(dict.fromkeys(site.source for site in finding.sites if site.source)),
            sites=tuple(dict.fromkeys(_opened(finding, view.history.sites))),
            remedies=tuple((remedy.name, remedy.meaning) for remedy in known),
            advice=known[0].advice(finding) if known else "",
            consequences=tuple(
                f"{each.problem} at {where(each) or 'the network'}. {each.cause}"
                for each in finding.consequences
            ),
            is_only_here=len(views) > 1 and finding.problem not in elsewhere,
        )


def _opened(finding: Finding, sites: Iterable[Site]) -> list[str]:
    """The sites that show a finding: its own, or those fed by the layers its parameters are of."""
    layers = {name.rpartition(".")[0] for name in finding.parameters}
    return [str(site) for site in finding.sites] or [str(site) for site in sites if site.fed_by in layers]


def _tables(views: Sequence[RunView]) -> list[Any]:
    if len(views) == 1:
        return [site_table(views[0])]
    one, two = views
    return side_by_side_grids(one.readings, two.readings, titles=(one.name, two.name))


def _spans_decades(views: Sequence[RunView]) -> bool:
    losses = np.concatenate([view.steps.losses for view in views])
    losses = losses[np.isfinite(losses)]
    return bool(len(losses)) and float(losses.min()) > 0 and float(losses.max()) > 100 * float(losses.min())


def _render(template: str, **names: Any) -> str:
    return str(_environment().get_template(template).render(**names))


@cache  # a live page renders at every window, and compiles its templates once
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("relume.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment
