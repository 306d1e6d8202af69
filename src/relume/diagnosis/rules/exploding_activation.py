"""The forward signal grows from layer to layer."""

import math
from collections.abc import Iterator
from itertools import islice

from relume.diagnosis.chain import Layer, examples_of, layers_of, sites_of, weights_of
from relume.diagnosis.growing import why_it_grows
from relume.diagnosis.large_values import LARGE_VALUE, large_from_the_start
from relume.diagnosis.learning import severity_of
from relume.diagnosis.rule import Rule
from relume.diagnosis.towers import towers
from relume.diagnosis.trend import (
    LARGEST_GROWTH,
    STEEP_GROWTH,
    growth_over_depth,
    is_too_much,
    mean_square_factor,
)
from relume.diagnosis.weights import growth as growth_by_weights
from relume.diagnosis.weights import median
from relume.types import Evidence, Finding, Readings

EXTREME_GROWTH = 1e6
EXAMPLES = 64  # as for gradients

SOURCE = (
    "three orders of magnitude, or two where each layer more than doubles it; He's initialisation keeps the "
    "signal (He et al. 2015)"
)


def find(readings: Readings) -> Iterator[Finding]:
    """At most one: over all, or as it began, where what came later is no number; or in few layers."""
    views = (view for view in (readings, readings.opening, *towers(readings)) if view is not None)
    grown = (found for view in views if (found := _growth(readings, view)) is not None)
    layers = [layer for layer in layers_of(readings.opening or readings) if _is_unbounded(layer)]
    yield from islice((*grown, *large_from_the_start(readings, layers)), 1)


def _growth(readings: Readings, view: Readings) -> Finding | None:
    if examples_of(view) < EXAMPLES:
        return None
    layers = [layer for layer in layers_of(view) if layer.value > 0 and _is_unbounded(layer)]
    growth = growth_over_depth([layer.value for layer in layers])
    if not is_too_much(growth, len(layers)):
        return None
    factor = median([growth_by_weights(layer) for layer in layers[1:]])
    measured = mean_square_factor(growth, len(layers))
    cause = why_it_grows(view, layers, factor, "signal", measured=measured)
    grown = Evidence(
        quantity=f"growth of the values' root mean square over {len(layers)} layers, from "
        f"{layers[0].sites[0]} ({layers[0].value:.1e}) to {layers[-1].sites[-1]} ({layers[-1].value:.1e})",
        measured=growth,
        threshold=LARGEST_GROWTH if growth > LARGEST_GROWTH else STEEP_GROWTH,
        source=SOURCE,
    )
    return Finding(
        problem="exploding-activation",
        severity=severity_of(readings, is_extreme=growth > EXTREME_GROWTH),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(grown, *cause.evidence),
        cause=cause.said,
        remedies=cause.remedies,
    )


def _is_unbounded(layer: Layer) -> bool:
    return not all(map(math.isfinite, layer.activation.range))


exploding_activation = Rule(
    name="exploding-activation",
    find=find,
    meaning="the forward signal grows by orders of magnitude with depth",
    formula="growth of the root mean square of unbounded activations from the first layer to the last, by "
    "the median slope over all pairs of layers or of the last third over the first: above "
    f"{LARGEST_GROWTH:g}; or values above {LARGE_VALUE:g} at first",
    needs_examples=EXAMPLES,
    citation="He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, section 2.2",
)
