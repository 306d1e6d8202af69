"""A run as its report shows it: read once from a run file, or taken from readings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relume.diagnosis.diagnose import diagnose
from relume.report.grid import ABSENT, Column, Grid, Section, number
from relume.report.history import History, history_of_readings, history_of_run
from relume.runfile.reader import Run
from relume.types import Counts, Diagnosis, PerUnit, Reading, Readings, Steps, Sums
from relume.types.told import where

BINS = 20  # of a histogram: 64 units, a usual width, then have 3 to a bin
VERDICTS: Mapping[str, str] = {
    "error": "Learning is broken",
    "warning": "It learns, but worse than it could",
    "info": "Nothing is wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How the units of a site are spread over a quantity."""

    edges: PerUnit  # [bins + 1]
    units: Counts  # [bins]
    apart: int  # units of which the quantity is exactly 0, where 0 has no place on the scale


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """All that is shown of a run."""

    name: str  # of the file
    model: str
    state: str  # "finished", "still running or killed", "ended by ValueError: ..."
    is_finished: bool
    started: str
    windows: int
    judged_windows: int  # the diagnosis and the histograms rest on these; fewer than all while it is written
    readings: Readings
    steps: Steps
    diagnosis: Diagnosis
    history: History


def view_of_run(run: Run, *, readings: Readings | None = None, known: RunView | None = None) -> RunView:
    """Read a run.

    Parameters
    ----------
    readings
        The sum of all its windows, where somebody has it; else the sum that was last written.
    known
        The run as it was read before: what has not changed since is taken from there.
    """
    history = history_of_run(run)
    judged = history.windows if readings is not None else run.total_windows()
    if known is not None and judged == known.judged_windows:
        readings, diagnosis = known.readings, known.diagnosis
    else:
        readings = run.readings() if readings is None else readings
        diagnosis = diagnose(readings)
    state = f"ended by {run.failure}" if run.failure else "finished" if run.is_finished else ""
    return RunView(
        name=run.path.name,
        model=run.model,
        state=state or "still running, or killed",
        is_finished=bool(state),
        started=f"{run.started:%d %B %Y, %H:%M} UTC",
        windows=history.windows,
        judged_windows=judged,
        readings=readings,
        steps=run.steps(),
        diagnosis=diagnosis,
        history=history,
    )


def view_of_readings(readings: Readings, *, name: str = "a watch") -> RunView:
    """What readings tell without a run file."""
    history = history_of_readings(readings)
    return RunView(
        name=name,
        model="",
        state="no run file: of its windows the first steps and the last are known",
        is_finished=True,
        started="",
        windows=history.windows,
        judged_windows=history.windows,
        readings=readings,
        steps=readings.steps,
        diagnosis=diagnose(readings),
        history=history,
    )


def verdict(diagnosis: Diagnosis) -> str:
    """The whole in a sentence: how grave it is, and the gravest finding.

    >>> verdict(Diagnosis(findings=(), steps=0, examples=0))
    'Nothing was seen yet.'
    >>> verdict(Diagnosis(findings=(), steps=50, examples=800))
    'Nothing is wrong, as far as 50 steps tell.'
    """
    if not diagnosis.steps and not diagnosis.examples:
        return "Nothing was seen yet."
    if diagnosis.is_healthy:
        return f"{VERDICTS['info']}, as far as {diagnosis.steps:,} steps tell."
    first = diagnosis.findings[0]
    place = where(first)
    return f"{VERDICTS[first.severity]}: {first.problem}{f' at {place}' if place else ''}."


def extent(view: RunView) -> str:
    """How long it trained, and how the loss went."""
    said = f"{len(view.steps):,} steps in {view.windows:,} windows"
    losses = view.steps.losses[~np.isnan(view.steps.losses)]
    return said + (f", loss {losses[0]:.4g} to {losses[-1]:.4g}" if len(losses) else "")


def histograms(reading: Reading) -> dict[str, Histogram]:
    """Over the units of a site: the gradient that arrives, how often each fired, how often it was flat."""
    value, gradient = reading.value, reading.gradient
    return {
        "gradient": _log_histogram(_root_mean_square(gradient)),
        "fired": _share_histogram(_shares(value.fired, value.count)),
        "flat": _share_histogram(_shares(value.flat, value.count)),
    }


def site_table(view: RunView) -> Grid:
    """Every site in numbers, over all steps."""
    rows = tuple((name, *_cells(reading)) for name, reading in view.readings.items())
    return Grid(
        title="All sites in numbers",
        reading="Over all steps of the run, in the order of execution.",
        columns=(
            Column(header="site", meaning="where the activation is applied", align="left"),
            Column(header="activation", meaning="its name in relume's catalogue", align="left"),
            Column(header="source", meaning="the line that applies it", align="left"),
            Column(header="units", meaning="features, or channels after a convolution"),
            Column(header="rms", meaning="root mean square of the values"),
            Column(header="zeros, %", meaning="share of the values that are exactly 0"),
            Column(header="flat, %", meaning="share of the values on a flat end of the activation"),
            Column(header="never fired", meaning="units that were above 0 on no example"),
            Column(header="gradient rms", meaning="root mean square of the gradient that arrives"),
        ),
        sections=(Section(title="", rows=rows),),
    )


def _cells(reading: Reading) -> tuple[str, ...]:
    value, seen = reading.value, max(int(reading.value.count.sum()), 1)
    return (
        reading.site.activation,
        reading.site.source or ABSENT,
        str(value.units),
        number(value.root_mean_square),
        f"{100 * int(value.zeros.sum()) / seen:.1f}",
        f"{100 * int(value.flat.sum()) / seen:.1f}",
        str(int(((value.fired == 0) & (value.count > 0)).sum())),
        number(reading.gradient.root_mean_square),
    )


def _share_histogram(shares: PerUnit) -> Histogram:
    edges = np.linspace(0, 1, BINS + 1)
    return Histogram(edges=edges, units=np.histogram(shares, edges)[0], apart=0)


def _log_histogram(sizes: PerUnit) -> Histogram:
    sizes = sizes[np.isfinite(sizes)]
    positive = np.log10(sizes[sizes > 0])
    low, high = (positive.min(), positive.max()) if len(positive) else (0.0, 0.0)
    middle, half = (low + high) / 2, max((high - low) / 2, 0.5)  # at least a decade, or noise looks like much
    edges = np.linspace(middle - half, middle + half, BINS + 1)
    units = np.histogram(positive, edges)[0]
    return Histogram(edges=10.0**edges, units=units, apart=len(sizes) - len(positive))


def _shares(part: Counts, count: Counts) -> PerUnit:
    return part[count > 0] / count[count > 0]


def _root_mean_square(sums: Sums) -> PerUnit:
    seen = sums.count > 0
    with np.errstate(all="ignore"):
        return np.sqrt(sums.sum_of_squares[seen] / sums.count[seen])


def rounded(value: float) -> float | None:
    """Four digits, as a page has room for; nothing where it is no finite number.

    >>> rounded(0.123456), rounded(math.inf)
    (0.1235, None)
    """
    return float(f"{value:.4g}") if math.isfinite(value) else None
