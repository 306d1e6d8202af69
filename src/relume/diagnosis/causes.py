"""Why a layer passes too little of a gradient, or saturates: what its numbers single out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from relume.diagnosis.chain import Layer, has_normalisation, is_bounded, layers_of, scales
from relume.diagnosis.learning import FAST_UPDATE, LARGE_UPDATE, steps_are_large, update_ratio
from relume.diagnosis.weights import chi, median, sigma_w2, slope
from relume.types import Evidence, ParameterReading, Readings

# On tanh's critical line (Poole et al. 2016) fan-in times variance is 3.9 at q* = 4, where a quarter of the
# values is flat. Weights beyond that make the saturation, not the data.
LARGE_SIGMA_W2 = 4.0
LARGE_INPUT = 5.0  # root mean square: at it a unit of weight is past tanh's and sigmoid's flat ends
# Behind an activation whose rms slope is less, weights would need a variance above 5 / fan-in: sigmoid's is
# 0.25 at most, ReLU's 0.71 at any scale.
STEEP_ENOUGH = 0.45
LARGE_GAIN = 5.0  # of a normalisation: as of an input
MOSTLY_FLAT = 0.5  # "most" of the values
# A layer of ReLU with half its units always silent still passes a gradient; with nine tenths it does not.
MOSTLY_SILENT = 0.9
PASSES_TOO_LITTLE = 0.8  # chi; 1 keeps the gradient

WEIGHTS = ("variance-preserving-initialisation", "layer-sequential-unit-variance", "default-initialisation")
OVER_A_GRAPH = "average-neighbours"
FLAT_SLOPE = "slope below 0.05, a twentieth of the gradient; 'most' is half of the values"
ON_THE_CRITICAL_LINE = "tanh's critical line at q* = 4 (Poole et al. 2016)"
KEEPS = "1 keeps the gradient, less loses it (Schoenholz et al. 2017)"
STEPS = "a step changes healthy weights by about 1e-3 (Karpathy, CS231n); a tenth is a hundred times that"


@dataclass(frozen=True, slots=True)
class Cause:
    """A sentence, the numbers that it rests on, what helps."""

    said: str
    evidence: tuple[Evidence, ...]
    remedies: tuple[str, ...]


def why_it_vanishes(readings: Readings, layers: Sequence[Layer], inputs: Sequence[float]) -> Cause:
    """What makes these layers lose the gradient; `inputs` is the rms of what goes into each."""
    if steps_are_large(layers):
        return by_steps("Steps too large put the units where they pass no gradient", layers, ())
    silent = median([layer.silent_share for layer in layers])
    if silent >= MOSTLY_SILENT:
        return _dead(layers, silent)
    flat = median([layer.flat_share for layer in layers])
    if is_bounded(layers[0].activation) and flat >= MOSTLY_FLAT:
        return why_it_saturates(readings, layers, flat)
    typical = math.sqrt(median([slope(*each) for each in zip(layers, inputs, strict=True)]))
    if typical < STEEP_ENOUGH:
        return _shallow(layers, typical)
    factor = median([chi(*each) for each in zip(layers, inputs, strict=True)])
    if factor < PASSES_TOO_LITTLE - _doubt(layers):
        return _weak(layers, factor, inputs)
    return Cause(
        "Neither the weights' variance nor flat or silent units account for it: what lies between the "
        "activations (a pooling, a scale, a product with small numbers) loses the gradient.",
        (),
        (
            "insert-normalisation",
            "layer-sequential-unit-variance",
            "replace-activation",
            "default-initialisation",
        ),
    )


def _doubt(layers: Sequence[Layer]) -> float:
    """Two standard errors of the layers' mean variance: in narrow layers it is estimated from few weights."""
    sizes = [layer.weight.size for layer in layers if layer.weight is not None]
    return 2 * math.sqrt(2 / sum(sizes)) if sizes else 0.0


def why_it_saturates(readings: Readings, layers: Sequence[Layer], flat: float) -> Cause:
    """What drives these layers onto their flat ends, on which they are with a share of `flat`."""
    share = Evidence(
        quantity="values on a flat end", measured=flat, threshold=MOSTLY_FLAT, unit="share", source=FLAT_SLOPE
    )
    begins = f"Units sit on the flat ends of {layers[0].activation.name} ({flat:.0%} of values)"
    given = readings.input.value.root_mean_square if readings.input else math.nan
    scale = median([sigma_w2(layer) for layer in layers])
    if given > LARGE_INPUT and _is_first(readings, layers[0]) and not scale > LARGE_SIGMA_W2:
        size = evidence_of("root mean square of the input", given, LARGE_INPUT, "unit scale is 1")
        return Cause(
            f"{begins} because the input is large: its root mean square is {given:.3g}.",
            (share, size),
            ("standardise-input", "insert-normalisation", "replace-activation"),
        )
    if hasty := made_by_steps(readings, layers):
        return by_steps(f"{begins}, where steps too large put them", hasty, (share,))
    if scale > LARGE_SIGMA_W2 and not has_normalisation(readings):
        size = evidence_of(
            "fan-in times the weights' mean square", scale, LARGE_SIGMA_W2, ON_THE_CRITICAL_LINE
        )
        said = f"{begins} because the weights are large: fan-in times their mean square is {scale:.3g}."
        return Cause(said, (share, size), (*WEIGHTS, "insert-normalisation"))
    gain = max(scales(readings), key=_size, default=None)
    if gain is not None and _size(gain) > LARGE_GAIN:
        size = evidence_of(
            f"root mean square of {gain.name}", _size(gain), LARGE_GAIN, "a normalisation starts at 1"
        )
        said = (
            f"{begins} because the gain of a normalisation is large: {gain.name} is about {_size(gain):.3g}."
        )
        return Cause(
            said, (share, size), ("default-initialisation", "insert-normalisation", "replace-activation")
        )
    said = (
        f"{begins}, though neither the weights nor the input are large: a factor or a bias between the "
        "weights and the activation puts them there, or training has driven them, as a penalty in the loss "
        "would."
    )
    remedies = (
        "replace-activation",
        "insert-normalisation",
        "default-initialisation",
        "regularise-activations",
    )
    return Cause(said, (share,), remedies)


def without_slope(last: Layer, behind: Layer) -> Cause:
    """Layers whose gradient is exactly 0 though their units fire: what comes after has no slope at all."""
    arrives = evidence_of(
        f"gradient at {last.sites[-1]}, while {behind.sites[0]} gets one", 0.0, 0.0, "exactly 0 is not small"
    )
    return Cause(
        f"No gradient gets from {behind.sites[0]} back to {last.sites[-1]}, though its units fire: an "
        "operation between them has a slope of 0 everywhere (round, sign, floor, a comparison), or detaches.",
        (arrives,),
        ("reattach-graph", "straight-through", "insert-normalisation"),
    )


def _dead(layers: Sequence[Layer], silent: float) -> Cause:
    source = "nine tenths of a layer's units silent leave it no gradient to speak of"
    return Cause(
        f"Dead units: in {_named(layers)} {silent:.0%} of the units fire on no example, and none of the "
        "gradient gets past them.",
        (
            Evidence(
                quantity="units that fire on no example",
                measured=silent,
                threshold=MOSTLY_SILENT,
                unit="share",
                source=source,
            ),
        ),
        ("revive-dead-units", "leaky-slope", "lower-learning-rate"),
    )


def _shallow(layers: Sequence[Layer], typical: float) -> Cause:
    name = layers[0].activation.name
    return Cause(
        f"The slope of {name} where its units sit: {typical:.2g} (root mean square), so each layer takes "
        "most of the gradient away, whatever usual weights it has.",
        (
            evidence_of(
                f"slope of {name} where units sit",
                typical,
                STEEP_ENOUGH,
                "below it fan-in times variance would have to exceed 5; He's is 2 (He et al. 2015)",
            ),
        ),
        ("replace-activation", "insert-normalisation", "layer-sequential-unit-variance"),
    )


def _weak(layers: Sequence[Layer], factor: float, inputs: Sequence[float]) -> Cause:
    scale = median([sigma_w2(layer) for layer in layers])
    wanted = 1 / median([slope(*each) for each in zip(layers, inputs, strict=True)])
    said = (
        f"The weights are too small for {layers[0].activation.name}: fan-in times their mean square is "
        f"{scale:.2g}, and {wanted:.2g} would keep the gradient."
    )
    size = evidence_of(
        "factor of a layer on the gradient's mean square (chi)", factor, PASSES_TOO_LITTLE, KEEPS
    )
    return Cause(said, (size,), (*WEIGHTS, "insert-normalisation"))


def in_first_steps(readings: Readings, layers: Sequence[Layer]) -> list[Layer]:
    """The same layers as they were in the first steps; none, if these were not seen apart."""
    names = {layer.name for layer in layers}
    first = layers_of(readings.opening) if readings.opening is not None else []
    return [layer for layer in first if layer.name in names]


def made_by_steps(readings: Readings, layers: Sequence[Layer]) -> Sequence[Layer]:
    """The layers, over all steps or as in the first, if steps made their weights; none, if they did not.

    Later, steps are small against the weights that the first have made.
    """
    if steps_are_large(layers):
        return layers
    begun = in_first_steps(readings, layers)
    return begun if update_ratio(begun) > FAST_UPDATE else []


def by_steps(said: str, layers: Sequence[Layer], evidence: tuple[Evidence, ...]) -> Cause:
    """Steps that changed these layers' weights by too much, after what they did."""
    ratio = update_ratio(layers)
    size = evidence_of("update of the weights over the weights, a step", ratio, LARGE_UPDATE, STEPS)
    return Cause(
        f"{said}: one changes the weights by {ratio:.0%}.",
        (*evidence, size),
        ("lower-learning-rate", "clip-gradients", "insert-normalisation"),
    )


def _size(parameter: ParameterReading) -> float:
    return parameter.weight_norm / math.sqrt(max(parameter.size, 1))


def evidence_of(quantity: str, measured: float, threshold: float, source: str) -> Evidence:
    """A number beside its threshold, and where that is from."""
    return Evidence(quantity=quantity, measured=measured, threshold=threshold, source=source)


def _is_first(readings: Readings, layer: Layer) -> bool:
    return bool(readings.sites) and layer.sites[0] == readings.sites[0]


def _named(layers: Sequence[Layer]) -> str:
    return str(layers[0].sites[0]) if len(layers) == 1 else f"{len(layers)} layers"
