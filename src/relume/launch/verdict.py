"""What is told when a script has ended: of each model what is wrong, what was changed, where it is kept."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from relume.diagnosis.diagnose import diagnose
from relume.diagnosis.printed import findings_text
from relume.errors import RelumeError, RunFileError
from relume.launch.files import of_all_ranks
from relume.launch.session import Seen, Session
from relume.runfile.reader import open_run
from relume.types import Diagnosis, Readings

LINES = 25  # what a person reads at the end of a long output
WIDTH = 110  # of lines that go to a file
MODELS = 4  # told of one by one
PATIENCE = 20.0  # seconds for the other processes of a run to close their files


def told(session: Session, *, write_page: Callable[[Path], Path | None] | None = None) -> list[str]:
    """All lines; the models in which most is wrong first.

    Parameters
    ----------
    write_page
        Writes the page of a run file and tells where it is; nothing if what it needs is not installed.
    """
    if session.files.rank:
        return []  # the first process tells of all
    if not session.seen:
        return ["relume: no model was watched: no optimiser of torch.optim took a step.", *_troubles(session)]
    seen = [_of_all_ranks(each) for each in session.seen]
    found = sorted(((diagnose(each.readings), each) for each in seen), key=lambda pair: gravity(pair[0]))
    end = [*_changes(session), *_troubles(session), *_places(seen)]
    end += _pages(seen, write_page) if write_page else []
    shown = found[:MODELS]
    room = max(3, (LINES - len(end) - len(shown)) // len(shown))
    lines = [line for diagnosis, each in shown for line in _about(each, diagnosis, room)]
    return [*lines, *end]


def is_broken(seen: Sequence[Seen]) -> bool:
    """Whether a finding of severity error was made on any of the models."""
    return any(
        finding.severity == "error"
        for each in seen
        for finding in diagnose(_of_all_ranks(each).readings).findings
    )


def _about(seen: Seen, diagnosis: Diagnosis, room: int) -> Iterator[str]:
    yield f"relume: {seen.name}, {_extent(seen.readings)}"
    console = Console(stderr=True)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH
    with console.capture() as captured:
        console.print(findings_text(diagnosis))
    lines = [line.rstrip() for line in captured.get().rstrip().splitlines()]
    yield from lines[:room] if len(lines) <= room else [*lines[: room - 1], "..."]


def _extent(readings: Readings) -> str:
    steps = readings.steps
    said = f"{len(steps)} steps"
    losses = steps.losses[~np.isnan(steps.losses)]
    return said + (f", loss {losses[0]:.4g} to {losses[-1]:.4g}" if len(losses) else "")


def gravity(diagnosis: Diagnosis) -> tuple[int, int]:
    """By how much is wrong, to sort by: the most first."""
    severities = [finding.severity for finding in diagnosis.findings]
    return -severities.count("error"), -severities.count("warning")


def _changes(session: Session) -> list[str]:
    return [f"Changed: {sentence}." for sentence in session.changing.told()]


def _troubles(session: Session) -> list[str]:
    return [f"Not watched: {sentence}" for sentence in dict.fromkeys(session.troubles)][:3]


def _places(seen: Sequence[Seen]) -> list[str]:
    files = [_short(each.path) for each in seen]
    more = f" and {len(files) - MODELS} more there" if len(files) > MODELS else ""
    return [f"{'Run file' if len(files) == 1 else 'Run files'}: {', '.join(files[:MODELS])}{more}"]


def _pages(seen: Sequence[Seen], write_page: Callable[[Path], Path | None]) -> list[str]:
    """Where the pages are; the first trouble with one is told, and the run is not failed by it."""
    try:
        pages = [page for each in seen[:MODELS] if (page := write_page(each.path)) is not None]
    except RelumeError as error:
        return [f"No report: {error}"]
    if not pages:
        return ['Report: pip install "relume[report]", then relume report RUN_FILE']
    return [f"{'Report' if len(pages) == 1 else 'Reports'}: {', '.join(map(_short, pages))}"]


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _of_all_ranks(seen: Seen) -> Seen:
    """The sum over all processes of a distributed run, as far as they end in time."""
    if "-rank" not in seen.path.name or "WORLD_SIZE" not in os.environ:
        return seen
    until = time.monotonic() + PATIENCE
    readings = seen.readings
    for path in of_all_ranks(seen.path):
        if path != seen.path and (theirs := _finished(path, until)) is not None:
            readings = readings + theirs
    return replace(seen, readings=readings)


def _finished(path: Path, until: float) -> Readings | None:
    while True:
        try:
            with open_run(path) as run:
                if run.is_finished or run.failure or time.monotonic() >= until:
                    return run.readings()
        except RunFileError:
            if time.monotonic() >= until:
                return None
        time.sleep(0.05)
