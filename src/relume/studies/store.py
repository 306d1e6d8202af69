"""What a study keeps on disk: finished networks, by the data, the training, the setting and the seed."""

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np

from relume.studies.data import Dataset
from relume.studies.database import Kind
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
        settings=fields.get("settings", {}),
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


OUTCOMES = Kind(
    name="a study that can be written to",
    table="outcome",
    schema=SCHEMA,
    to_json=to_json,
    from_json=from_json,
)
