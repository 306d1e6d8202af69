"""Finished networks on disk, so that an interrupted study goes on where it stopped."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from relume.errors import TargetError
from relume.studies.data import Dataset
from relume.studies.protocol import Job, Training
from relume.types import (
    NonFinite,
    Outcome,
    ParameterReading,
    Reading,
    Readings,
    Setting,
    Site,
    Steps,
    Sums,
)

# 2: readings know their steps, how often a unit fired or was flat, and the largest value. What a file of
# schema 1 lacks cannot be computed from what it has, so such a file is refused.
SCHEMA = 2
WHOLE_NUMBERS = {"count", "zeros", "fired", "flat", "numbers", "examples"}  # arrays of int64


class Store:
    """Outcomes by what they were trained on: the data, the training, the network's setting and its seed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def finished(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """The outcomes stored under these keys."""
        found = {}
        for key in keys:
            row = self._connection.execute("SELECT record FROM outcome WHERE key = ?", (key,)).fetchone()
            if row:
                found[key] = from_json(row[0])
        return found

    def add(self, outcomes: Mapping[str, Outcome]) -> None:
        """Write outcomes by their keys in one transaction: all of them or, if the process dies, none."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO outcome VALUES (?, ?)",
                [(key, to_json(o)) for key, o in outcomes.items()],
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
    except OSError as error:
        raise TargetError(
            f"cannot make the folder of {path} ({error.strerror}). Give another one with --out."
        ) from error
    try:
        connection = sqlite3.connect(path if path else ":memory:")
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        if schema not in (0, SCHEMA):
            connection.close()
            raise TargetError(
                f"{path} was written by another version of relume (schema {schema}, this reads {SCHEMA}). "
                "Give another --out folder."
            )
        connection.execute("CREATE TABLE IF NOT EXISTS outcome (key TEXT PRIMARY KEY, record TEXT NOT NULL)")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.commit()
    except sqlite3.Error as error:
        raise TargetError(
            f"not a study that can be written to: {path} ({error}). Give another --out folder."
        ) from error
    try:
        yield Store(connection)
    finally:
        connection.close()


def fingerprint(data: Dataset) -> str:
    """A checksum of the examples and labels."""
    digest = sha256(f"{data.name} {data.classes}".encode())
    for tensor in (data.train_x, data.train_y, data.test_x, data.test_y):
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def key(job: Job, training: Training, data_and_code: str) -> str:
    """What an outcome is stored under; `data_and_code` is a checksum of what else it depends on."""
    parts = [SCHEMA, data_and_code, asdict(training), asdict(job.setting), job.seed]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def to_json(outcome: Outcome) -> str:
    """An outcome as text; arrays become lists, float64 to the last digit, and ranges [start, stop]."""

    def plain(value: Any) -> Any:
        return [value.start, value.stop] if isinstance(value, range) else value.tolist()

    return json.dumps(asdict(outcome), default=plain)


def from_json(text: str) -> Outcome:
    """The outcome that `to_json` wrote."""
    fields = json.loads(text)
    fields["setting"] = Setting(**fields["setting"])
    fields["losses"] = np.asarray(fields["losses"], dtype=np.float64)
    return Outcome(**fields | {when: _readings(fields[when]) for when in ("at_start", "at_end")})


def _readings(fields: dict[str, Any]) -> Readings:
    return Readings(
        readings={name: _reading(reading) for name, reading in fields["readings"].items()},
        parameters={
            name: ParameterReading(**{**reading, "shape": tuple(reading["shape"])})
            for name, reading in fields["parameters"].items()
        },
        steps=Steps(**_arrays(fields["steps"])),
        non_finite=NonFinite(**fields["non_finite"]) if fields["non_finite"] else None,
        input=_reading(fields["input"]) if fields["input"] else None,
        not_seen=fields["not_seen"],
    )


def _reading(fields: dict[str, Any]) -> Reading:
    return Reading(
        site=Site(**fields["site"]),
        steps=range(*fields["steps"]),
        examples=fields["examples"],
        value=Sums(**_arrays(fields["value"])),
        gradient=Sums(**_arrays(fields["gradient"])),
        passed=Sums(**_arrays(fields["passed"])) if fields["passed"] else None,
    )


def _arrays(fields: dict[str, list[float]]) -> dict[str, Any]:
    return {
        name: np.asarray(values, dtype=np.int64 if name in WHOLE_NUMBERS else np.float64)
        for name, values in fields.items()
    }
