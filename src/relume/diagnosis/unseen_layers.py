"""Layers behind activations that the catalogue does not know: their weights' gradients alone tell of them."""

import math
from collections.abc import Iterator

import numpy as np

from relume.diagnosis.chain import Layer, hidden_layers
from relume.diagnosis.feeding import is_matrix
from relume.diagnosis.learning import LARGE_UPDATE, severity_of
from relume.diagnosis.losses import course
from relume.types import Evidence, Finding, ParameterReading, PerUnit, Readings

FEWEST_LAYERS, FEWEST_WEIGHTS = 2, 3  # fewer sites are no chain; fewer layers have no depth
LEAST_RATIO = 1e-3  # as for layers whose sites are seen
# Trainings that work begin with a gradient of at most 20 times the weights' norm. Where targets are large it
# is more, but then the loss is too: one per cent of the weights then changes it by less than 20 per cent.
LARGE_GRADIENT, STEEP = 1e3, 50.0
VANISHES = "three orders of magnitude, as between layers: AUTOTRAINER (Zhang et al. 2021)"
EXPLODES = "calibrated: trainings that work begin below 20"
ELASTIC = "calibrated: 2 for each time that a squared loss's output is proportional to the weights"


def fading_unseen(readings: Readings) -> Iterator[Finding]:
    """The first weights get a thousandth of what the others do, and the loss does not fall."""
    weights = _weights(readings)
    if len(weights) < FEWEST_WEIGHTS or course(readings) not in ("flat", "grows"):
        return
    sizes = [_by_value(weight) for weight in weights]
    if not 0 < sizes[0] < LEAST_RATIO * max(sizes):
        return
    first, most = weights[0].name, weights[int(np.argmax(sizes))].name
    yield Finding(
        problem="vanishing-gradient",
        severity=severity_of(readings),
        sites=(),
        parameters=tuple(
            w.name for w, size in zip(weights, sizes, strict=True) if size < LEAST_RATIO * max(sizes)
        ),
        evidence=(
            Evidence(
                quantity=f"gradient of {first} ({sizes[0]:.1e} a weight) over that of {most}",
                measured=sizes[0] / max(sizes),
                threshold=LEAST_RATIO,
                source=VANISHES,
            ),
        ),
        cause=f"What lies between {first} and {most}, an activation that is not in the catalogue or a "
        "softmax, has hardly any slope: each of them takes most of the gradient away.",
        remedies=(
            "replace-activation",
            "insert-normalisation",
            "variance-preserving-initialisation",
            "raise-learning-rate",
        ),
    )


def exploding_unseen(readings: Readings) -> Iterator[Finding]:
    """Weights whose gradient is a thousand times themselves, and whose least change changes the loss."""
    view = readings.opening or readings
    level = _level(view)
    for weight in sorted(_weights(view), key=_over_weights, reverse=True)[:1]:
        elasticity = weight.gradient_norm * weight.weight_norm / level if level > 0 else math.nan
        is_steep = _over_weights(weight) > LARGE_GRADIENT and elasticity > STEEP
        if not is_steep or weight.update_ratio > LARGE_UPDATE:  # where steps made it so, those are the cause
            return
        yield Finding(
            problem="exploding-gradient",
            severity=severity_of(readings, is_extreme=True),
            sites=(),
            parameters=(weight.name,),
            evidence=(
                Evidence(
                    quantity=f"gradient of {weight.name} over its weights, at first",
                    measured=_over_weights(weight),
                    threshold=LARGE_GRADIENT,
                    source=EXPLODES,
                ),
                Evidence(
                    quantity="per cent by which the loss changes for one per cent of these weights",
                    measured=elasticity,
                    threshold=STEEP,
                    source=ELASTIC,
                ),
            ),
            cause="The weights are too large for what the network computes with them, before any update: "
            f"one per cent more of {weight.name} changes the loss by {elasticity:.3g} per cent, as where "
            "the same weights are multiplied over and over, or layers by layers.",
            remedies=(
                "variance-preserving-initialisation",
                "default-initialisation",
                "insert-normalisation",
                "clip-gradients",
                "lower-learning-rate",
            ),
        )


def _weights(view: Readings) -> list[ParameterReading]:
    """Those of all layers; none where enough sites tell of them, or a gradient was no number."""
    seen: list[Layer] = [layer for layer in hidden_layers(view) if not math.isnan(layer.gradient)]
    weights = [p for p in view.parameters.values() if is_matrix(p) and p.measured]
    known = all(math.isfinite(p.gradient) and p.weight > 0 for p in weights)
    return weights if known and len(seen) < FEWEST_LAYERS else []


def _by_value(weight: ParameterReading) -> float:
    return weight.gradient_norm / math.sqrt(weight.size)


def _over_weights(weight: ParameterReading) -> float:
    return weight.gradient_norm / weight.weight_norm


def _level(view: Readings) -> float:
    losses: PerUnit = np.abs(view.steps.losses[np.isfinite(view.steps.losses)])
    return float(np.median(losses)) if len(losses) else math.nan
