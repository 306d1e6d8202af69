"""Rectifiers that are driven towards silence while they are watched, though each still fires at times."""

from collections.abc import Iterator

from relume.diagnosis.chain import Layer, hidden_layers, rectifies, sites_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.types import Evidence, Finding, Readings

COLLAPSED = 0.1  # of what it said at the start: of trainings that work no layer falls below 0.23


def driven_silent(readings: Readings) -> Iterator[Finding]:
    """One finding for the layers whose values have fallen to a tenth of what they were in the first steps."""
    if readings.opening is None or readings.closing is None:
        return
    first = {layer.name: layer for layer in hidden_layers(readings.opening) if _is_rectified(layer)}
    last = [layer for layer in hidden_layers(readings.closing) if layer.name in first]
    layers = [layer for layer in last if layer.value < COLLAPSED * first[layer.name].value]
    if not layers:
        return
    worst = min(layers, key=lambda layer: layer.value / first[layer.name].value)
    share = worst.value / first[worst.name].value
    yield Finding(
        problem="dead-units",
        severity=severity_of(readings),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(
            Evidence(
                quantity=f"root mean square at {worst.sites[0]} in the last steps, over that in the first",
                measured=share,
                threshold=COLLAPSED,
                source="calibrated: no layer of a training that works falls below 0.23",
            ),
        ),
        cause=f"Driven towards silence: {worst.sites[0]} says {share:.1%} of what it said at the start. A "
        "penalty on activations or weights in the loss, or weight decay, outweighs what is to be learnt; or "
        "steps are too large.",
        remedies=("usual-optimiser-settings", "lower-learning-rate", "insert-normalisation", "leaky-slope"),
    )


def _is_rectified(layer: Layer) -> bool:
    return layer.value > 0 and all(map(rectifies, layer.sites))
