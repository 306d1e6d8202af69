"""Weights drawn so small that each layer takes most of the error signal away, in few layers as in many."""

from collections.abc import Iterator

from relume.diagnosis.causes import WEIGHTS
from relume.diagnosis.chain import has_normalisation, hidden_layers, sites_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.diagnosis.losses import course, stood_still
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Evidence, Finding, Readings

# Fan-in times the weights' mean square; nn.Linear's default is 1/3. Of trainings that work none begins below
# 0.15, but for networks of sines, whose frequency is within the activation: their loss does not stand still.
SMALLEST = 0.03


def drawn_too_small(readings: Readings) -> Iterator[Finding]:
    """One finding, if the loss stands still at first, or does not fall at all; where nothing is normalised.

    A normalisation brings the signal back to its size, however small the weights before it.
    """
    if has_normalisation(readings):
        return
    view = readings.opening or readings
    layers = hidden_layers(view)
    scale = median([sigma_w2(layer) for layer in layers])
    if not 0 < scale < SMALLEST or not (stood_still(readings.steps) or course(readings) == "flat"):
        return
    yield Finding(
        problem="vanishing-gradient",
        severity=severity_of(readings),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(
            Evidence(
                quantity="fan-in times the weights' mean square, median of the layers",
                measured=scale,
                threshold=SMALLEST,
                source="calibrated: trainings that work begin above 0.15; nn.Linear's default is 1/3",
            ),
        ),
        cause=f"The weights are too small for {layers[0].activation.name}: fan-in times their mean square is "
        f"{scale:.2g}, so each layer passes about {scale**0.5:.0%} of the signal and of the gradient.",
        remedies=(*WEIGHTS, "insert-normalisation", "raise-learning-rate"),
    )
