"""What a remedy is: a change of a copy of the model, its optimiser, its batches or its loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from relume.trial import Patient
from relume.types import Finding

Part = Literal["model", "optimizer", "batches", "loss"]


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Something that may remove a finding. Whether it did is not its business: `repair` measures that."""

    name: str
    apply: Callable[[Patient, Finding], None]  # changes the patient, which is always a copy
    changes: frozenset[Part]  # what it touches; all else stays equal to the bit
    meaning: str  # what it does, in a sentence
    advice: Callable[[Finding], str]  # what to change in one's own code to get the same
    citation: str
