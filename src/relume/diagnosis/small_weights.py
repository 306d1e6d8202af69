"""Weights drawn so small that the signal is lost in them, in few layers as in many."""

from collections.abc import Iterator, Sequence

from relume.diagnosis.causes import WEIGHTS
from relume.diagnosis.chain import Layer, has_normalisation, hidden_layers, sites_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.diagnosis.losses import course, stood_still
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Evidence, Finding, Readings

# Fan-in times the weights' mean square; nn.Linear's default is 1/3. Of trainings that work none begins below
# 0.15, but for networks of sines, whose frequency is within the activation: their loss does not stand still.
SMALLEST = 0.03
# What layers say, against what the network is given: no training that works has so little and stands still.
FAINT = 0.05
# Where layers say as much as this of it, and the loss falls, little weights have lost nothing: an adapter's
# second product begins at 0, and the next steps make it what it is to be.
LOUD = 0.3
MOSTLY_DEAD = 0.5  # of the units of a layer


def drawn_too_small(readings: Readings) -> Iterator[Finding]:
    """What shows it, if the loss stands still at first, or does not fall at all; where nothing is normalised.

    A normalisation brings the signal back to its size, however small the weights before it.
    """
    if has_normalisation(readings) or not (stood_still(readings.steps) or course(readings) == "flat"):
        return
    view = readings.opening or readings
    layers = hidden_layers(view)
    scale = median([sigma_w2(layer) for layer in layers])
    given = view.input.value.root_mean_square if view.input and view.input.examples else 0.0
    share = median([layer.value for layer in layers]) / given if given else 1.0
    is_loud = share > LOUD and course(readings) == "falls"
    if 0 < scale < SMALLEST and not is_loud:
        yield _of_scale(readings, layers, scale)
    if max((layer.silent_share for layer in layers), default=0.0) > MOSTLY_DEAD:
        return  # it is they that say nothing
    if 0 < share < FAINT and stood_still(readings.steps):
        yield _of_signal(readings, layers, share)


def _of_scale(readings: Readings, layers: Sequence[Layer], scale: float) -> Finding:
    evidence = Evidence(
        quantity="fan-in times the weights' mean square, median of the layers",
        measured=scale,
        threshold=SMALLEST,
        source="calibrated: trainings that work begin above 0.15; nn.Linear's default is 1/3",
    )
    cause = (
        f"The weights are too small for {layers[0].activation.name}: fan-in times their mean square is "
        f"{scale:.2g}, so each layer passes about {scale**0.5:.0%} of the signal and of the gradient."
    )
    return _finding(readings, layers, evidence, cause)


def _of_signal(readings: Readings, layers: Sequence[Layer], share: float) -> Finding:
    evidence = Evidence(
        quantity="root mean square of what the median layer says, over that of the input",
        measured=share,
        threshold=FAINT,
        source="calibrated: of trainings that work and stand still at first none is below 0.09",
    )
    cause = (
        f"The weights are too small, or ways past the layers are missing: behind them {share:.1%} of the "
        "input's size is left, and the gradient loses as much on its way back."
    )
    return _finding(readings, layers, evidence, cause)


def _finding(readings: Readings, layers: Sequence[Layer], evidence: Evidence, cause: str) -> Finding:
    return Finding(
        problem="vanishing-gradient",
        severity=severity_of(readings),
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=(evidence,),
        cause=cause,
        remedies=(*WEIGHTS, "insert-normalisation", "raise-learning-rate"),
    )
