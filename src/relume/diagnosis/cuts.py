"""A graph that is cut: layers that could learn, and to which no gradient ever comes."""

import math
from collections.abc import Sequence

from relume.diagnosis.chain import Layer, hidden_layers, sites_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.types import Evidence, Finding, Readings


def cut_off(readings: Readings) -> Finding | None:
    """The first layers, if no gradient ever came to them though their weights would take one."""
    layers = hidden_layers(readings)
    cut = _cut_off(layers)
    return _finding(readings, layers, cut) if cut else None


def _cut_off(layers: Sequence[Layer]) -> list[Layer]:
    """The first layers, if no gradient ever came to them though their weights would take one."""
    cut: list[Layer] = []
    for layer in layers:
        if not math.isnan(layer.gradient):
            return cut if all(_could_learn(each) for each in cut) else []
        cut.append(layer)
    return []


def _could_learn(layer: Layer) -> bool:
    # Frozen weights are never looked at; they would have neither.
    return layer.weight is not None and layer.weight.unused > 0 and not layer.weight.is_used


def _finding(readings: Readings, layers: Sequence[Layer], cut: Sequence[Layer]) -> Finding:
    behind = layers[len(cut)]
    steps = max(layer.weight.unused for layer in cut if layer.weight)
    return Finding(
        problem="vanishing-gradient",
        severity=severity_of(readings),
        sites=sites_of(cut),
        parameters=weights_of(cut),
        evidence=(
            Evidence(
                quantity=f"steps on which no gradient came to {', '.join(weights_of(cut)[:2])}",
                measured=float(steps),
                threshold=0.0,
                unit="steps",
                source="weights that take a gradient get one in every step",
            ),
        ),
        cause=f"The graph is cut between {cut[-1].sites[-1]} and {behind.sites[0]}: a detach(), "
        "torch.no_grad() or item() there. If that is meant, give the layers before it requires_grad_(False).",
        remedies=("reattach-graph", "straight-through"),
    )
