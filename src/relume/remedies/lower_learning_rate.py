"""The learning rate comes down to the one that has lowered the loss most, in trials of a few steps."""

import math

from relume.remedies.measuring import RATE_STEPS, losses_at, mean_end, refined
from relume.remedies.optimisers import rates_of, scale_rates
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

FACTOR = 3.0  # half an order of magnitude: finer than the loss can tell in so few steps
MOST_TIMES = 10  # down to 1/59,049 of what it was
PATIENCE = 2  # rates in a row that are worse than the best


def apply(patient: Patient, finding: Finding) -> str:
    """Divide by three again and again, until the loss falls; on, while it falls further; then half as far."""
    # With a rate of 0: what the same batches cost a network that stays as it is.
    standing = losses_at(patient, 0.0)
    best, best_end, worse = 0, math.inf, 0
    for times in range(1, MOST_TIMES + 1):
        losses = losses_at(patient, FACTOR**-times)
        end = mean_end(losses)
        if len(losses) == len(standing) and end < min(best_end, mean_end(standing)):
            best, best_end, worse = times, end, 0
        elif best and (worse := worse + 1) == PATIENCE:
            break
    if not best:
        return ""
    # Not half as far back up: there the loss may fall for as long as is looked, and leap then.
    power = refined(patient, -best, best_end, beside=(-best - 0.5,), base=FACTOR)
    before = rates_of(patient.optimizer)
    scale_rates(patient.optimizer, FACTOR**power)
    return (
        f"learning rate {before} -> {rates_of(patient.optimizer)}, the best of trials of {RATE_STEPS} steps"
    )


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Lower the learning rate of the optimiser by factors of three until the loss falls over the first 40 "
        "steps, "
        "and keep the rate at which it falls most."
    )


lower_learning_rate = Remedy(
    name="lower-learning-rate",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="divides the learning rate by three, at last by its root, as often as lowers the loss most over "
    f"{RATE_STEPS} steps on the same batches",
    advice=advice,
    citation="Bengio (2012), Practical recommendations for gradient-based training of deep architectures, "
    "section 3.1.1",
)
