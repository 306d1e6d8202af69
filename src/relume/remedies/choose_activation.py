"""Hidden activations give way to the one that has lowered the loss most, in trials of a few steps."""

from relume.remedies.anatomy import anatomy_of
from relume.remedies.measuring import RATE_STEPS, losses_at, mean_end, treated_copy
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.swapping import swap_hidden
from relume.trial import Patient, trained
from relume.types import Finding

# One of each kind: kinked, leaky, smooth, smooth with a floor, bounded.
CHOICE = ("relu", "leaky_relu", "silu", "elu", "tanh")


def apply(patient: Patient, finding: Finding) -> str:
    """Try each in place of all hidden activations, beside those that there are."""
    there = {use.name for use in anatomy_of(patient).uses if use.is_hidden and not use.is_gate}
    if not there:
        return ""
    best, least = "", mean_end(losses_at(patient, 1.0))
    for name in CHOICE:
        treated = treated_copy(patient)
        if swap_hidden(treated, dict.fromkeys(there - {name}, name)):
            end = mean_end(trained(treated, steps=RATE_STEPS))
            best, least = (name, end) if end < least else (best, least)
    if not best:
        return ""
    told = swap_hidden(patient, dict.fromkeys(there - {best}, best))
    return f"{told}, the best of {', '.join(CHOICE)} and what was there in trials of {RATE_STEPS} steps"


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return f"Use that activation in hidden layers: {lines_of(finding)}. Keep the output's, and gates."


choose_activation = Remedy(
    name="choose-activation",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",  # behind what draws these: the activation is chosen for weights as they will be
    meaning=f"swaps all hidden activations for the one of {', '.join(CHOICE)} that lowers the loss most over "
    f"{RATE_STEPS} steps on the same batches, if it is lower than with those that there are",
    advice=advice,
    citation="Mishkin, Sergievskiy & Matas (2017), Systematic evaluation of convolution neural network "
    "advances on the ImageNet, section 3.1: the same network trained with each",
)
