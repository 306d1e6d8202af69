"""How long an optimiser remembers gradients, and weights, as its constants say."""

from typing import NamedTuple

from relume.types import Evidence, Readings

# A memory of a hundred steps is longer than it takes to see that a step was wrong.
LONGEST_MEMORY = 0.99
# Five hundred: no loss that falls shows that they do no harm. None has been seen in a training that works.
FAR_TOO_LONG = 0.998
SHORTEST_SECOND = 0.9  # a mean square of fewer than ten gradients swings as the gradients do
# Of the weights, a step, by a decay that is no usual one at a great rate. Trainings that work take 0.008.
MOST_DECAYED, LARGE_DECAY = 0.015, 0.1
SOURCE = "Sutskever et al. (2013): 0.9 to 0.99; Kingma & Ba (2015): betas of 0.9 and 0.999"


class Memory(NamedTuple):
    """A constant by which an optimiser remembers far too long, or far too little."""

    said: str
    evidence: Evidence
    is_beyond_doubt: bool


def unusual_memory(readings: Readings) -> Memory | None:
    """The first that is far from what is usual; None where none is known to be."""
    for name, share in readings.settings.items():
        optimizer, _, setting = name.rpartition(".")
        second = readings.settings.get(f"{optimizer}.beta2", 1.0)
        if setting in ("momentum", "beta1") and share >= LONGEST_MEMORY:
            steps = f"{1 / (1 - share):.0f} steps" if share < 1 else "ever"
            is_swapped = setting == "beta1" and share > second
            swapped = " (swapped with beta2?)" if is_swapped else ""
            said = f"The {setting} of {optimizer}, {share:g}{swapped}, has a step go on for {steps}"
            return Memory(
                f"{said} after it was right",
                _evidence(setting, share, LONGEST_MEMORY),
                is_swapped or share >= FAR_TOO_LONG,
            )
        if setting == "beta2" and share < SHORTEST_SECOND:
            said = f"With a beta2 of {share:g} {optimizer} divides a step by the size of the last gradients"
            return Memory(f"{said} alone", _evidence(setting, share, SHORTEST_SECOND), False)
        rate = max((p.learning_rate or 0.0 for p in readings.parameters.values()), default=0.0)
        if setting == "weight_decay" and share > LARGE_DECAY and share * rate > MOST_DECAYED:
            return _of_decay(optimizer, share, rate)
    return None


def _of_decay(optimizer: str, decay: float, rate: float) -> Memory:
    evidence = Evidence(
        quantity="weight decay times the learning rate: the share of the weights that a step takes away",
        measured=decay * rate,
        threshold=MOST_DECAYED,
        source="calibrated: trainings that work take up to 0.008",
    )
    taken = f"takes {decay * rate:.1%} of the weights away at each step"
    return Memory(f"The weight decay of {optimizer}, {decay:g}, {taken}", evidence, True)


def _evidence(setting: str, share: float, threshold: float) -> Evidence:
    quantity = f"{setting}: the share of what was remembered that a step keeps"
    return Evidence(quantity=quantity, measured=share, threshold=threshold, source=SOURCE)
