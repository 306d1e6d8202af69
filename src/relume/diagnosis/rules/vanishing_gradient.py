"""The error signal fades on its way from the loss to the input."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, islice, pairwise

from relume.diagnosis.causes import MOSTLY_SILENT, Cause, why_it_vanishes, without_slope
from relume.diagnosis.chain import (
    Layer,
    examples_of,
    has_normalisation,
    hidden_layers,
    sites_of,
    weights_of,
)
from relume.diagnosis.cuts import cut_off
from relume.diagnosis.learning import NO_UPDATE, severity_of, update_ratio
from relume.diagnosis.losses import stood_still
from relume.diagnosis.over_time import LEAST_RATIO as OVER_TIME
from relume.diagnosis.over_time import fading_over_time
from relume.diagnosis.rule import Rule
from relume.diagnosis.small_weights import FAINT, SMALLEST, drawn_too_small
from relume.diagnosis.towers import towers
from relume.diagnosis.unseen_layers import fading_unseen
from relume.diagnosis.weights import inputs_of
from relume.types import Evidence, Finding, ParameterReading, Readings, Severity

# Three orders of magnitude, to which AUTOTRAINER (Zhang et al. 2021) holds the first layer's over the last's.
# Twenty layers of tanh by Xavier's rule keep 0.19, of ReLU by He's 1, of ReLU by nn.Linear's default 1.7e-8.
LEAST_RATIO = 1e-3
# At the start. What has lost so much may come back: Adam's steps do not depend on the gradient's size. But no
# training that works begins below 4e-3. Two orders, where the signal shrinks to a seventh too.
OPENING_RATIO = 2.5e-3
SHRUNK_RATIO, SHRUNK = 1e-2, 0.15
# Or where nearly each of five layers or more loses a third: sigmoids lose three quarters each. No training
# that works begins so below 0.044.
STEADY_RATIO, STEADY_LAYERS, STEADY_LOSS, STEADY_SHARE = 0.03, 5, 1.5, 0.8
# Fewer will do, where the loss stands still at first: trainings that work then keep 0.04, at half their rate.
FEWER_LAYERS, STILL_RATIO = 4, 0.035
FEWER_RATIO = 0.012  # of four, as of sigmoids, whatever the loss does: no training that works is below 0.026
# With it, Adam's own epsilon (1e-8) outweighs a gradient that is usual (1e-2) behind the last layer.
EXTREME_RATIO = 1e-6
HEALED_RATIO = 1e-2  # ten times what counts as lost: a signal that hovers about the threshold has not healed
EXAMPLES = 64  # a batch over which random networks were within 30 % of mean-field theory, 10 seeds of 10
SHARE_OF_WORST = 0.5  # layers that lose at least half as much as the worst, in orders, are to blame with it

AUTOTRAINER = "AUTOTRAINER (Zhang et al. 2021)"
CALIBRATED = "calibrated, where the signal shrinks to a seventh too, or layer after layer loses a third"
SOURCES = {LEAST_RATIO: AUTOTRAINER, OPENING_RATIO: "calibrated: no training that works begins below 4e-3"}
MILLION_STEPS = "a weight then needs a million steps to change by its own size"


def find(readings: Readings) -> Iterator[Finding]:
    """A graph that is cut, or else layers that lose the signal with depth, or over time."""
    if examples_of(readings) < EXAMPLES:
        return
    cut = cut_off(readings)
    if cut is not None:
        yield cut
        return
    yield from fading_over_time(readings)
    alone = ([*filter(None, _views(part))] for part in (readings, *towers(readings)))
    faded = next(filter(None, alone), [])
    if not faded:
        yield from islice((*fading_unseen(readings), *drawn_too_small(readings)), 1)
    else:
        # What it comes from shows first; but what nothing accounts for then may be plain later.
        causes = [_cause(fading) for fading in faded]
        cause = next((cause for cause in causes if cause.evidence), causes[0])
        yield _finding(faded[0], _severity(readings, faded[0]), cause)


def _views(readings: Readings) -> Iterator["_Fading | None"]:
    """What is looked at for it, the first that shows it: as it began, as it came to, all of it."""
    if readings.opening is not None:
        opening = readings.opening
        shrunk = SHRUNK_RATIO if _shrinks(opening) else LEAST_RATIO
        plain = _fading(opening, shrunk) or _fading(opening, OPENING_RATIO)
        yield plain or _fading_steadily(opening, is_still=stood_still(readings.steps))
    yield from (_fading(view) for view in (readings.closing, readings) if view is not None)


def _fading_steadily(opening: Readings, *, is_still: bool) -> "_Fading | None":
    """Where nearly each layer loses a third: less has to be lost in all, the more layers there are."""
    if _is_steady(opening, STEADY_LAYERS) and not is_still:
        return _fading(opening, STEADY_RATIO)
    ratio = STILL_RATIO if is_still else FEWER_RATIO
    return _fading(opening, ratio) if _is_steady(opening, FEWER_LAYERS) else None


def _is_steady(view: Readings, fewest: int) -> bool:
    """Whether nearly every layer takes its part of the gradient, so that more layers would leave none."""
    gradients = [layer.gradient for layer in hidden_layers(view) if layer.gradient > 0]
    losing = sum(behind > STEADY_LOSS * before for before, behind in pairwise(gradients))
    return len(gradients) >= fewest and losing >= STEADY_SHARE * (len(gradients) - 1)


def _shrinks(view: Readings) -> bool:
    layers = hidden_layers(view)
    return len(layers) > 1 and layers[-1].value < SHRUNK * layers[0].value


@dataclass(frozen=True, slots=True)
class _Fading:
    """Layers that lose the signal, in the steps that were looked at."""

    view: Readings
    layers: Sequence[Layer]
    faded: Sequence[Layer]
    reaching: Sequence[float]  # the largest gradient at each layer or any before it
    least_ratio: float  # below which it is lost

    @property
    def strongest(self) -> Layer:
        return max(self.layers, key=lambda layer: layer.gradient)

    @property
    def ratio(self) -> float:
        return self.reaching[0] / self.strongest.gradient


def _fading(view: Readings, least_ratio: float = LEAST_RATIO) -> _Fading | None:
    # Before what no layer feeds, and no gradient comes to, there is nothing that could learn.
    fed = dropwhile(lambda layer: layer.gradient == 0 and not layer.sites[0].fed_by, hidden_layers(view))
    layers = [layer for layer in fed if not math.isnan(layer.gradient)]
    if examples_of(view) < EXAMPLES or len(layers) < 2 or _may_go_around(view):
        return None
    reaching = _reaching(view, layers)
    strongest = max(layer.gradient for layer in layers)
    reached = zip(layers, reaching, strict=True)
    faded = [layer for layer, signal in reached if signal < least_ratio * strongest]
    return _Fading(view, layers, faded, reaching, least_ratio) if faded and strongest > 0 else None


def _severity(readings: Readings, fading: _Fading) -> Severity:
    """An error if learning is broken; a warning where it healed after some steps."""
    if fading.view is readings.opening and not _lasts(readings):
        return "warning"
    is_stuck = update_ratio(fading.faded) < NO_UPDATE
    return severity_of(readings, is_stuck=is_stuck, is_extreme=fading.ratio < EXTREME_RATIO)


def _lasts(readings: Readings) -> bool:
    """Whether it is still there at the end, nearly; over all, where the end was not seen apart."""
    last = readings if readings.closing is None else readings.closing
    return _fading(last, HEALED_RATIO) is not None


def _may_go_around(readings: Readings) -> bool:
    """Whether all layers may be branches of a trunk: normalised, and no step told of the weights before."""
    return has_normalisation(readings) and not any(p.is_used for p in readings.parameters.values())


def _reaching(readings: Readings, layers: Sequence[Layer]) -> list[float]:
    """The largest gradient at a layer or at any before it, by layer.

    What reaches a layer further back has got past this one, by a way around it: a branch of a residual
    network has little gradient within, and none is lost. The first weights tell of a trunk without sites.
    """
    signal, reached = _behind_first_weights(readings, layers[0]), []
    for layer in layers:
        signal = max(signal, layer.gradient)
        reached.append(signal)
    return reached


def _behind_first_weights(readings: Readings, first: Layer) -> float:
    """The least gradient there must be behind the weights up to the first layer's, those included.

    That of weights is a product of it with what went in: so it is at least their gradient over the norm of
    a batch (Cauchy and Schwarz).
    """
    given = readings.input
    size = 1.0
    if given and given.examples and given.value.sum_of_squares.sum() > 0:
        size = math.sqrt(float(given.value.sum_of_squares.sum()) / max(len(readings.steps), 1))
    largest = 0.0
    for parameter in _up_to(readings, first):
        if len(parameter.shape) > 1 and parameter.measured:
            largest = max(largest, parameter.gradient_norm / size)
    return largest


def _up_to(readings: Readings, first: Layer) -> Iterator[ParameterReading]:
    if first.weight is None:
        return
    for parameter in readings.parameters.values():
        yield parameter
        if parameter.name == first.weight.name:
            return


def _cause(fading: _Fading) -> Cause:
    view, layers, most = fading.view, fading.layers, fading.strongest
    ahead = [layer for layer in fading.faded if layer.gradient == 0]
    passing = max((max(layer.silent_share, layer.flat_share) for layer in layers), default=0.0)
    if ahead and passing < MOSTLY_SILENT:
        return without_slope(ahead[-1], layers[layers.index(ahead[-1]) + 1])
    given = view.input.value.root_mean_square if view.input else 1.0
    blamed = _blamed(layers[: layers.index(most) + 1], fading.reaching)
    entering = dict(zip((layer.name for layer in layers), inputs_of(layers, given), strict=True))
    return why_it_vanishes(view, blamed, [entering[layer.name] for layer in blamed])


def _finding(fading: _Fading, severity: Severity, cause: Cause) -> Finding:
    layers, reaching = fading.layers, fading.reaching
    least, most = layers[0], fading.strongest
    fall = Evidence(
        quantity=f"gradient at {least.sites[0]} ({reaching[0]:.1e}) over that at {most.sites[-1]} "
        f"({most.gradient:.1e})",
        measured=fading.ratio,
        threshold=fading.least_ratio,
        source=SOURCES.get(fading.least_ratio, CALIBRATED),
    )
    return Finding(
        problem="vanishing-gradient",
        severity=severity,
        sites=sites_of(fading.faded),
        parameters=weights_of(fading.faded),
        evidence=(fall, *cause.evidence, *_still(update_ratio(fading.faded))),
        cause=cause.said,
        remedies=cause.remedies,
    )


def _blamed(layers: Sequence[Layer], reaching: Sequence[float]) -> list[Layer]:
    """The layers in which most is lost: the gradient goes through a layer's activation to the one before."""
    lost = [_orders(before, after) for before, after in pairwise(reaching)]
    least = SHARE_OF_WORST * max(lost[: len(layers) - 1])
    return [layer for layer, loss in zip(layers[1:], lost, strict=False) if loss >= least]


def _orders(before: float, after: float) -> float:
    if after == 0:
        return 0.0
    return math.log(after / before) if before > 0 else math.inf


def _still(moved: float) -> tuple[Evidence, ...]:
    if not moved < NO_UPDATE:
        return ()
    quantity = "update of these layers' weights over the weights, a step"
    return (Evidence(quantity=quantity, measured=moved, threshold=NO_UPDATE, source=MILLION_STEPS),)


vanishing_gradient = Rule(
    name="vanishing-gradient",
    find=find,
    meaning="the error signal shrinks by orders of magnitude towards the input",
    formula="norm of the gradient at the first layer, or at any weights before it, over the largest norm at "
    f"any layer: below {LEAST_RATIO:g}; at the start below {OPENING_RATIO:g}, or {SHRUNK_RATIO:g} where the "
    f"signal shrinks too, or {STEADY_RATIO:g} where nearly each of {STEADY_LAYERS} layers or more loses a "
    f"third ({FEWER_RATIO:g} of {FEWER_LAYERS}, {STILL_RATIO:g} where the loss stands still); the same over "
    f"the calls of a recurrence, below {OVER_TIME:g} where the loss does not fall; of the weights where no "
    f"activation is known; fan-in times the weights' mean square below {SMALLEST:g}, or what the median "
    f"layer says below {FAINT:g} of the input, where the loss stands still and nothing is normalised; or no "
    "gradient at all at the first layers, though they could learn",
    needs_examples=EXAMPLES,
    citation="Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural "
    "networks; threshold of Zhang et al. (2021), AUTOTRAINER",
)
