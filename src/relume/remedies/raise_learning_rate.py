"""The learning rate goes up to the one that has lowered the loss most, in trials of a few steps."""

from relume.remedies.measuring import RATE_STEPS, losses_at, mean_end
from relume.remedies.optimisers import rates_of, scale_rates
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

FACTOR = 3.0
MOST_TIMES = 4  # up to 81 times what it was


def apply(patient: Patient, finding: Finding) -> str:
    """Multiply by three as long as the loss falls further."""
    best, best_end = 0, mean_end(losses_at(patient, 1.0))
    for times in range(1, MOST_TIMES + 1):
        end = mean_end(losses_at(patient, FACTOR**times))
        if not end < best_end:
            break
        best, best_end = times, end
    if not best:
        return ""
    before = rates_of(patient.optimizer)
    scale_rates(patient.optimizer, FACTOR**best)
    return (
        f"learning rate {before} -> {rates_of(patient.optimizer)}, the best of trials of {RATE_STEPS} steps"
    )


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Raise the learning rate of the optimiser by factors of three as long as the loss over the first "
        f"{RATE_STEPS} steps falls further."
    )


raise_learning_rate = Remedy(
    name="raise-learning-rate",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="multiplies the learning rate by three as long as that lowers the loss over "
    f"{RATE_STEPS} steps on the same batches",
    advice=advice,
    citation="Bengio (2012), Practical recommendations for gradient-based training of deep architectures, "
    "section 3.1.1",
)
