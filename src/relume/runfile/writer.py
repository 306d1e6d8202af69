"""Writes a run as it goes on: each window in one transaction, so that a kill loses none that was closed."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from relume.errors import RunFileError, said
from relume.runfile import layout, schema
from relume.runfile.kept_sums import dead_units, flat_units, unit_bytes
from relume.types import Phase, Reading, Readings

BLOCK = 64  # windows packed together: few enough to unpack for one of them, many enough to lie along time
KEPT_UNITS = 1024  # of one window: 16 bytes each, at 10 windows of the first 1,000
BUSY_SECONDS = 10.0


class Writer:
    """A run file being written; from any thread, but only in the process that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._totals: dict[Phase, Readings] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._told: set[tuple[str, str, str]] = set()
        self._is_open = True

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(failure=said(error) if error else "")

    def write(self, window: Readings, *, phase: Phase, total: Readings) -> None:
        """Add a closed window: all of it is in the file when this returns, none if the process dies before.

        Parameters
        ----------
        window
            What happened in the window, unit by unit.
        total
            The sum of all windows of the phase so far, this one included. Kept now and then, and at the end.

        Raises
        ------
        RunFileError
            The file was closed, belongs to the process this one was forked from, or cannot be written.
        """
        self._refuse_forks()  # before the lock, which another thread may have held at the fork
        with self._lock:
            if not self._is_open:
                raise RunFileError(f"{self.path} was closed: no window can be added. Write before closing.")
            with self._transaction():
                number = self._count(phase)
                self._add_segment(window, phase, number)
                self._add_events(window, phase, number)
                if _is_power_of_two(number + 1):
                    self._keep_units(window, phase, number)
                if (number + 1) % BLOCK == 0:
                    self._compact(phase)
                if (number + 1) % BLOCK == 0 or _is_power_of_two(number + 1):
                    self._write_total(total, phase, number + 1)
            self._totals[phase] = total

    def close(self, *, failure: str = "") -> None:
        """Write the totals, and leave one file; a second call, or one in a forked process, does nothing.

        Parameters
        ----------
        failure
            What ended the run, if it did not finish.

        Raises
        ------
        RunFileError
            The file cannot be written; what it held stays readable.
        """
        if os.getpid() != self._process:
            return
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            try:
                with self._transaction():
                    for phase, total in self._totals.items():
                        self._compact(phase)
                        self._write_total(total, phase, self._count(phase))
                    self._connection.execute("UPDATE run SET ended = ?, failure = ?", (_now(), failure))
                _leave_one_file(self._connection)
            finally:
                self._connection.close()

    def _refuse_forks(self) -> None:
        if os.getpid() != self._process:
            raise RunFileError(
                f"{self.path} is written by process {self._process}: this one was forked from it and cannot "
                "write to it. Open another file here."
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._connection.in_transaction:  # Ctrl-C came just as the last one began
            self._connection.execute("ROLLBACK")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            # What was told to the file and then taken back must be told again.
            self._ids.clear()
            self._told.clear()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise RunFileError(
                    f"cannot write to {self.path} ({error}). What it holds stays readable; "
                    "make room, or choose another path."
                ) from error
            raise

    def _count(self, phase: Phase) -> int:
        # Asked, not remembered: after Ctrl-C only the file knows whether the last window got in.
        query = "SELECT ifnull(max(first + windows), 0) FROM segment WHERE phase = ?"
        return int(self._connection.execute(query, (phase,)).fetchone()[0])

    def _add_segment(self, window: Readings, phase: Phase, number: int) -> None:
        row = (phase, number, 1, self._segment_of(window))
        self._connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?)", row)

    def _segment_of(self, window: Readings) -> bytes:
        for name, reading in window.items():
            site = reading.site
            columns = (name, site.path, site.call_index, site.activation, site.source, site.fed_by)
            self._name("site", "name, path, call_index, activation, source, fed_by", columns)
        for name, parameter in window.parameters.items():
            self._name("parameter", "name, shape", (name, json.dumps(parameter.shape)))
        segment = layout.from_window(
            window,
            site_ids={name: self._ids["site", name] for name in window},
            parameter_ids={name: self._ids["parameter", name] for name in window.parameters},
        )
        return layout.to_bytes(segment)

    def _name(self, table: str, columns: str, values: tuple[str | int, ...]) -> None:
        name = str(values[0])
        if (table, name) in self._ids:
            return
        places = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", values)
        row = self._connection.execute(f"SELECT id FROM {table} WHERE name = ?", (name,)).fetchone()
        self._ids[table, name] = int(row[0])

    def _add_events(self, window: Readings, phase: Phase, number: int) -> None:
        if fault := window.non_finite:
            row = (phase, number, "non-finite", fault.site, fault.step, fault.direction)
            self._connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", row)
        for path, reason in window.not_seen.items():
            self._tell_once("not-seen", phase, number, path, reason)
        for name, value in window.settings.items():
            self._tell_once("setting", phase, number, name, repr(value))

    def _tell_once(self, kind: str, phase: Phase, number: int, place: str, text: str) -> None:
        """Note an event of a place, unless the file has one already: what was told first stays."""
        if (kind, phase, place) in self._told:
            return
        self._told.add((kind, phase, place))
        known = "SELECT 1 FROM event WHERE (phase, kind, place) = (?1, ?3, ?4)"
        self._connection.execute(
            f"INSERT INTO event SELECT ?1, ?2, ?3, ?4, NULL, ?5 WHERE NOT EXISTS ({known})",
            (phase, number, kind, place, text),
        )

    def _keep_units(self, window: Readings, phase: Phase, number: int) -> None:
        room = KEPT_UNITS
        for share, name in sorted(((_telling_share(r), name) for name, r in window.items()), reverse=True):
            units = window[name].value.units
            if share and units <= room:
                room -= units
                row = (phase, number, self._ids["site", name], unit_bytes(window[name]))
                self._connection.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", row)

    def _compact(self, phase: Phase) -> None:
        query = "SELECT first, data FROM segment WHERE phase = ? AND windows < ? ORDER BY first"
        rows = self._connection.execute(query, (phase, BLOCK)).fetchall()
        if len(rows) > 1:
            joined = layout.join([layout.from_bytes(data) for _, data in rows])
            self._connection.execute("DELETE FROM segment WHERE phase = ? AND windows < ?", (phase, BLOCK))
            row = (phase, rows[0][0], joined.windows, layout.to_bytes(joined))
            self._connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?)", row)

    def _write_total(self, total: Readings, phase: Phase, windows: int) -> None:
        self._connection.execute("DELETE FROM total WHERE phase = ?", (phase,))
        ids = dict(self._connection.execute("SELECT name, id FROM site").fetchall())
        rows = [
            (phase, place, ids[name], windows, unit_bytes(reading))
            for place, (name, reading) in enumerate(total.items())
            if name in ids
        ]
        self._connection.executemany("INSERT INTO total VALUES (?, ?, ?, ?, ?)", rows)
        ends = {schema.OPENING: total.opening, schema.CLOSING: total.closing}
        parts = [(phase, name, self._segment_of(end)) for name, end in ends.items() if end is not None]
        if total.input is not None:
            parts.append((phase, schema.INPUT, unit_bytes(total.input)))
        self._connection.executemany("INSERT OR REPLACE INTO part VALUES (?, ?, ?)", parts)


def open_for_writing(path: Path | str, *, model: str, details: Mapping[str, str] | None = None) -> Writer:
    """Start a run file at `path`, in a new folder if need be; a context manager that closes it.

    Parameters
    ----------
    model
        What is trained, for people.
    details
        What else is worth knowing of the run, by name: device, versions, arguments.

    Raises
    ------
    RunFileError
        There is something at `path`, or nothing can be written there.
    """
    path = Path(path)
    if path.is_dir():
        raise RunFileError(f"{path} is a folder. Give the path of a file in it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise RunFileError(f"cannot write {path} ({error.strerror}). Choose another path.") from error
    connection = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        noted = json.dumps(dict(details or {}))
        schema.create(connection, path, model=model, details=noted, started=_now())
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise RunFileError(f"cannot write a run to {path} ({error}). Choose another path.") from error
        raise
    return Writer(connection, path)


def _leave_one_file(connection: sqlite3.Connection) -> None:
    """Give back what is free, and take the write-ahead log in."""
    # While someone reads, all stays in the file and its log, and the last who closes it takes the log in.
    with suppress(sqlite3.OperationalError):
        connection.executescript("PRAGMA incremental_vacuum")  # execute would stop after one page
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        # Without it, a finished file could not be read from a folder that cannot be written to.
        connection.execute("PRAGMA busy_timeout = 100")
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()


def _telling_share(reading: Reading) -> float:
    """The share of units that are dead or on a flat end throughout; 0 if that is none or all of them."""
    units = reading.value.units
    shares = [n / units for n in (dead_units(reading.value), flat_units(reading.value)) if 0 < n < units]
    return max(shares, default=0.0)


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
