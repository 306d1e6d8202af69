"""The error signal fades on its way from the loss to the input."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from relume.diagnosis.causes import MOSTLY_SILENT, Cause, why_it_vanishes, without_slope
from relume.diagnosis.chain import (
    FEWEST_CALLS,
    Layer,
    examples_of,
    gradients_by_call,
    has_normalisation,
    hidden_layers,
    sites_of,
    unrolled,
    weights_of,
)
from relume.diagnosis.learning import NO_UPDATE, loss_falls, severity_of, update_ratio
from relume.diagnosis.losses import stood_still
from relume.diagnosis.rule import Rule
from relume.diagnosis.weights import inputs_of
from relume.types import Evidence, Finding, ParameterReading, Readings, Severity

# Three orders of magnitude, to which AUTOTRAINER (Zhang et al. 2021) holds the first layer's over the last's.
# Twenty layers of tanh by Xavier's rule keep 0.19, of ReLU by He's 1, of ReLU by nn.Linear's default 1.7e-8.
LEAST_RATIO = 1e-3
# With it, Adam's own epsilon (1e-8) outweighs a gradient that is usual (1e-2) behind the last layer.
EXTREME_RATIO = 1e-6
HEALED_RATIO = 1e-2  # ten times what counts as lost: a signal that hovers about the threshold has not healed
EXAMPLES = 64  # a batch over which random networks were within 30 % of mean-field theory, 10 seeds of 10
SHARE_OF_WORST = 0.5  # layers that lose at least half as much as the worst, in orders, are to blame with it

PASCANU = "over time as with depth (Pascanu et al. 2013): AUTOTRAINER's threshold"
AUTOTRAINER = "AUTOTRAINER (Zhang et al. 2021)"
MILLION_STEPS = "a weight then needs a million steps to change by its own size"


def find(readings: Readings) -> Iterator[Finding]:
    """A graph that is cut, or else layers that lose the signal with depth, or over time."""
    if examples_of(readings) < EXAMPLES:
        return
    layers = hidden_layers(readings)
    cut = _cut_off(layers)
    if cut:
        yield _cut_finding(readings, layers, cut)
        return
    yield from (found for layer in unrolled(layers) if (found := _over_time(readings, layer)))
    faded = [fading for fading in map(_fading, _views(readings)) if fading is not None]
    if faded:
        # What it comes from shows first; but what nothing accounts for then may be plain later.
        causes = [_cause(fading) for fading in faded]
        cause = next((cause for cause in causes if cause.evidence), causes[0])
        severity = _severity(readings, faded[0])
        if severity != "info" or faded[0].view is not readings.opening:  # what healed at once harmed nothing
            yield _finding(faded[0], severity, cause)


def _views(readings: Readings) -> Iterator[Readings]:
    """What is looked at for it, the first that shows it: as it began, as it came to, all of it."""
    yield from (view for view in (readings.opening, readings.closing) if view is not None)
    yield readings


@dataclass(frozen=True, slots=True)
class _Fading:
    """Layers that lose the signal, in the steps that were looked at."""

    view: Readings
    layers: Sequence[Layer]
    faded: Sequence[Layer]
    reaching: Sequence[float]  # the largest gradient at each layer or any before it

    @property
    def strongest(self) -> Layer:
        return max(self.layers, key=lambda layer: layer.gradient)

    @property
    def ratio(self) -> float:
        return self.reaching[0] / self.strongest.gradient


def _fading(view: Readings, least_ratio: float = LEAST_RATIO) -> _Fading | None:
    layers = [layer for layer in hidden_layers(view) if not math.isnan(layer.gradient)]
    if examples_of(view) < EXAMPLES or len(layers) < 2 or _may_go_around(view):
        return None
    reaching = _reaching(view, layers)
    strongest = max(layer.gradient for layer in layers)
    reached = zip(layers, reaching, strict=True)
    faded = [layer for layer, signal in reached if signal < least_ratio * strongest]
    return _Fading(view, layers, faded, reaching) if faded and strongest > 0 else None


def _severity(readings: Readings, fading: _Fading) -> Severity:
    """An error if learning is broken; where it healed, a warning if the loss stood still meanwhile."""
    if fading.view is readings.opening and not _lasts(readings):
        return "warning" if stood_still(readings.steps) else "info"
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

    That of weights is a product of it with what went in: so it is their gradient over the norm of an example.
    """
    given = readings.input
    size = 1.0
    if given and given.examples and given.value.sum_of_squares.sum() > 0:
        size = math.sqrt(float(given.value.sum_of_squares.sum()) / given.examples)
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
    if ahead and max(layer.silent_share for layer in layers) < MOSTLY_SILENT:
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
        threshold=LEAST_RATIO,
        source=AUTOTRAINER,
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


def _over_time(readings: Readings, layer: Layer) -> Finding | None:
    """A recurrence whose first calls get no signal: it cannot learn from what came long ago."""
    by_call = [gradient for gradient in gradients_by_call(layer) if not math.isnan(gradient)]
    if len(by_call) < FEWEST_CALLS:
        return None
    early, most = max(by_call[: len(by_call) // 3]), max(by_call)
    if not early < LEAST_RATIO * most:
        return None
    cause = why_it_vanishes(readings, [layer], [layer.value])
    fall = Evidence(
        quantity=f"gradient at the first third of {len(by_call)} calls of {layer.name} ({early:.1e}) over "
        f"the largest at any ({most:.1e})",
        measured=early / most,
        threshold=LEAST_RATIO,
        source=PASCANU,
    )
    # What was long ago need not matter: a loss that falls says that it does not, as far as one can tell.
    return Finding(
        problem="vanishing-gradient",
        severity="info" if loss_falls(readings) else severity_of(readings, is_extreme=True),
        sites=layer.sites,
        parameters=weights_of([layer]),
        evidence=(fall, *cause.evidence),
        cause=f"Over time, not depth. {cause.said}",
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


def _cut_off(layers: Sequence[Layer]) -> list[Layer]:
    """The first layers, if no gradient ever came to them though their weights would take one."""
    cut: list[Layer] = []
    for layer in layers:
        if not math.isnan(layer.gradient):
            return cut if all(_could_learn(each) for each in cut) else []
        cut.append(layer)
    return []


def _could_learn(layer: Layer) -> bool:
    # Frozen weights are never looked at; they would have neither.
    return layer.weight is not None and layer.weight.unused > 0 and not layer.weight.is_used


def _cut_finding(readings: Readings, layers: Sequence[Layer], cut: Sequence[Layer]) -> Finding:
    behind = layers[len(cut)]
    steps = max(layer.weight.unused for layer in cut if layer.weight)
    return Finding(
        problem="vanishing-gradient",
        severity=severity_of(readings),
        sites=sites_of(cut),
        parameters=weights_of(cut),
        evidence=(
            Evidence(
                quantity=f"steps on which no gradient came to {', '.join(weights_of(cut)[:2])}",
                measured=float(steps),
                threshold=0.0,
                unit="steps",
                source="weights that take a gradient get one in every step",
            ),
        ),
        cause=f"The graph is cut between {cut[-1].sites[-1]} and {behind.sites[0]}: a detach(), "
        "torch.no_grad() or item() there. If that is meant, give the layers before it requires_grad_(False).",
        remedies=("reattach-graph",),
    )


vanishing_gradient = Rule(
    name="vanishing-gradient",
    find=find,
    meaning="the error signal shrinks by orders of magnitude towards the input",
    formula="norm of the gradient at the first layer, or at any weights before it, over the largest norm at "
    f"any layer: below {LEAST_RATIO:g}; or no gradient at all at the first layers, though they could learn",
    needs_examples=EXAMPLES,
    citation="Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural "
    "networks; threshold of Zhang et al. (2021), AUTOTRAINER",
)
