"""The learning rate goes up to the one that has lowered the loss most, in trials of a few steps."""

from relume.remedies.measuring import RATE_STEPS, losses_at, mean_end, refined
from relume.remedies.optimisers import rates_of, scale_rates
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

FACTOR = 3.0
MOST_TIMES = 4  # up to 81 times what it was


def apply(patient: Patient, finding: Finding) -> str:
    """Multiply by three as long as the loss falls further; then look half as far to both sides."""
    times, end = 0, mean_end(losses_at(patient, 1.0))
    while times < MOST_TIMES and (further := mean_end(losses_at(patient, FACTOR ** (times + 1)))) < end:
        times, end = times + 1, further
    best = refined(patient, times, end, beside=(times - 0.5, times + 0.5), base=FACTOR)
    if best <= 0:
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
    meaning="multiplies the learning rate by three, at last by its root, as long as that lowers the loss "
    f"over {RATE_STEPS} steps on the same batches",
    advice=advice,
    citation="Bengio (2012), Practical recommendations for gradient-based training of deep architectures, "
    "section 3.1.1",
)
