"""Which remedies remove what was found: each is tried on a copy, for the same steps on the same batches."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import get_args

import numpy as np
from torch import nn

from relume.errors import TrialError
from relume.remedies.remedy import Remedy, Stage
from relume.trial import Patient, run_trial
from relume.types import Diagnosis, Finding, Readings, Severity, Trial

MATERIAL = 0.05  # of the loss: what a few steps more or less make up for is no repair
MOST_ROUNDS = 3  # findings removed one after the other
MOST_PAIRS = 6  # of remedies tried together, those that did best alone first
IN_YOUR_CODE = ", in your code"  # the key beside each remedy in a trial's setting

Diagnose = Callable[[Readings], Diagnosis]
Tell = Callable[[str], None]  # what is being tried, for people
Treatment = tuple[tuple[Remedy, Finding], ...]  # each remedy with what it was applied for


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A treatment and what came of it."""

    treatment: Treatment  # in the order of application
    model: nn.Module  # treated, and not trained
    trial: Trial
    diagnosis: Diagnosis

    @property
    def final_loss(self) -> float:
        """The median over the last quarter of the steps; infinite where it is not finite."""
        return final_loss(self.trial)


@dataclass(frozen=True, kw_only=True)
class Search:
    """What all attempts have in common."""

    patient: Patient
    steps: int
    remedies: Sequence[Remedy]  # that may be tried, by name
    diagnose: Diagnose
    tell: Tell

    def attempt(self, treatment: Treatment) -> Attempt | None:
        """Treat a copy and train it; None where a remedy changes nothing, or it cannot be trained."""
        self.tell(" + ".join(remedy.name for remedy, _ in treatment) or "the model as it is")
        treated, done = self.patient.copied(), {}
        ordered = tuple(sorted(treatment, key=lambda part: get_args(Stage).index(part[0].stage)))
        for remedy, finding in ordered:
            done[remedy.name] = _applied(remedy, treated, finding)
            done[f"{remedy.name}{IN_YOUR_CODE}"] = remedy.advice(finding)
        if not all(done.values()):
            return None
        untrained = copy.deepcopy(treated.model)
        try:
            trial = run_trial(treated, steps=self.steps)
        except TrialError:
            if not treatment:
                raise  # it is the user's own model that cannot be trained
            return None
        diagnosis = self.diagnose(trial.readings)
        return Attempt(
            treatment=ordered, model=untrained, trial=replace(trial, setting=done), diagnosis=diagnosis
        )

    def best_against(self, current: Attempt, finding: Finding) -> Attempt | None:
        """The best attempt with the fewest remedies against one finding; None if nothing helps.

        Two remedies together where no single one is enough. Where none removes the finding, one that lowers
        the loss will do: the rest of the fault is then a finding of the next round.
        """
        used = {remedy.name for remedy, _ in current.treatment}
        by_name = {remedy.name: remedy for remedy in self.remedies if remedy.name not in used}
        left = [by_name[name] for name in finding.remedies if name in by_name]
        alone = {remedy: attempt for remedy in left if (attempt := self._with(current, finding, remedy))}
        lowering = [attempt for attempt in alone.values() if is_lower(attempt.trial, current.trial)]
        if removing := [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]:
            return _best(removing)
        for pair in _most_promising_pairs(alone):
            attempt = self._with(current, finding, *pair)
            if attempt and is_lower(attempt.trial, current.trial):
                lowering.append(attempt)
        removing = [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]
        return _best(removing or lowering)

    def _with(self, current: Attempt, finding: Finding, *remedies: Remedy) -> Attempt | None:
        return self.attempt((*current.treatment, *((remedy, finding) for remedy in remedies)))


def final_loss(trial: Trial) -> float:
    """The median over the last quarter of the steps; infinite where it is not finite."""
    losses = trial.losses
    if not len(losses) or not math.isfinite(losses[-1]):
        return math.inf
    return float(np.median(losses[-max(len(losses) // 4, 1) :]))


def is_lower(trial: Trial, before: Trial) -> bool:
    """Whether the loss ended materially lower."""
    after, found = final_loss(trial), final_loss(before)
    return math.isfinite(after) and (math.isinf(found) or found - after > MATERIAL * abs(found))


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


def search(plan: Search) -> tuple[Attempt, Attempt]:
    """The patient as it is, and as it is with what helped: the same attempt twice where nothing did."""
    before = best = plan.attempt(())
    assert before is not None
    assert best is not None
    given_up: set[str] = set()
    rounds = 0
    while rounds < MOST_ROUNDS:
        ahead = (finding for finding in best.diagnosis.findings if finding.severity != "info")
        finding = next((finding for finding in ahead if finding.problem not in given_up), None)
        if finding is None:
            break
        better = plan.best_against(best, finding)
        if better is None:
            given_up.add(finding.problem)
        else:
            best, rounds = better, rounds + 1
    return before, best


def _applied(remedy: Remedy, patient: Patient, finding: Finding) -> str:
    try:
        return remedy.apply(patient, finding)
    except Exception:  # of the user's model, which was not made to be treated: the remedy is not for it
        return ""


def _most_promising_pairs(alone: Mapping[Remedy, Attempt]) -> list[tuple[Remedy, ...]]:
    ranks = {remedy: rank for rank, remedy in enumerate(sorted(alone, key=lambda one: alone[one].final_loss))}
    pairs = sorted(combinations(alone, 2), key=lambda pair: ranks[pair[0]] + ranks[pair[1]])
    return list(pairs[:MOST_PAIRS])


def _best(attempts: Sequence[Attempt]) -> Attempt | None:
    """The one that ends lowest; of those that end about as low, the first: rules name the fittest first."""
    if not attempts:
        return None
    lowest = min(attempt.final_loss for attempt in attempts)
    return next(one for one in attempts if one.final_loss <= lowest + MATERIAL * abs(lowest))
