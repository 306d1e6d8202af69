"""A recurrence that loses the error signal over time: what came long ago teaches it nothing."""

import math
from collections.abc import Iterator

from relume.diagnosis.causes import why_it_vanishes
from relume.diagnosis.chain import (
    FEWEST_CALLS,
    Layer,
    gradients_by_call,
    hidden_layers,
    is_gated,
    unrolled,
    weights_of,
)
from relume.diagnosis.learning import loss_falls, severity_of
from relume.diagnosis.losses import STANDSTILL, levels, stood_still
from relume.types import Evidence, Finding, Readings

LEAST_RATIO = 5e-3  # where the loss does not fall: of trainings that work none loses as much and stands still
# What a cell with gates forgets, it is made to forget: of trainings that work none begins below 3e-3.
GATED_RATIO = 1e-6
PASCANU = "calibrated, where the loss does not fall; over time as with depth (Pascanu et al. 2013)"
GATES = "calibrated: cells with gates that learn begin above 3e-3"


def fading_over_time(readings: Readings) -> Iterator[Finding]:
    """A finding for each recurrence whose first calls get no signal."""
    for layer in unrolled(hidden_layers(readings)):
        if (found := _fading(readings, layer)) is not None:
            yield found
    if readings.opening is not None and stood_still(readings.steps):
        yield from filter(None, (_shut(readings, each) for each in hidden_layers(readings.opening)))


def _fading(readings: Readings, layer: Layer) -> Finding | None:
    early, most, calls = _early_and_most(layer)
    if calls < FEWEST_CALLS or not early < LEAST_RATIO * most:
        return None
    cause = why_it_vanishes(readings, [layer], [layer.value])
    # What was long ago need not matter: a loss that falls, at once or by a fifth, says that it does not.
    start, end = levels(readings.steps)
    has_fallen = not stood_still(readings.steps) or end < (1 - STANDSTILL) * start
    is_learning = loss_falls(readings) and has_fallen
    return Finding(
        problem="vanishing-gradient",
        severity="info" if is_learning else severity_of(readings, is_extreme=True),
        sites=layer.sites,
        parameters=weights_of([layer]),
        evidence=(_fall(layer, LEAST_RATIO, PASCANU), *cause.evidence),
        cause=f"Over time, not depth. {cause.said}",
        remedies=cause.remedies,
    )


def _shut(readings: Readings, layer: Layer) -> Finding | None:
    """A cell whose gates let nothing through from the start, while the loss stood still."""
    early, most, calls = _early_and_most(layer)
    if not is_gated(layer) or calls < FEWEST_CALLS or not 0 < early < GATED_RATIO * most:
        return None
    return Finding(
        problem="vanishing-gradient",
        severity="warning",
        sites=layer.sites,
        parameters=weights_of([layer]),
        evidence=(_fall(layer, GATED_RATIO, GATES),),
        cause="Over time, not depth: the gates keep next to nothing of the state from one call to the next, "
        "from the first step on. Look at the bias of the forget gate: 1 keeps the state (Jozefowicz et al. "
        "2015).",
        remedies=("default-initialisation", "variance-preserving-initialisation", "raise-learning-rate"),
    )


def _fall(layer: Layer, threshold: float, source: str) -> Evidence:
    early, most, calls = _early_and_most(layer)
    return Evidence(
        quantity=f"gradient at the first third of {calls} calls of {layer.name} ({early:.1e}) over "
        f"the largest at any ({most:.1e})",
        measured=early / most,
        threshold=threshold,
        source=source,
    )


def _early_and_most(layer: Layer) -> tuple[float, float, int]:
    """The largest gradient at the first third of the calls, that at any, and how many calls had one."""
    by_call = [gradient for gradient in gradients_by_call(layer) if not math.isnan(gradient)]
    return max(by_call[: len(by_call) // 3], default=0.0), max(by_call, default=0.0), len(by_call)
