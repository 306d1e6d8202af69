"""The learning rate comes down to the one that has lowered the loss most, in trials of a few steps."""

import math

import numpy as np

from relume.remedies.measuring import treated_copy
from relume.remedies.optimisers import rates_of, scale_rates
from relume.remedies.remedy import Remedy
from relume.trial import Patient, run_trial
from relume.types import Finding, PerUnit

STEPS = 20
FACTOR = 3.0  # half an order of magnitude: finer than the loss can tell in so few steps
MOST_TIMES = 10  # down to 1/59,049 of what it was
PATIENCE = 2  # rates in a row that are worse than the best


def apply(patient: Patient, finding: Finding) -> str:
    """Divide by three again and again, until the loss falls; then on, while it falls further."""
    # With a rate of 0: what the same batches cost a network that stays as it is.
    standing = _losses(patient, 0.0)
    best, best_end, worse = 0, math.inf, 0
    for times in range(1, MOST_TIMES + 1):
        losses = _losses(patient, FACTOR**-times)
        end = _end(losses)
        if len(losses) == len(standing) and end < min(best_end, _end(standing)):
            best, best_end, worse = times, end, 0
        elif best and (worse := worse + 1) == PATIENCE:
            break
    if not best:
        return ""
    before = rates_of(patient.optimizer)
    scale_rates(patient.optimizer, FACTOR**-best)
    return f"learning rate {before} -> {rates_of(patient.optimizer)}, the best of trials of {STEPS} steps"


def _losses(patient: Patient, factor: float) -> PerUnit:
    copied = treated_copy(patient)
    scale_rates(copied.optimizer, factor)
    return run_trial(copied, steps=STEPS).losses


def _end(losses: PerUnit) -> float:
    """The mean over the second half; infinite if it is not finite."""
    end = float(np.mean(losses[len(losses) // 2 :]))
    return end if math.isfinite(end) else math.inf


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Lower the learning rate of the optimiser by factors of three until the loss falls over the first 20 "
        "steps, "
        "and keep the rate at which it falls most."
    )


lower_learning_rate = Remedy(
    name="lower-learning-rate",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="divides the learning rate by three as often as lowers the loss most over 20 steps on the same "
    "batches",
    advice=advice,
    citation="Bengio (2012), Practical recommendations for gradient-based training of deep architectures, "
    "section 3.1.1",
)
