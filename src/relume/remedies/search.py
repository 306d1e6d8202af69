"""Which remedies remove what was found: each is tried on a copy, for the same steps on the same batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, islice

from relume.remedies.attempts import (
    MOST_FOLLOWING,
    Attempt,
    Search,
    Treatment,
    among,
    best_of,
    faults,
    final_loss,
    is_found,
    is_lower,
    is_no_worse,
    names_for,
)
from relume.remedies.polishing import UPDATES, USUAL, polished
from relume.remedies.remedy import Remedy
from relume.types import Finding

# Tried where nothing is named, with the usual ones, and kept where the loss is a fifth lower: what can be
# spoilt unseen. Not rates: in so few steps a higher one is better for most networks, and that is no fault.
UNNAMED = ("usual-optimiser-settings", "default-initialisation", "standardise-input")
# And where nothing that a rule names helps.
STILL = ("linear-output", "reattach-graph", "replace-activation")
# And for any finding: a number in the user's own code is not in what was measured.
ANYWHERE = ("rescale-constant",)
A_FIFTH = 0.2
MOST_ROUNDS = 3  # findings removed one after the other
MOST_PAIRS, MOST_TRIPLES = 6, 4  # of remedies tried together


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
        return before, polished(plan, before, best, [*met, *unmet])
    return before, before if met else without_a_name(plan, before)


def without_a_name(plan: Search, before: Attempt) -> Attempt:
    """What lowers the loss by a fifth though no rule found anything; the patient as it is, if nothing."""
    sites = before.trial.readings.sites
    anything = Finding(
        problem="stalled-layer", severity="info", sites=sites, evidence=(), cause="", remedies=()
    )
    names = tuple(name for name in (*UNNAMED, *STILL, *USUAL) if name not in UPDATES)
    told = [*before.diagnosis.findings, replace(anything, remedies=names)]  # the first: worth knowing only
    applied = {each: finding for finding in reversed(told) for each in among(plan.remedies, finding.remedies)}
    tried = [plan.attempt((each,)) for each in applied.items()]
    better = best_of(
        [
            each
            for each in tried
            if each and is_lower(each.trial, before.trial, by=A_FIFTH) and is_no_worse(each, before)
        ]
    )
    return before if better is None else polished(plan, before, better, [anything])


def best_against(plan: Search, current: Attempt, finding: Finding) -> Attempt | None:
    """The best attempt with the fewest remedies against one finding; None if nothing helps.

    Two remedies together where no single one is enough, three where two have brought another fault to light.
    Where none removes the finding, one that lowers the loss will do: what is left of the fault is then a
    finding of the next round.
    """
    used = {remedy for remedy, _ in current.treatment}
    names = dict.fromkeys((*names_for(finding), *ANYWHERE))
    left = [remedy for remedy in among(plan.remedies, list(names)) if remedy not in used]
    tried = {remedy: plan.attempt((*current.treatment, (remedy, finding))) for remedy in left}
    alone = {remedy: attempt for remedy, attempt in tried.items() if attempt}
    lowering = [attempt for attempt in alone.values() if is_lower(attempt.trial, current.trial)]
    if removing := [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]:
        return best_of(removing)
    idle = [remedy for remedy in left if remedy not in alone]
    pairs = _some(plan, _pairs(plan, finding, alone, idle), MOST_PAIRS)
    lowering += [each for each in pairs if is_lower(each.trial, current.trial)]
    if not lowering:
        triples = _some(plan, _with_what_follows(plan, finding, pairs), MOST_TRIPLES)
        lowering = [each for each in triples if is_lower(each.trial, current.trial)]
    if not lowering:  # the rule may have taken what follows for the cause
        others = [each for each in among(plan.remedies, (*STILL, *USUAL)) if each not in {*left, *used}]
        tried_too = filter(None, (plan.attempt((*current.treatment, (each, finding))) for each in others))
        lowering = [each for each in tried_too if is_lower(each.trial, current.trial)]
    removing = [attempt for attempt in lowering if not is_found(finding, attempt.diagnosis)]
    return best_of(removing or lowering)


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
            for remedy in among(plan.remedies, following.remedies)[:MOST_FOLLOWING]:
                yield *attempt.treatment, (remedy, following)


def _distinct(treatments: Iterator[Treatment]) -> Iterator[Treatment]:
    """Those that apply no remedy twice and were not there before."""
    seen = set[frozenset[Remedy]]()
    for treatment in treatments:
        applied = frozenset(remedy for remedy, _ in treatment)
        if len(applied) == len(treatment) and applied not in seen:
            seen.add(applied)
            yield treatment
