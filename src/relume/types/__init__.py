"""The records that flow from a measurement to a report: frozen, made of names and sums. Read this first."""

from relume.types.findings import Diagnosis, Evidence, Finding, Problem, Repair, Severity, Trial
from relume.types.outcomes import Effort, Holding, Initialisation, Interval, Outcome, Sample, Setting, Verdict
from relume.types.readings import (
    Direction,
    NonFinite,
    ParameterReading,
    Phase,
    Reading,
    Readings,
    Shape,
    Site,
    Sums,
)
from relume.types.steps import NO_STEPS, Counts, PerUnit, Steps

__all__ = [
    "NO_STEPS",
    "Counts",
    "Diagnosis",
    "Direction",
    "Effort",
    "Evidence",
    "Finding",
    "Holding",
    "Initialisation",
    "Interval",
    "NonFinite",
    "Outcome",
    "ParameterReading",
    "PerUnit",
    "Phase",
    "Problem",
    "Reading",
    "Readings",
    "Repair",
    "Sample",
    "Setting",
    "Severity",
    "Shape",
    "Site",
    "Steps",
    "Sums",
    "Trial",
    "Verdict",
]
