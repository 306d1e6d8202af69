"""What is wrong with a network, on which evidence, and what helped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from relume.types.readings import Readings, Site
from relume.types.steps import PerUnit
from relume.types.told import finding_lines, text_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn  # records of it are read where torch is not imported

Problem = Literal[
    "vanishing-gradient",
    "exploding-gradient",
    "exploding-activation",
    "saturated-units",
    "dead-units",
    "non-finite",
    "unscaled-input",
    "symmetric-units",
    "unstable-updates",
    "stalled-layer",
]
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A number that a finding rests on, beside the threshold it was held to."""

    quantity: str  # "gradient at the first site over that at the last"
    measured: float
    threshold: float
    unit: str = "1"  # "1" is a ratio or a share
    source: str  # of the threshold: a formula, a citation, or "calibrated on ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault, where it is, how it is known, why it came, and what to do."""

    problem: Problem
    severity: Severity  # error: learning is broken; warning: capacity or speed is lost; info: worth knowing
    sites: tuple[Site, ...]  # in the order of execution
    parameters: tuple[str, ...] = ()  # concerned, where the fault is theirs rather than an activation's
    evidence: tuple[Evidence, ...]
    cause: str  # the one that the evidence singles out, in a sentence
    remedies: tuple[str, ...]  # names, best first
    consequences: tuple["Finding", ...] = ()  # what follows from it, and will go with it

    def __str__(self) -> str:
        return "\n".join(finding_lines(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings of a run, the most severe first, and how much was seen."""

    findings: tuple[Finding, ...]
    steps: int
    examples: int
    undecided: tuple[str, ...] = ()  # what could not be told yet, and how much more has to be seen
    readings: Readings | None = field(default=None, compare=False, repr=False)  # what it was judged by

    def __str__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.diagnosis.html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def plot(self) -> "Figure":
        """Draw what was measured at every site beside the thresholds, the sites of findings in colour."""
        import relume  # as above

        return relume.notebook.diagnosis.figure(self)

    @property
    def is_healthy(self) -> bool:
        """Whether there is neither an error nor a warning."""
        return all(finding.severity == "info" for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A few steps of training under watch."""

    losses: PerUnit  # [steps]; ends at the first that is not finite
    readings: Readings
    setting: Mapping[str, str] = field(default_factory=dict)  # what was tried, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A model with what helped, and the proof."""

    model: "nn.Module"
    remedies: tuple[str, ...]  # applied, in order; empty where none helped
    before: Trial
    after: Trial  # on the same batches; equal to `before` where none helped

    def _repr_html_(self) -> str:
        import relume  # by its public name, as for a diagnosis

        return relume.notebook.repair.html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        import relume  # as above

        printer.text(relume.notebook.repair.text(self))

    def plot(self) -> "Figure":
        """Draw the losses of the two trials."""
        import relume  # as above

        return relume.notebook.repair.figure(self)
