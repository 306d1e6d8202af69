"""An optimiser that remembers far too much, or too little, gets the settings that are usual."""

from collections.abc import Mapping
from typing import Any

from relume.diagnosis.memory import LONGEST_MEMORY, SHORTEST_SECOND
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

USUAL_MOMENTUM = 0.9
USUAL_BETAS = (0.9, 0.999)  # Kingma & Ba (2015), algorithm 1
# Of Adam. Larger, it is plain descent with a tiny rate; smaller, a gradient of 0 is divided by 0.
SMALLEST_EPSILON, USUAL_EPSILON, LARGEST_EPSILON = 1e-16, 1e-8, 1e-3
FASTEST_DECAY = 1e-2  # of the weights, a step: in a hundred steps most of what they were is gone
USUAL_DECAY = 1e-4


def apply(patient: Patient, finding: Finding) -> str:
    """Set momentum, betas, epsilon and weight decay back, where they are far from what is usual."""
    told: list[str] = []
    for group in patient.optimizer.param_groups:
        changes = dict(_changes(group))
        told += [f"{name} {group[name]} -> {new}" for name, new in changes.items()]
        group.update(changes)
    return ", ".join(dict.fromkeys(told))


def _changes(group: Mapping[str, Any]) -> list[tuple[str, Any]]:
    changes: list[tuple[str, Any]] = []
    if float(group.get("momentum") or 0.0) >= LONGEST_MEMORY:
        changes.append(("momentum", USUAL_MOMENTUM))
    if "betas" in group:
        first, second = map(float, group["betas"])
        if first >= LONGEST_MEMORY or second < SHORTEST_SECOND:
            changes.append(("betas", USUAL_BETAS))
    epsilon = group.get("eps")  # Adafactor has two
    if isinstance(epsilon, float | int) and not SMALLEST_EPSILON <= epsilon <= LARGEST_EPSILON:
        changes.append(("eps", USUAL_EPSILON))
    decay, rate = float(group.get("weight_decay") or 0.0), float(group["lr"])
    if decay * rate > FASTEST_DECAY:
        changes.append(("weight_decay", USUAL_DECAY))
    return changes


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Give the optimiser momentum={USUAL_MOMENTUM}, or Adam betas={USUAL_BETAS} and eps={USUAL_EPSILON}, "
        f"and a weight decay of about {USUAL_DECAY}: a memory of hundreds of steps goes on in a direction "
        "long after that has become wrong."
    )


usual_optimiser_settings = Remedy(
    name="usual-optimiser-settings",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="sets momentum from 0.99 on, Adam's betas far from (0.9, 0.999), an epsilon of 0 or above 0.001 "
    "and a weight decay that takes a hundredth of the weights a step back to what is usual",
    advice=advice,
    citation="Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in "
    "deep learning; Kingma & Ba (2015), Adam, algorithm 1",
)
