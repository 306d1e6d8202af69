"""A repair is brought as far as its remedies go, with as few of them as will do."""

import math
from collections.abc import Sequence

from relume.remedies.attempts import (
    OTHER_OPTIMISER,
    Attempt,
    Search,
    among,
    best_of,
    final_loss,
    is_as_low,
    is_lower,
    is_no_worse,
    names_for,
)
from relume.remedies.remedy import Remedy
from relume.types import Finding

FURTHER = 0.02  # what a remedy has to bring when the finding is gone already
MOST_FURTHER = 3  # such remedies
ENOUGH, FIRST_STEPS = 0.01, 5  # of the loss
FAR_WORSE = 1.2  # times the loss without it: what a remedy comes to that is not tried again beside another
UPDATES = ("clip-gradients", "warm-up", "lower-learning-rate", "raise-learning-rate")
# Tried then in any case, named by the finding or not: what helps most networks.
USUAL = (
    "linear-output",
    "average-neighbours",
    "insert-normalisation",
    "insert-shortcuts",
    "variance-preserving-initialisation",
    "layer-sequential-unit-variance",
    "default-initialisation",
    "orthogonal-recurrence",
    "choose-activation",
    "rescale-constant",
    *UPDATES,
)


def polished(plan: Search, before: Attempt, best: Attempt, met: Sequence[Finding]) -> Attempt:
    """The same with what else earns its place: each further remedy lowers the loss by another 2 %.

    A finding can be gone and the training still be far from what the network can do; not where next to
    nothing is left of the loss. What a further remedy makes needless is taken out before the next is sought.
    """
    names = dict.fromkeys([*(name for finding in met for name in names_for(finding)), *USUAL])
    left = [remedy for remedy in among(plan.remedies, list(names)) if remedy.name != OTHER_OPTIMISER]
    for _ in range(MOST_FURTHER):
        if is_enough(before, best):
            break
        used = {remedy for remedy, _ in best.treatment}
        tried = {each: plan.attempt((*best.treatment, (each, met[0]))) for each in left if each not in used}
        further = [
            each
            for each in tried.values()
            if each and is_lower(each.trial, best.trial, by=FURTHER) and is_no_worse(each, best)
        ]
        better = best_of(further)
        if better is None:
            break
        limit = FAR_WORSE * abs(final_loss(best.trial))
        left = [each for each in left if _may_still_help(each, tried.get(each), limit)]
        best = pruned(plan, better)
    return pruned(plan, best)


def _may_still_help(remedy: Remedy, attempt: Attempt | None, limit: float) -> bool:
    """Not where it was far worse, or found nothing to change; but steps, of which others change the best."""
    if attempt is None:
        return remedy.name in UPDATES
    return final_loss(attempt.trial) <= limit


def is_enough(before: Attempt, best: Attempt) -> bool:
    """Whether next to nothing is left, of the loss as it was and as the treated model began with it.

    Either can be high alone: a network that explodes begins with a loss that says nothing of the data.
    """
    began = min(best.trial.losses[:FIRST_STEPS], default=math.inf)
    return final_loss(best.trial) < ENOUGH * min(final_loss(before.trial), began)


def pruned(plan: Search, best: Attempt) -> Attempt:
    """The same without what it can do without: a later remedy may have made an earlier one needless."""
    for part in best.treatment if len(best.treatment) > 1 else ():
        fewer = plan.attempt(tuple(each for each in best.treatment if each != part))
        if fewer and is_no_worse(fewer, best) and is_as_low(fewer.trial, best.trial):
            return pruned(plan, fewer)
    return best
