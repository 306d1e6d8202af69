"""What a remedy is: a change of a copy of the model, its optimiser, its batches or its loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from relume.trial import Patient
from relume.types import Finding

Part = Literal["model", "optimizer", "batches", "loss"]
# The order in which several are applied: each measures what those before it have left.
Stage = Literal["input", "structure", "weights", "loss", "updates"]


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Something that may remove a finding. Whether it did is not its business: `repair` measures that."""

    name: str
    # Changes the patient, which is always a copy; says what it did, with its numbers, or nothing where there
    # was nothing to change.
    apply: Callable[[Patient, Finding], str]
    changes: frozenset[Part]  # what it touches; all else stays equal to the bit
    stage: Stage
    meaning: str  # what it does, in a sentence
    advice: Callable[[Finding], str]  # what to change in one's own code to get the same
    citation: str


def lines_of(finding: Finding) -> str:
    """Where in the user's code a finding is, for advice: "net.py:12"; its paths, if no line is known.

    >>> from relume.types import Finding, Site
    >>> site = Site(path="act", activation="sigmoid", source="net.py:12")
    >>> lines_of(Finding(problem="saturated-units", severity="error", sites=(site,), evidence=(),
    ...                  cause="", remedies=()))
    'net.py:12'
    """
    names = dict.fromkeys(site.source or str(site) for site in finding.sites) or dict.fromkeys(
        finding.parameters
    )
    shown = list(names)[:3]
    rest = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + rest or "the model"
