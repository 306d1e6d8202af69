"""Why a signal or a gradient grows, from layer to layer or from call to call."""

from collections.abc import Sequence

import numpy as np

from relume.diagnosis.causes import (
    KEEPS,
    OVER_A_GRAPH,
    WEIGHTS,
    Cause,
    by_steps,
    evidence_of,
    in_first_steps,
    made_by_steps,
)
from relume.diagnosis.chain import Layer, has_normalisation, hidden_layers
from relume.diagnosis.learning import steps_are_large
from relume.diagnosis.losses import known
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Readings

PASSES_TOO_MUCH = 1.25  # chi; 1 keeps the gradient
# Of the mean square: a residual block of unit branches doubles it, once; weights do more, at every layer.
GROWS_AT_ONCE = 2.5
DRAWN_TOO_LARGE = 10.0  # fan-in times variance: five times He's; then the weights are at fault first
GREW = 2.0  # times the mean square in the first steps: a layer then passes on twice as much
LEAPT = 10.0  # the greatest loss over the first: batches alone do not differ by as much
GROWN = "at twice the mean square a layer passes on twice the signal's, whatever it was drawn for"


def why_it_grows(
    readings: Readings, layers: Sequence[Layer], factor: float, what: str, *, measured: float
) -> Cause:
    """What makes a signal or a gradient grow with depth.

    `factor` is that of a layer on the mean square by the theory of its weights; `measured` is the one seen.
    """
    hasty = made_by_steps(readings, layers)
    if hasty or _leapt_at_once(readings):
        return by_steps(f"The {what} grows since steps too large blew up the weights", hasty or layers, ())
    if (grown := _growth_since(readings, layers)) > GREW:
        return _outgrown(what, grown)
    if factor > PASSES_TOO_MUCH and not has_normalisation(readings):
        size = evidence_of(f"factor of a layer on the {what}'s mean square", factor, 1.0, KEEPS)
        return Cause(
            f"The weights are too large for {layers[0].activation.name}: by their variance, a layer "
            f"multiplies the {what}'s mean square by {factor:.3g}.",
            (size,),
            (*WEIGHTS, "insert-normalisation", "clip-gradients"),
        )
    if measured > GROWS_AT_ONCE and not has_normalisation(readings):
        size = evidence_of(f"factor of a layer on the {what}'s mean square, measured", measured, 1.0, KEEPS)
        return Cause(
            f"The weights are too large for what each layer computes with them: it multiplies the {what}'s "
            f"mean square by {measured:.3g}.",
            (size,),
            (*WEIGHTS, "insert-normalisation", "clip-gradients", OVER_A_GRAPH),
        )
    if has_normalisation(readings):
        return Cause(
            f"Depth: the weights are normalised, and each layer multiplies the {what} by a little. Batch "
            "normalisation before ReLU does so by 1.21 in a plain network (Yang et al. 2019).",
            (),
            ("clip-gradients", "lower-learning-rate", "layer-sequential-unit-variance"),
        )
    return Cause(
        f"Depth without normalisation: the weights' variance keeps the {what}, but what {len(layers)} layers "
        "add and pass on is not scaled back.",
        (),
        ("insert-normalisation", *WEIGHTS, "clip-gradients", OVER_A_GRAPH),
    )


def why_it_grows_over_time(layer: Layer, factor: float) -> Cause:
    """What makes a gradient grow back over the calls of a recurrence; `factor` is that of one call."""
    if steps_are_large([layer]):
        return by_steps("The gradient grows over time since steps too large blew up the weights", [layer], ())
    size = evidence_of("factor of a call on the gradient", factor, 1.0, "1 keeps it (Pascanu et al. 2013)")
    return Cause(
        f"The weights are too large for a recurrence: each call of {layer.name} multiplies the gradient by "
        f"{factor:.3g}, and the same weights do it at every call.",
        (size,),
        (*WEIGHTS, "clip-gradients", "insert-normalisation"),
    )


def _outgrown(what: str, grown: float) -> Cause:
    size = evidence_of("fan-in times the weights' mean square, over the first steps'", grown, GREW, GROWN)
    return Cause(
        f"The {what} grows since training has made the weights large: by their mean square they are "
        f"{grown:.3g} times what they were in the first steps. The learning rate is too high.",
        (size,),
        ("lower-learning-rate", "clip-gradients", "insert-normalisation", *WEIGHTS),
    )


def _growth_since(readings: Readings, layers: Sequence[Layer]) -> float:
    """The mean square of these layers' weights over that in the first steps; 1 if unknown."""
    begun = median([sigma_w2(layer) for layer in in_first_steps(readings, layers)])
    return median([sigma_w2(layer) for layer in layers]) / begun if begun > 0 else 1.0


def _leapt_at_once(readings: Readings) -> bool:
    """Whether the loss was ordinary before the first steps, which were large, and is not after them."""
    losses = np.abs(known(readings.steps))
    if readings.opening is None or len(losses) < 2 or not losses[1:].max() > LEAPT * losses[0]:
        return False
    first = hidden_layers(readings.opening)
    drawn = median([sigma_w2(layer) for layer in first])  # after the first steps: larger than it was
    return steps_are_large(first) and drawn < DRAWN_TOO_LARGE
