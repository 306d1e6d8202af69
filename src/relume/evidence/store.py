"""Measured parts on disk, so that an interrupted run goes on where it stopped."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from relume.errors import TargetError
from relume.evidence.claim import Part, Subject
from relume.types import Sample

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One part as it was measured."""

    samples: tuple[Sample, ...]
    cpu_seconds: float
    machine: str  # where
    date: str  # when, as 2026-11-24


class Store:
    """Measured parts by all that they depend on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def finished(self, keys: Sequence[str]) -> dict[str, Measured]:
        """The parts stored under these keys."""
        found = {}
        for key in keys:
            row = self._connection.execute("SELECT record FROM part WHERE key = ?", (key,)).fetchone()
            if row:
                found[key] = _from_json(row[0])
        return found

    def add(self, key: str, measured: Measured) -> None:
        """Write one part, whole or not at all."""
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO part VALUES (?, ?)", (key, json.dumps(asdict(measured)))
            )


@contextmanager
def open_store(path: Path | None) -> Iterator[Store]:
    """The store in the file `path`, made with its folder if need be; in memory without a path.

    Raises
    ------
    TargetError
        The file cannot be opened, or is something else.
    """
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path or ":memory:")
    except (OSError, sqlite3.Error) as error:
        raise TargetError(f"cannot be written to ({error}): {path}. Give another --out folder.") from error
    try:
        _prepare(connection, path)
        yield Store(connection)
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    try:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        if schema not in (0, SCHEMA):
            raise TargetError(
                f"{path} was written by another version of relume (schema {schema}, this reads {SCHEMA}). "
                "Give another --out folder."
            )
        connection.execute("CREATE TABLE IF NOT EXISTS part (key TEXT PRIMARY KEY, record TEXT NOT NULL)")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.commit()
    except sqlite3.Error as error:
        raise TargetError(
            f"not a file of measured claims: {path} ({error}). Give another --out folder."
        ) from error


def key(claim: str, part: Part, subject: Subject, *, data: str, code: str) -> str:
    """What a part is stored under: all that its samples depend on.

    Parameters
    ----------
    data, code
        Checksums of the examples and the user's network, and of relume's code that the part runs.
    """
    content = [SCHEMA, claim, sorted(part.items()), asdict(subject), data, code]
    return sha256(json.dumps(content).encode()).hexdigest()


def _from_json(text: str) -> Measured:
    fields = json.loads(text)
    return Measured(**fields | {"samples": tuple(Sample(**sample) for sample in fields["samples"])})
