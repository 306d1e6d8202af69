"""A patient treated and trained: what came of it, and which of two came further."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np

from relume.errors import TrialError
from relume.remedies.remedy import Remedy, Stage
from relume.trial import Patient, run_trial
from relume.types import Diagnosis, Finding, PerUnit, Problem, Readings, Severity, Trial

LOG = logging.getLogger(__name__)
MATERIAL = 0.05  # of the loss: what a few steps more or less make up for is no repair
ALIKE = 0.02  # of the loss: of two remedies that end so near each other the rule's order decides
DISPENSABLE = 0.01  # of the loss: what a remedy that brings less is not worth
OTHER_OPTIMISER = "adaptive-optimiser"  # the last resort: not where one's own will do
MOST_FOLLOWING = 2  # remedies of a fault that follows from another
IN_YOUR_CODE = ", in your code"  # the key beside each remedy in a trial's setting

Diagnose = Callable[[Readings], Diagnosis]
Tell = Callable[[str], None]  # what is being tried, for people
Treatment = tuple[tuple[Remedy, Finding], ...]  # each remedy with what it is applied for


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A treatment and what came of it."""

    treatment: Treatment  # in the order of application
    trial: Trial
    diagnosis: Diagnosis


@dataclass(frozen=True, kw_only=True)
class Search:
    """What all attempts have in common, and what came of those made: none is trained twice."""

    patient: Patient
    steps: int
    remedies: Sequence[Remedy]  # that may be tried
    diagnose: Diagnose
    tell: Tell
    made: dict[tuple[tuple[str, Problem], ...], Attempt | None] = field(default_factory=dict)

    def attempt(self, treatment: Treatment) -> Attempt | None:
        """Treat a copy and train it; None where a remedy changes nothing, or it cannot be trained."""
        ordered = tuple(sorted(treatment, key=lambda part: get_args(Stage).index(part[0].stage)))
        known = tuple((remedy.name, finding.problem) for remedy, finding in ordered)
        if known not in self.made:
            self.made[known] = self._trained(ordered)
        return self.made[known]

    def treated(self, treatment: Treatment) -> tuple[Patient, dict[str, str]]:
        """A copy with remedies applied, and what each did and advises."""
        treated, done = self.patient.copied(), {}
        for remedy, finding in treatment:
            done[remedy.name] = _applied(remedy, treated, finding)
            done[f"{remedy.name}{IN_YOUR_CODE}"] = remedy.advice(finding)
        return treated, done

    def _trained(self, treatment: Treatment) -> Attempt | None:
        self.tell(" + ".join(remedy.name for remedy, _ in treatment) or "the model as it is")
        treated, done = self.treated(treatment)
        if not all(done.values()):
            return None
        try:
            trial = run_trial(treated, steps=self.steps)
        except TrialError:
            if not treatment:
                raise  # it is the user's own model that cannot be trained
            return None
        return Attempt(
            treatment=treatment, trial=replace(trial, setting=done), diagnosis=self.diagnose(trial.readings)
        )


def final_loss(trial: Trial) -> float:
    """The median over the last quarter of the steps; infinite where it is not finite."""
    losses = trial.losses
    if not len(losses) or not math.isfinite(losses[-1]):
        return math.inf
    return float(np.median(_last(losses)))


def is_lower(trial: Trial, before: Trial, *, by: float = MATERIAL) -> bool:
    """Whether the loss ended materially lower, by both measures."""
    return min(_gains(trial, before)) > by


def is_as_low(trial: Trial, other: Trial) -> bool:
    """Whether the loss ended about as low as another or lower, by both measures."""
    return max(_gains(other, trial)) <= DISPENSABLE


def _gains(trial: Trial, before: Trial) -> tuple[float, float]:
    """How much lower the loss ended, as shares of what it was: at its level, and step by step.

    Step by step where both saw as many: the batches were the same, and differ more than two remedies do.
    """
    after, found = final_loss(trial), final_loss(before)
    if math.isinf(after) or math.isinf(found):
        gain = math.inf if math.isfinite(after) else -math.inf
        return gain, gain
    scale = abs(found) or 1.0
    level = (found - after) / scale
    if len(trial.losses) != len(before.losses):
        return level, level
    return level, float(np.median(_last(before.losses) - _last(trial.losses))) / scale


def _last(losses: PerUnit) -> PerUnit:
    return losses[-max(len(losses) // 4, 1) :]


def is_no_worse(attempt: Attempt, than: Attempt) -> bool:
    """Whether it brings no problem that was not there."""
    return {f.problem for f in faults(attempt.diagnosis)} <= {f.problem for f in faults(than.diagnosis)}


def is_found(finding: Finding, diagnosis: Diagnosis) -> bool:
    """Whether a problem is still there, and as severe.

    A fault of the signal may stay where it does not harm learning any more.
    """
    severities = get_args(Severity)  # the most severe first
    return any(
        other.problem == finding.problem
        and severities.index(other.severity) <= severities.index(finding.severity)
        for other in diagnosis.findings
    )


def faults(diagnosis: Diagnosis) -> list[Finding]:
    """The findings that are more than worth knowing, the most severe first."""
    return [finding for finding in diagnosis.findings if finding.severity != "info"]


def names_for(finding: Finding) -> list[str]:
    """Its own remedies, then the first of what follows from it: it may be the other way round."""
    following = (name for other in finding.consequences for name in other.remedies[:MOST_FOLLOWING])
    return list(dict.fromkeys((*finding.remedies, *following)))


def among(remedies: Sequence[Remedy], names: Sequence[str]) -> list[Remedy]:
    """Those of some names, in the order of the names."""
    by_name = {remedy.name: remedy for remedy in remedies}
    return [by_name[name] for name in names if name in by_name]


def best_of(attempts: Sequence[Attempt]) -> Attempt | None:
    """The one that ends lowest; of those that end about as low, the first: rules name the fittest first."""
    usual = [each for each in attempts if OTHER_OPTIMISER not in {r.name for r, _ in each.treatment}]
    ends = [final_loss(attempt.trial) for attempt in usual or attempts]
    near = (
        attempt
        for attempt, end in zip(usual or attempts, ends, strict=True)
        if end - min(ends) <= ALIKE * abs(min(ends))
    )
    return next(near, None)


def _applied(remedy: Remedy, patient: Patient, finding: Finding) -> str:
    try:
        return remedy.apply(patient, finding)
    except Exception:  # of the user's model, which was not made to be treated: the remedy is not for it
        LOG.debug("%s is not for this model", remedy.name, exc_info=True)
        return ""
