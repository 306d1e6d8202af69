"""What a run of claims keeps on disk: measured parts, by all that they depend on."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from relume.evidence.claim import Part, Subject
from relume.studies.database import Kind
from relume.types import Sample

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One part as it was measured."""

    samples: tuple[Sample, ...]
    cpu_seconds: float
    machine: str  # where
    date: str  # when, as 2026-11-24


def key(claim: str, part: Part, subject: Subject, *, data: str, code: str) -> str:
    """What a part is stored under: all that its samples depend on.

    Parameters
    ----------
    data, code
        Checksums of the examples and the user's network, and of relume's code that the part runs.
    """
    content = [SCHEMA, claim, sorted(part.items()), asdict(subject), data, code]
    return sha256(json.dumps(content).encode()).hexdigest()


def _to_json(measured: Measured) -> str:
    return json.dumps(asdict(measured))


def _from_json(text: str) -> Measured:
    fields = json.loads(text)
    return Measured(**fields | {"samples": tuple(Sample(**sample) for sample in fields["samples"])})


PARTS = Kind(
    name="a file of measured claims", table="part", schema=SCHEMA, to_json=_to_json, from_json=_from_json
)
