"""The error signal grows on its way from the loss to the input."""

from collections.abc import Iterator

from relume.diagnosis.causes import why_it_grows
from relume.diagnosis.chain import examples_of, hidden_layers, sites_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.diagnosis.rule import Rule
from relume.diagnosis.trend import growth_over_depth
from relume.diagnosis.weights import chi, inputs_of, median
from relume.types import Evidence, Finding, Readings

# Three orders of magnitude, as for the gradient that vanishes. Fifty plain layers of ReLU behind batch
# normalisation reach 1.4e4; fifty of tanh by He's rule 8; AUTOTRAINER warns from 70, for weights' gradients.
LARGEST_GROWTH = 1e3
EXTREME_GROWTH = 1e6
EXAMPLES = 64  # as for the gradient that vanishes

SOURCE = "three orders of magnitude; tanh by He's rule grows 8 times in 50 layers (mean-field theory)"


def find(readings: Readings) -> Iterator[Finding]:
    """At most one."""
    if examples_of(readings) < EXAMPLES:
        return
    layers = [layer for layer in hidden_layers(readings) if layer.gradient > 0]
    growth = growth_over_depth([layer.gradient for layer in reversed(layers)])
    if not growth > LARGEST_GROWTH:
        return
    given = readings.input.value.root_mean_square if readings.input else 1.0
    factors = [chi(*each) for each in zip(layers, inputs_of(layers, given), strict=True)]
    cause = why_it_grows(readings, layers, median(factors[1:]), "gradient")
    grown = Evidence(
        quantity=f"growth of the gradient over {len(layers)} layers, from {layers[-1].sites[-1]} "
        f"({layers[-1].gradient:.1e}) to {layers[0].sites[0]} ({layers[0].gradient:.1e})",
        measured=growth,
        threshold=LARGEST_GROWTH,
        source=SOURCE,
    )
    yield Finding(
        problem="exploding-gradient",
        severity=severity_of(readings, is_extreme=growth > EXTREME_GROWTH),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(grown, *cause.evidence),
        cause=cause.said,
        remedies=cause.remedies,
    )


exploding_gradient = Rule(
    name="exploding-gradient",
    find=find,
    meaning="the error signal grows by orders of magnitude towards the input",
    formula="growth of the gradient's norm from the last layer to the first, by the median slope over all "
    f"pairs of layers or of the first third over the last: above {LARGEST_GROWTH:g}",
    needs_examples=EXAMPLES,
    citation="Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks; "
    "Schoenholz et al. (2017), Deep information propagation",
)
