"""Opens a run file, also while it is written: windows, totals, units and events, read as they are asked."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from relume.errors import RunFileError, unknown_name
from relume.runfile import frames, layout, schema
from relume.runfile.connection import connect
from relume.runfile.kept_sums import unit_reading
from relume.runfile.windows import (
    Event,
    Numbered,
    UnitCounts,
    Windows,
    first_fault,
    not_seen,
    settings,
    unit_counts,
)
from relume.types import NO_STEPS, Phase, Reading, Readings, Shape, Site, Steps

INPUT_SITE = Site(path="(input)", activation="(input)")


def open_run(path: Path | str) -> "Run":
    """Open a run file for reading, also while it is written, or after whoever wrote it was killed.

    Parameters
    ----------
    path
        Of the file that `relume run` or `relume.watch(model, into=...)` wrote.

    Returns
    -------
    Run
        A context manager; `readings()` is what a watch of the same training would say.

    Raises
    ------
    RunFileError
        There is no run file at `path`, or one of a schema that is not read.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise RunFileError(f"{path} {what}. Give the path of a run file.")
    connection = connect(path)
    try:
        schema.check(connection, path)
    except BaseException:
        connection.close()
        raise
    return Run(connection, path)


class Run:
    """A run file, opened for reading; closes with a `with` block, or with `close`.

    Where a method has a `phase`, it is "training", or "evaluation".
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return self._description()
        except RunFileError:  # a debugger asks also when the file was closed
            return f"<Run {self.path.name}: closed>"

    def __rich__(self) -> str:
        return repr(self).replace("[", r"\[")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @cached_property
    def model(self) -> str:
        """What was trained."""
        return str(self._run("model"))

    @cached_property
    def relume_version(self) -> str:
        """The version of relume that wrote the file."""
        return str(self._run("relume"))

    @cached_property
    def details(self) -> Mapping[str, str]:
        """What else the writer noted."""
        return dict(json.loads(self._run("details")))

    @cached_property
    def started(self) -> datetime:
        """When the file was made, in UTC."""
        return datetime.fromisoformat(self._run("started"))

    @property
    def is_finished(self) -> bool:
        """Whether the run was closed, and by no exception. False while it is written, and after a kill."""
        return self._run("ended") is not None and not self.failure

    @property
    def failure(self) -> str:
        """The exception that ended the run; empty if none is known of."""
        return str(self._run("failure"))

    @property
    def sites(self) -> tuple[Site, ...]:
        """All sites, in the order in which they were first met."""
        return tuple(self._sites().values())

    @property
    def parameters(self) -> Mapping[str, Shape]:
        """The shape of each parameter, by name."""
        return dict(self._parameters().values())

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened once, in the order in which it was written."""
        rows = self._rows("SELECT kind, phase, window, place, step, text FROM event ORDER BY rowid")
        names = ("kind", "phase", "window", "place", "step", "text")
        return tuple(Event(**dict(zip(names, row, strict=True))) for row in rows)

    def windows(self, phase: Phase = "training") -> Sequence[Readings]:
        """The windows of a phase that are in the file now, the units of a site as one."""
        segments = self._segments(phase)
        return Windows(segments, self._sites(), self._parameters(), self._events(phase))

    def readings(self, phase: Phase = "training") -> Readings:
        """The sum of the phase's windows, unit by unit, up to the last time it was written.

        That is all windows once the run was closed; before, or after a kill, see `total_windows`.
        """
        with self._snapshot():
            rows = self._rows("SELECT site, windows, data FROM total WHERE phase = ? ORDER BY place", phase)
            sites, parameters, segments = self._sites(), self._parameters(), self._segments(phase)
            windows = rows[0][1] if rows else 0
            events = [event for event in self._events(phase) if event.window < windows]
            parts = dict(self._rows("SELECT name, data FROM part WHERE phase = ?", phase))
        # A block of windows is written together with a total, so none lies across the end of the total.
        summed = [n.segment for n in segments if n.first + n.segment.windows <= windows]
        if not summed:
            return Readings(readings={})
        readings = [self._unit_reading(data, sites[site]) for site, _, data in rows]
        return Readings(
            readings={str(reading.site): reading for reading in readings},
            parameters=layout.parameter_totals(layout.join(summed), parameters),
            steps=NO_STEPS + layout.steps_of(layout.join(summed)),
            non_finite=first_fault(events),
            not_seen=not_seen(events),
            settings=settings(events),
            input=self._unit_reading(parts[schema.INPUT], INPUT_SITE) if schema.INPUT in parts else None,
            opening=self._end(parts.get(schema.OPENING), sites, parameters),
            closing=self._end(parts.get(schema.CLOSING), sites, parameters),
        )

    def _end(
        self, data: bytes | None, sites: Mapping[int, Site], parameters: Mapping[int, tuple[str, Shape]]
    ) -> Readings | None:
        if data is None:
            return None
        return layout.to_window(self._unpacked(data), 0, sites=sites, parameters=parameters)

    def total_windows(self, phase: Phase = "training") -> int:
        """How many windows `readings` is the sum of."""
        return int(self._rows("SELECT ifnull(max(windows), 0) FROM total WHERE phase = ?", phase)[0][0])

    def unit_readings(self, phase: Phase = "training") -> Mapping[int, Readings]:
        """The windows of which some sites were kept unit by unit, by number; those sites alone."""
        query = "SELECT window, site, data FROM kept WHERE phase = ? ORDER BY window, site"
        rows, sites = self._rows(query, phase), self._sites()
        kept: dict[int, dict[str, Reading]] = {}
        for window, site, data in rows:
            kept.setdefault(window, {})[str(sites[site])] = self._unit_reading(data, sites[site])
        return {window: Readings(readings=readings) for window, readings in kept.items()}

    def unit_counts(self, phase: Phase = "training") -> UnitCounts:
        """How many units each site had in each window, how many were dead, how many flat on every value."""
        return unit_counts(self._segments(phase), self._sites())

    def steps(self, phase: Phase = "training") -> Steps:
        """All steps of a phase."""
        segments = [numbered.segment for numbered in self._segments(phase)]
        return NO_STEPS + layout.steps_of(layout.join(segments)) if segments else NO_STEPS

    def frame(self, table: frames.Table = "sites", *, phase: Phase = "training") -> Any:
        """A pandas frame, or a polars one where only polars is installed.

        One row a window and site ("sites"), a window and parameter ("parameters"), or a step ("steps");
        docs/runfile.md lists the columns.

        Raises
        ------
        MissingExtraError
            Neither pandas nor polars is installed.
        """
        return frames.new_frame(lambda: self.columns(table, phase=phase))

    def columns(self, table: frames.Table = "sites", *, phase: Phase = "training") -> frames.Columns:
        """The columns of `frame`, as arrays by name."""
        segments, sites, parameters = self._segments(phase), self._sites(), self._parameters()
        if not segments:
            nothing = layout.from_window(Readings(readings={}), site_ids={}, parameter_ids={})
            segments = (Numbered(0, nothing),)
        rows_of: dict[frames.Table, Callable[[Numbered], frames.Columns]] = {
            "sites": lambda numbered: frames.site_columns(numbered, sites),
            "parameters": lambda numbered: frames.parameter_columns(numbered, parameters),
            "steps": frames.step_columns,
        }
        if table not in rows_of:
            raise unknown_name("table", table, rows_of, listing="help(relume.open)")
        return frames.below_each_other([rows_of[table](numbered) for numbered in segments])

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several queries that see the file at the same moment."""
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._rows("ROLLBACK")

    def _description(self) -> str:
        count = {phase: self._count(phase) for phase in schema.PHASES}
        windows = ", ".join(f"{n} {phase} windows" for phase, n in count.items() if n) or "no window"
        return f"<Run {self.path.name}: {self.model}, {windows} of {len(self.sites)} sites, {self._state}>"

    @property
    def _state(self) -> str:
        if self.failure:
            return f"ended by {self.failure}"
        return "finished" if self.is_finished else "not closed"

    def _run(self, column: str) -> Any:
        return self._rows(f"SELECT {column} FROM run")[0][0]

    def _count(self, phase: Phase) -> int:
        query = "SELECT ifnull(max(first + windows), 0) FROM segment WHERE phase = ?"
        return int(self._rows(query, phase)[0][0])

    def _sites(self) -> dict[int, Site]:
        rows = self._rows("SELECT id, path, call_index, activation, source, fed_by FROM site ORDER BY id")
        names = ("path", "call_index", "activation", "source", "fed_by")
        return {row[0]: Site(**dict(zip(names, row[1:], strict=True))) for row in rows}

    def _parameters(self) -> dict[int, tuple[str, Shape]]:
        rows = self._rows("SELECT id, name, shape FROM parameter ORDER BY id")
        return {id_: (name, tuple(json.loads(shape))) for id_, name, shape in rows}

    def _events(self, phase: Phase) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.phase == phase)

    def _segments(self, phase: Phase) -> tuple[Numbered, ...]:
        rows = self._rows("SELECT first, data FROM segment WHERE phase = ? ORDER BY first", phase)
        return tuple(Numbered(first, self._unpacked(data)) for first, data in rows)

    def _unpacked(self, data: bytes) -> layout.Segment:
        try:
            return layout.from_bytes(data)
        except (ValueError, TypeError, KeyError) as error:
            raise self._damaged(error) from error

    def _unit_reading(self, data: bytes, site: Site) -> Reading:
        try:
            return unit_reading(data, site)
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from error

    def _rows(self, query: str, *values: object) -> list[Any]:
        try:
            with closing(self._connection.execute(query, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.ProgrammingError as error:
            raise RunFileError(f"{self.path} was closed. Open it again with relume.open.") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> RunFileError:
        return RunFileError(f"{self.path} cannot be read ({error}). Open an undamaged copy of it.")
