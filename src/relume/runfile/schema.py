"""The tables of a run file, its version, and what is said of files that are something else."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from relume import __version__
from relume.errors import RunFileError
from relume.types import Phase

APPLICATION = 0x52654C75  # "ReLu"; tells a run file from other programs' SQLite files
SCHEMA = 2
NO_LONGER_READ: Mapping[int, str] = {
    0: "it was left before its tables were made",
    1: "it lacks the first and the last steps, on which a diagnosis rests",
}
PHASES: tuple[Phase, ...] = ("training", "evaluation")
# What is kept beside the windows and the totals: the ends as windows, the model's input unit by unit.
OPENING, CLOSING, INPUT = "opening", "closing", "input"

# Of these, the column `relume` of `run` is for ever: it is what a newer file is recognised by.
TABLES = """
CREATE TABLE run (
    model TEXT NOT NULL, relume TEXT NOT NULL, details TEXT NOT NULL, started TEXT NOT NULL,
    ended TEXT, failure TEXT NOT NULL DEFAULT ''
);
CREATE TABLE site (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, call_index INTEGER NOT NULL,
    activation TEXT NOT NULL, source TEXT NOT NULL, fed_by TEXT NOT NULL
);
CREATE TABLE parameter (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shape TEXT NOT NULL);
CREATE TABLE segment (
    phase TEXT NOT NULL, first INTEGER NOT NULL, windows INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (phase, first)
);
CREATE TABLE total (
    phase TEXT NOT NULL, place INTEGER NOT NULL, site INTEGER NOT NULL REFERENCES site,
    windows INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (phase, site)
);
CREATE TABLE part (
    phase TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (phase, name)
);
CREATE TABLE kept (
    phase TEXT NOT NULL, window INTEGER NOT NULL, site INTEGER NOT NULL REFERENCES site, data BLOB NOT NULL,
    PRIMARY KEY (phase, window, site)
);
CREATE TABLE event (
    phase TEXT NOT NULL, window INTEGER NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL,
    step INTEGER, text TEXT NOT NULL
);
"""


def create(connection: sqlite3.Connection, path: Path, *, model: str, details: str, started: str) -> None:
    """Note that a run starts, in a file without tables, and turn on write-ahead logging.

    Raises
    ------
    RunFileError
        There is something in the file.
    """
    _refuse_if_used(connection, path)  # before the pragmas, which would write to it
    connection.execute("PRAGMA page_size = 1024")  # the last page of each array is half empty
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("BEGIN IMMEDIATE")  # of two processes that found the file empty, one waits here
    _refuse_if_used(connection, path)
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    row = (model, __version__, details, started)
    connection.execute("INSERT INTO run (model, relume, details, started) VALUES (?, ?, ?, ?)", row)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")
    with suppress(sqlite3.OperationalError):
        # On a file system without shared memory it stays off: as safe, but readers wait for writes.
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # In pages: a copy of the file without its log lacks about 0.8 MB at most.
    connection.execute("PRAGMA wal_autocheckpoint = 800")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Say why this is not a run that can be read, if it is not.

    Raises
    ------
    RunFileError
        It is another program's, or of a schema that is not read.
    """
    if path.stat().st_size == 0:
        raise RunFileError(f"{path} is empty: no run was written to it. Give the path of a run file.")
    if _pragma(connection, "application_id") != APPLICATION:
        raise RunFileError(f"{path} is another program's SQLite file. Give the path of a run file.")
    schema = _pragma(connection, "user_version")
    if schema > SCHEMA:
        raise RunFileError(
            f"{path} was written by relume {_writer(connection)} (schema {schema}); "
            f"this is {__version__} (schema {SCHEMA}). Upgrade relume to open it."
        )
    if schema in NO_LONGER_READ:
        raise RunFileError(
            f"{path} is of schema {schema}, which relume {__version__} (schema {SCHEMA}) does not read: "
            f"{NO_LONGER_READ[schema]}. Open it with the relume that wrote it ({_writer(connection)})."
        )


def _refuse_if_used(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
        raise RunFileError(f"{path} {_holds(connection)}. Choose another path, or remove it first.")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    with closing(connection.execute(f"PRAGMA {name}")) as cursor:
        return int(cursor.fetchone()[0])


def _writer(connection: sqlite3.Connection) -> str:
    try:
        row = connection.execute("SELECT relume FROM run").fetchone()
    except sqlite3.OperationalError:
        row = None
    return str(row[0]) if row else "of another version"


def _holds(connection: sqlite3.Connection) -> str:
    if _pragma(connection, "application_id") != APPLICATION:
        return "is another program's SQLite file"
    try:
        model, started = connection.execute("SELECT model, started FROM run").fetchone()
    except (sqlite3.OperationalError, TypeError, ValueError):
        return "already holds a run"
    return f"already holds a run (of {model}, started {started})"
