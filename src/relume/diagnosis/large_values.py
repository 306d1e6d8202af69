"""Hidden values that are large from the first steps on, in few layers as in many."""

from collections.abc import Iterator

from relume.diagnosis.causes import OVER_A_GRAPH, WEIGHTS
from relume.diagnosis.chain import Layer, examples_of, sites_of, unrolled, weights_of
from relume.diagnosis.feeding import is_matrix
from relume.diagnosis.learning import LARGE_UPDATE, severity_of
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Evidence, Finding, Readings

# Trainings that work begin with hidden values of 4 in size at most; weights of a variance of 6 / fan-in occur
# where values are small. Two layers have no trend over depth, and can be drawn as wrong as twenty.
LARGE_VALUE, LARGE_VARIANCE = 10.0, 4.0
EXTREME_VALUE = 1e6
EXAMPLES = 64
NORMALISE = "insert-normalisation"


def large_from_the_start(readings: Readings, layers: list[Layer]) -> Iterator[Finding]:
    """At most one: `layers` are those of unbounded activations, as they began."""
    view = readings.opening or readings
    large = [layer for layer in layers if layer.value > LARGE_VALUE]
    if not large or examples_of(view) < EXAMPLES or _is_of_steps_or_input(view):
        return
    largest = max(large, key=lambda layer: layer.value)
    scale = median([sigma_w2(layer) for layer in layers])
    if scale > LARGE_VARIANCE:
        yield _finding(readings, large, largest, *_by_weights(largest, scale))
    elif not unrolled(layers):  # over time it is the gradient's own finding
        cause = (
            "Depth without normalisation: the weights are of usual size, but what the layers add up or "
            f"multiply is not scaled back. Values at {largest.sites[-1]} are about {largest.value:.3g}."
        )
        yield _finding(
            readings, large, largest, cause, (), (NORMALISE, *WEIGHTS, "clip-gradients", OVER_A_GRAPH)
        )


def _is_of_steps_or_input(view: Readings) -> bool:
    """Whether steps have made them so already, or the input is as large."""
    given = view.input.value.root_mean_square if view.input else 1.0
    weights = (
        p for p in view.parameters.values() if is_matrix(p)
    )  # embeddings too, which feed no activation
    return given > LARGE_VALUE or any(weight.update_ratio > LARGE_UPDATE for weight in weights)


def _by_weights(largest: Layer, scale: float) -> tuple[str, tuple[Evidence, ...], tuple[str, ...]]:
    size = Evidence(
        quantity="fan-in times the weights' mean square, median of the layers",
        measured=scale,
        threshold=LARGE_VARIANCE,
        source="He's is 2 (He et al. 2015)",
    )
    cause = (
        f"The weights are too large: fan-in times their mean square is {scale:.3g}, where 2 keeps a signal. "
        f"So values at {largest.sites[-1]} are about {largest.value:.3g} in size from the start on."
    )
    return cause, (size,), (*WEIGHTS, NORMALISE, "clip-gradients")


def _finding(
    readings: Readings,
    large: list[Layer],
    largest: Layer,
    cause: str,
    evidence: tuple[Evidence, ...],
    remedies: tuple[str, ...],
) -> Finding:
    values = Evidence(
        quantity=f"root mean square of the values at {largest.sites[-1]}, at first",
        measured=largest.value,
        threshold=LARGE_VALUE,
        source="calibrated: trainings that work begin below 4",
    )
    return Finding(
        problem="exploding-activation",
        severity=severity_of(readings, is_extreme=largest.value > EXTREME_VALUE),
        sites=sites_of(large),
        parameters=weights_of(large),
        evidence=(values, *evidence),
        cause=cause,
        remedies=remedies,
    )
