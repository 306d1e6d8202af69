"""Which remedies remove what was found: each is tried on a copy, for the same steps on the same batches."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from typing import get_args

import numpy as np
from torch import nn

from relume.diagnosis.losses import levels
from relume.errors import TrialError
from relume.remedies.remedy import Remedy, Stage
from relume.trial import Patient, run_trial
from relume.types import Diagnosis, Finding, Readings, Severity, Trial

MATERIAL = 0.05  # of the loss: what a few steps more or less make up for is no repair
ALIKE = 0.02  # of the loss: of two remedies that end so near each other the rule's order decides
FURTHER = 0.05  # what a remedy has to bring when the finding is gone already
MOST_FURTHER = 3  # such remedies
FAR_WORSE = 1.5  # times the loss without it: what a remedy comes to that is not tried again beside another
OTHER_OPTIMISER = "adaptive-optimiser"  # the last resort: not where one's own will do
# Tried then in any case, named by the finding or not: what helps most networks.
USUAL = (
    "linear-output",
    "insert-normalisation",
    "variance-preserving-initialisation",
    "layer-sequential-unit-variance",
    "default-initialisation",
    "orthogonal-recurrence",
    "clip-gradients",
    "warm-up",
    "lower-learning-rate",
    "raise-learning-rate",
)
# Tried where nothing is named, and kept where the loss is halved: what one's own settings can spoil unseen.
UNNAMED = ("usual-optimiser-settings", "default-initialisation", "standardise-input")
STILL = (
    "linear-output",
    "reattach-graph",
    "replace-activation",
)  # these too, and the usual ones, where it hardly falls
HARDLY = 0.1  # of the loss
HALVED = 0.5
MOST_ROUNDS = 3  # findings removed one after the other
MOST_PAIRS, MOST_TRIPLES = 6, 4  # of remedies tried together
MOST_FOLLOWING = 2  # remedies of a fault that follows from another
IN_YOUR_CODE = ", in your code"  # the key beside each remedy in a trial's setting

Diagnose = Callable[[Readings], Diagnosis]
Tell = Callable[[str], None]  # what is being tried, for people
Treatment = tuple[tuple[Remedy, Finding], ...]  # each remedy with what it is applied for


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A treatment and what came of it."""

    treatment: Treatment  # in the order of application
    model: nn.Module  # treated, and not trained
    trial: Trial
    diagnosis: Diagnosis


@dataclass(frozen=True, kw_only=True)
class Search:
    """What all attempts have in common."""

    patient: Patient
    steps: int
    remedies: Sequence[Remedy]  # that may be tried
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
        trial = replace(trial, setting=done)
        diagnosis = self.diagnose(trial.readings)
        return Attempt(treatment=ordered, model=untrained, trial=trial, diagnosis=diagnosis)


def search(plan: Search) -> tuple[Attempt, Attempt]:
    """The patient as it is, and as it is with what helped: the same attempt twice where nothing did."""
    before = plan.attempt(())
    assert before is not None
    best, rounds, given_up, met = before, 0, set[str](), list[Finding]()
    while rounds < MOST_ROUNDS:
        ahead = (finding for finding in faults(best.diagnosis) if finding.problem not in given_up)
        finding = next(ahead, None)
        if finding is None:
            break
        met.append(finding)
        better = best_against(plan, best, finding)
        if better is None:
            given_up.add(finding.problem)
        else:
            best, rounds = better, rounds + 1
    if best is not before:
        unmet = (finding for finding in faults(before.diagnosis) if finding not in met)
        return before, pruned(plan, polished(plan, best, [*met, *unmet]))
    return before, before if met else without_a_name(plan, before)


def without_a_name(plan: Search, before: Attempt) -> Attempt:
    """What halves the loss though no rule found anything; the patient as it is, where nothing does."""
    sites = before.trial.readings.sites
    anything = Finding(
        problem="stalled-layer", severity="info", sites=sites, evidence=(), cause="", remedies=()
    )
    start, end = levels(before.trial.readings.steps)
    names = (*UNNAMED, *STILL, *USUAL) if start - end < HARDLY * abs(start) else UNNAMED
    told = [*before.diagnosis.findings, replace(anything, remedies=names)]  # the first: worth knowing only
    applied = {
        each: finding for finding in reversed(told) for each in _among(plan.remedies, finding.remedies)
    }
    tried = [plan.attempt((each,)) for each in applied.items()]
    halving = [
        each
        for each in tried
        if each and is_lower(each.trial, before.trial, by=HALVED) and _is_no_worse(each, before)
    ]
    return _best(halving) or before


def polished(plan: Search, best: Attempt, met: Sequence[Finding]) -> Attempt:
    """The same, with what else earns its place: each further remedy lowers the loss by another twentieth.

    A finding can be gone and the training still be far from what the network can do.
    """
    names = dict.fromkeys([*(name for finding in met for name in _names(finding)), *USUAL])
    left = _among(plan.remedies, list(names))
    for _ in range(MOST_FURTHER):
        used = {remedy for remedy, _ in best.treatment}
        tried = {each: plan.attempt((*best.treatment, (each, met[0]))) for each in left if each not in used}
        further = [
            each
            for each in tried.values()
            if each and is_lower(each.trial, best.trial, by=FURTHER) and _is_no_worse(each, best)
        ]
        better = _best(further)
        if better is None:
            break
        limit = FAR_WORSE * abs(final_loss(best.trial))
        left = [remedy for remedy, each in tried.items() if each and final_loss(each.trial) < limit]
        best = better
    return best


def pruned(plan: Search, best: Attempt) -> Attempt:
    """The same without what it can do without: a later remedy may have made an earlier one needless."""
    for part in best.treatment if len(best.treatment) > 1 else ():
        fewer = plan.attempt(tuple(each for each in best.treatment if each != part))
        if fewer and _is_no_worse(fewer, best) and not is_lower(best.trial, fewer.trial, by=ALIKE):
            return pruned(plan, fewer)
    return best


def _is_no_worse(attempt: Attempt, than: Attempt) -> bool:
    """Whether it brings no problem that was not there."""
    return {f.problem for f in faults(attempt.diagnosis)} <= {f.problem for f in faults(than.diagnosis)}


def best_against(plan: Search, current: Attempt, finding: Finding) -> Attempt | None:
    """The best attempt with the fewest remedies against one finding; None if nothing helps.

    Two remedies together where no single one is enough, three where two have brought another fault to light.
    Where none removes the finding, one that lowers the loss will do: what is left of the fault is then a
    finding of the next round.
    """
    used = {remedy for remedy, _ in current.treatment}
    left = [remedy for remedy in _among(plan.remedies, _names(finding)) if remedy not in used]
    tried = {remedy: plan.attempt((*current.treatment, (remedy, finding))) for remedy in left}
    alone = {remedy: attempt for remedy, attempt in tried.items() if attempt}
    lowering = [attempt for attempt in alone.values() if is_lower(attempt.trial, current.trial)]
    if removing := [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]:
        return _best(removing)
    idle = [remedy for remedy in left if remedy not in alone]
    pairs = _some(plan, _pairs(plan, finding, alone, idle), MOST_PAIRS)
    lowering += [each for each in pairs if is_lower(each.trial, current.trial)]
    if not lowering:
        triples = _some(plan, _with_what_follows(plan, finding, pairs), MOST_TRIPLES)
        lowering = [each for each in triples if is_lower(each.trial, current.trial)]
    if not lowering:  # the rule may have taken what follows for the cause
        others = [each for each in _among(plan.remedies, (*STILL, *USUAL)) if each not in {*left, *used}]
        tried_too = filter(None, (plan.attempt((*current.treatment, (each, finding))) for each in others))
        lowering = [each for each in tried_too if is_lower(each.trial, current.trial)]
    removing = [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]
    return _best(removing or lowering)


def final_loss(trial: Trial) -> float:
    """The median over the last quarter of the steps; infinite where it is not finite."""
    losses = trial.losses
    if not len(losses) or not math.isfinite(losses[-1]):
        return math.inf
    return float(np.median(losses[-max(len(losses) // 4, 1) :]))


def is_lower(trial: Trial, before: Trial, *, by: float = MATERIAL) -> bool:
    """Whether the loss ended materially lower."""
    after, found = final_loss(trial), final_loss(before)
    return math.isfinite(after) and (math.isinf(found) or found - after > by * abs(found))


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


def _some(plan: Search, treatments: Iterator[Treatment], most: int) -> list[Attempt]:
    """The first attempts that change something: the others cost no training."""
    return list(islice(filter(None, map(plan.attempt, _distinct(treatments))), most))


def _pairs(
    plan: Search, finding: Finding, alone: Mapping[Remedy, Attempt], idle: Sequence[Remedy]
) -> Iterator[Treatment]:
    """What to try by twos, the most promising first.

    A remedy can bring the next fault to light: a gradient arrives again, and the steps are now too large for
    it. Then what that fault's rule names goes with it. After these, the finding's own remedies by twos, those
    that did best alone first; one that changed nothing alone may change something after another.
    """
    yield from _with_what_follows(plan, finding, alone.values())
    ranked = sorted(alone, key=lambda remedy: final_loss(alone[remedy].trial))
    ranked += idle
    for one, two in sorted(combinations(range(len(ranked)), 2), key=sum):
        if one < len(alone):
            yield *alone[ranked[one]].treatment, (ranked[two], finding)


def _with_what_follows(plan: Search, finding: Finding, attempts: Iterable[Attempt]) -> Iterator[Treatment]:
    """Each treatment with a remedy of the fault that it brought to light."""
    for attempt in attempts:
        following = next(iter(faults(attempt.diagnosis)), None)
        if following is not None and following.problem != finding.problem:
            for remedy in _among(plan.remedies, following.remedies)[:MOST_FOLLOWING]:
                yield *attempt.treatment, (remedy, following)


def _distinct(treatments: Iterator[Treatment]) -> Iterator[Treatment]:
    """Those that apply no remedy twice and were not there before."""
    seen = set[frozenset[Remedy]]()
    for treatment in treatments:
        applied = frozenset(remedy for remedy, _ in treatment)
        if len(applied) == len(treatment) and applied not in seen:
            seen.add(applied)
            yield treatment


def _applied(remedy: Remedy, patient: Patient, finding: Finding) -> str:
    try:
        return remedy.apply(patient, finding)
    except Exception:  # of the user's model, which was not made to be treated: the remedy is not for it
        return ""


def _names(finding: Finding) -> list[str]:
    """Its own remedies, then the first of what follows from it: it may be the other way round."""
    following = (name for other in finding.consequences for name in other.remedies[:MOST_FOLLOWING])
    return list(dict.fromkeys((*finding.remedies, *following)))


def _among(remedies: Sequence[Remedy], names: Sequence[str]) -> list[Remedy]:
    by_name = {remedy.name: remedy for remedy in remedies}
    return [by_name[name] for name in names if name in by_name]


def _best(attempts: Sequence[Attempt]) -> Attempt | None:
    """The one that ends lowest; of those that end about as low, the first: rules name the fittest first."""
    usual = [each for each in attempts if OTHER_OPTIMISER not in {r.name for r, _ in each.treatment}]
    ends = [final_loss(attempt.trial) for attempt in usual or attempts]
    near = (
        attempt
        for attempt, end in zip(usual or attempts, ends, strict=True)
        if end - min(ends) <= ALIKE * abs(min(ends))
    )
    return next(near, None)
