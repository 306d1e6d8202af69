"""The error signal grows on its way from the loss to the input."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from relume.diagnosis.causes import Cause
from relume.diagnosis.chain import (
    Layer,
    examples_of,
    gradients_by_call,
    hidden_layers,
    sites_of,
    unrolled,
    weights_of,
)
from relume.diagnosis.growing import why_it_grows, why_it_grows_over_time
from relume.diagnosis.learning import severity_of
from relume.diagnosis.losses import has_recovered
from relume.diagnosis.rule import Rule
from relume.diagnosis.towers import is_taken_up_again, towers
from relume.diagnosis.trend import (
    LARGEST_GROWTH,
    STEEP_GROWTH,
    growth_over_depth,
    is_too_much,
    mean_square_factor,
)
from relume.diagnosis.unseen_layers import LARGE_GRADIENT, exploding_unseen
from relume.diagnosis.weights import chi, inputs_of, median
from relume.types import Evidence, Finding, Readings

EXTREME_GROWTH = 1e6
HARMLESS_GROWTH = 1e4  # where the loss has come down to a quarter all the same
FEWEST = 4  # layers for a steep growth: three may be two networks, of which one's weights are small
EXAMPLES = 64  # as for the gradient that vanishes

SOURCE = (
    "three orders of magnitude, or two where each layer more than doubles it; tanh by He's rule grows 8 "
    "times in 50 layers (mean-field theory)"
)


def find(readings: Readings) -> Iterator[Finding]:
    """At most one over the depth, and one for each recurrence over time."""
    whole = () if is_taken_up_again(readings) else (readings, readings.opening)
    views = (view for view in (*whole, *towers(readings)) if view is not None)
    found = (finding for view in views if (finding := _over_depth(readings, view)) is not None)
    yield from islice((*found, *exploding_unseen(readings)), 1)
    if examples_of(readings) < EXAMPLES:
        return
    layers = [layer for layer in hidden_layers(readings) if layer.gradient > 0]
    for layer in unrolled(layers):
        growth = growth_over_depth(gradients_by_call(layer)[::-1])
        if growth > LARGEST_GROWTH:
            calls = len(layer.readings)
            cause = why_it_grows_over_time(_at_its_fastest(readings, layer), growth ** (1 / (calls - 1)))
            yield _finding(readings, [layer], growth, f"back over {calls} calls of {layer.name}", cause)


def _over_depth(readings: Readings, view: Readings) -> Finding | None:
    if examples_of(view) < EXAMPLES:
        return None
    layers = [layer for layer in hidden_layers(view) if layer.gradient > 0]
    growth = growth_over_depth([layer.gradient for layer in reversed(layers)])
    if not is_too_much(growth, len(layers), fewest=FEWEST):
        return None
    if growth < HARMLESS_GROWTH and has_recovered(readings.steps):
        return None
    given = view.input.value.root_mean_square if view.input else 1.0
    factors = [chi(*each) for each in zip(layers, inputs_of(layers, given), strict=True)]
    measured = mean_square_factor(growth, len(layers))
    cause = why_it_grows(view, layers, median(factors[1:]), "gradient", measured=measured)
    over = f"over {len(layers)} layers, from {_at(layers[-1])} to {_at(layers[0])}"
    return _finding(readings, layers, growth, over, cause)


def _at_its_fastest(readings: Readings, layer: Layer) -> Layer:
    """A layer with its weights' updates as they were at first, if those were the larger ones."""
    first = readings.opening.parameters.get(f"{layer.name}.weight") if readings.opening else None
    if first is None or layer.weight is None or not first.update_ratio > layer.weight.update_ratio:
        return layer
    return replace(layer, weight=first)


def _finding(readings: Readings, layers: Sequence[Layer], growth: float, over: str, cause: Cause) -> Finding:
    grown = Evidence(
        quantity=f"growth of the gradient {over}",
        measured=growth,
        threshold=LARGEST_GROWTH if growth > LARGEST_GROWTH else STEEP_GROWTH,
        source=SOURCE,
    )
    return Finding(
        problem="exploding-gradient",
        severity=severity_of(readings, is_extreme=growth > EXTREME_GROWTH),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(grown, *cause.evidence),
        cause=cause.said,
        remedies=cause.remedies,
    )


def _at(layer: Layer) -> str:
    return f"{layer.sites[0]} ({layer.gradient:.1e})"


exploding_gradient = Rule(
    name="exploding-gradient",
    find=find,
    meaning="the error signal grows by orders of magnitude towards the input",
    formula="growth of the gradient's norm from the last layer to the first, by the median slope over all "
    f"pairs of layers or of the first third over the last: above {LARGEST_GROWTH:g}; where no activation is "
    f"known, the gradient of weights over themselves: above {LARGE_GRADIENT:g}",
    needs_examples=EXAMPLES,
    citation="Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks; "
    "Schoenholz et al. (2017), Deep information propagation",
)
