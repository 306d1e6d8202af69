"""Records in a file, by what they depend on: interrupted work goes on where it stopped."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from relume.errors import TargetError

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Record]):
    """What a file keeps."""

    name: str  # for people: "a file of measured claims"
    table: str
    schema: int
    to_json: Callable[[Record], str]
    from_json: Callable[[str], Record]


class Store(Generic[Record]):
    """An open file; made by `open_store`."""

    def __init__(self, connection: sqlite3.Connection, kind: Kind[Record]) -> None:
        self._connection, self._kind = connection, kind

    def finished(self, keys: Sequence[str]) -> dict[str, Record]:
        """The records stored under these keys."""
        query, found = f"SELECT record FROM {self._kind.table} WHERE key = ?", {}
        for key in keys:
            row = self._connection.execute(query, (key,)).fetchone()
            if row:
                found[key] = self._kind.from_json(row[0])
        return found

    def add(self, records: Mapping[str, Record]) -> None:
        """Write records by their keys in one transaction: all of them or, if the process dies, none."""
        rows = [(key, self._kind.to_json(record)) for key, record in records.items()]
        with self._connection:
            self._connection.executemany(f"INSERT OR REPLACE INTO {self._kind.table} VALUES (?, ?)", rows)


@contextmanager
def open_store(path: Path | None, kind: Kind[Record]) -> Iterator[Store[Record]]:
    """The store in the file `path`, made with its folder if need be; in memory without a path.

    Raises
    ------
    TargetError
        The file cannot be opened, or is something else.
    """
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(
            f"cannot make the folder of {path} ({error.strerror}). Give another one with --out."
        ) from error
    try:
        connection = sqlite3.connect(path or ":memory:")
    except sqlite3.Error as error:
        raise _not_that(path, kind, error) from error
    with closing(connection):
        _prepare(connection, path, kind)
        yield Store(connection, kind)


def _prepare(connection: sqlite3.Connection, path: Path | None, kind: Kind[Record]) -> None:
    try:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        if schema not in (0, kind.schema):
            raise TargetError(
                f"{path} was written by another version of relume (schema {schema}, "
                f"this reads {kind.schema}). Give another --out folder."
            )
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {kind.table} (key TEXT PRIMARY KEY, record TEXT NOT NULL)"
        )
        connection.execute(f"PRAGMA user_version = {kind.schema}")
        connection.commit()
    except sqlite3.Error as error:
        raise _not_that(path, kind, error) from error


def _not_that(path: Path | None, kind: Kind[Record], error: sqlite3.Error) -> TargetError:
    return TargetError(f"not {kind.name}: {path} ({error}). Give another --out folder.")
