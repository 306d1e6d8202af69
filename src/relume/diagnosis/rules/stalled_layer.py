"""A layer that could learn and does not, while others do."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from relume.diagnosis.causes import WEIGHTS
from relume.diagnosis.feeding import feeding_weight, is_matrix, is_silent, rectifiers
from relume.diagnosis.losses import course, stood_still
from relume.diagnosis.rule import Rule
from relume.diagnosis.weights import scale_of
from relume.types import Evidence, Finding, ParameterReading, Readings, Severity

STANDSTILL = 1e-7  # a float32 weight changes by 6e-8 of itself at least
FAR_BELOW = 1e-4  # of the median layer; layer-wise decay of learning rates ends above 1e-3
# Where all have one learning rate. Trainings that work come down to 3.6e-3, in a cell; tables whose rows are
# rarely met to 0.02.
BELOW_AT_ONE_RATE = 1e-3
LARGE = 10.0  # fan-in times the mean square: five times He's
# Behind weights that begin at 0 there is no gradient at the first step, on purpose.
MINIMUM_MEASURED = 2
# Of the gradient over the weights, against the median layer: below, it is the gradient that is missing.
MISSING_GRADIENT = 1e-3
# Of the weights that could learn: a pooler or a head for another loss, which nothing uses, is less.
LARGE_PART = 0.25
# Of the greatest learning rate. So low a one is usual where a network is tuned that has learned, and does not
# stand still.
SLOWED = 1e-3
FAR_SLOWED = 3e-4  # however the loss goes: of trainings that work none is below 1e-2
ERRORS = 2.5  # standard errors of the size of weights as torch draws them
ROUNDING = "float32 rounds at 6e-8: a smaller update changes nothing"
OF_THE_MEDIAN = "1e-4 of the median layer that learns; 1e-3, where all have one learning rate"
UNCUT = ("reattach-graph", "straight-through")
TRAIN = "train-every-layer"
Said = tuple[Severity, str, tuple[str, ...]]


class _Updates(NamedTuple):
    """Relative updates: of the median layer that learns, and the share of it below which one stalls."""

    usual: float
    share: float

    @property
    def least(self) -> float:
        return max(STANDSTILL, self.share * self.usual)

    @property
    def is_rounding(self) -> bool:
        return self.share * self.usual < STANDSTILL


def find(readings: Readings) -> Iterator[Finding]:
    """A finding for the layers that no loss uses, without gradient, and with gradient but without update."""
    layers = [p for p in readings.parameters.values() if is_matrix(p)]
    learners = [p for p in layers if p.measured and p.update_ratio >= STANDSTILL]
    if not learners:
        return
    usual = float(np.median([p.update_ratio for p in learners]))
    is_one_rate = len({p.learning_rate for p in layers if p.measured}) == 1
    updates = _Updates(usual, BELOW_AT_ONE_RATE if is_one_rate else FAR_BELOW)
    unused = [p for p in layers if p.unused and not p.measured]  # frozen ones are not looked at at all
    if unused:
        is_first = layers[: len(unused)] == unused
        is_needed = is_first or (
            _are_large_part(unused, layers)
            and (_are_before_learners(unused, layers) or _are_computed(readings, unused))
        )
        yield _finding(readings, unused, updates, _of_unused(unused, is_needed=is_needed))
    stalled = [
        p for p in layers if p.measured >= MINIMUM_MEASURED and _relative(p.update, p.weight) < updates.least
    ]
    starved = [p for p in stalled if _lacks_gradient(p, learners)]
    if starved:
        factors = [p for p in readings.parameters.values() if _is_held_at_zero(p)]
        yield _finding(readings, [*factors, *starved], updates, _of_starved(readings, starved, factors))
    names = {p.name for p in starved}
    by_far = _Updates(usual, FAR_BELOW).least
    held = [p for p in stalled if p.name not in names and _relative(p.update, p.weight) < by_far]
    if held:
        is_body = layers[: len(held)] == held and 2 * len(held) >= len(layers)
        yield _finding(readings, held, updates, _of_held(readings, held, is_body=is_body))
    else:
        yield from _slowed(layers, SLOWED if stood_still(readings.steps) else FAR_SLOWED)


def _slowed(layers: Sequence[ParameterReading], share: float) -> Iterator[Finding]:
    """Layers that have less than a share of the learning rate that others have."""
    greatest = max((p.learning_rate for p in layers if p.learning_rate), default=0.0)
    slowed = [p for p in layers if p.learning_rate and p.measured and p.learning_rate < share * greatest]
    if not slowed:
        return
    least = min(p.learning_rate for p in slowed if p.learning_rate)
    yield Finding(
        problem="stalled-layer",
        severity="warning",
        sites=(),
        parameters=tuple(p.name for p in slowed),
        evidence=(
            Evidence(
                quantity="least learning rate of a group over the greatest",
                measured=least / greatest,
                threshold=share,
                source="calibrated: no training that works has 1e-3 and stands still, or 1e-2 at all",
            ),
        ),
        cause=f"The learning rate of {_names(slowed)} is {least:.2g} at least, and {greatest:.2g} elsewhere, "
        "so these hardly move while the others learn. Rates that fall from layer to layer end so.",
        remedies=(TRAIN,),
    )


def _are_large_part(unused: Sequence[ParameterReading], layers: Sequence[ParameterReading]) -> bool:
    """Whether they are much of what could learn: an encoder, a tower of two. A pooler is little."""
    size = sum(p.size for p in layers if p.measured or p.unused)
    return sum(p.size for p in unused) > LARGE_PART * size


def _are_before_learners(unused: Sequence[ParameterReading], layers: Sequence[ParameterReading]) -> bool:
    last = max(layers.index(p) for p in unused)
    return any(p.measured for p in layers[last:])


def _are_computed(readings: Readings, unused: Sequence[ParameterReading]) -> bool:
    ran = {reading.site.fed_by for reading in readings.values() if reading.examples}
    return any(p.name.rpartition(".")[0] in ran for p in unused)


def _lacks_gradient(parameter: ParameterReading, learners: Sequence[ParameterReading]) -> bool:
    usual = float(np.median([_relative(p.gradient, p.weight) for p in learners]))
    return _relative(parameter.gradient, parameter.weight) <= MISSING_GRADIENT * usual


def _relative(square: float, weight: float) -> float:
    """The root of a sum of squares over that of the weights; 0 of 0 is 0."""
    if weight == 0:
        return 0.0 if square == 0 else math.inf
    return math.sqrt(square / weight)


def _of_unused(unused: Sequence[ParameterReading], *, is_needed: bool) -> Said:
    """The first layers are used if the layers behind them are; a head may be there for another loss."""
    if is_needed:
        cause = (
            f"No gradient ever came to {_names(unused)}, while other layers learn: the graph is cut behind "
            "them, by detach(), no_grad() or item(). If that is meant, requires_grad_(False) says so."
        )
        return "warning", cause, UNCUT
    cause = (
        f"No gradient ever came to {_names(unused)}: the loss does not use it. If it should, look for "
        "detach(), no_grad(), or an output left out of the loss."
    )
    return "info", cause, UNCUT


def _of_starved(
    readings: Readings, starved: Sequence[ParameterReading], factors: Sequence[ParameterReading]
) -> Said:
    silent = next((each for each in rectifiers(readings) if is_silent(each.value)), None)
    if silent is not None and all(p.gradient == 0 for p in starved):
        cause = f"No gradient comes to {_names(starved)}: all units of {silent.site} are dead."
        return "info", cause, ("revive-dead-units",)
    severity: Severity = "warning" if course(readings) == "falls" else "error"
    if factors:
        cause = (
            f"{_names(factors)} begins at 0 and is not updated, since the optimiser does not hold it: "
            f"what it multiplies stays 0, and no gradient comes to {_names(starved)}."
        )
        return severity, cause, (TRAIN,)
    large = [p for p in starved if scale_of(p) > LARGE]
    if large:
        cause = (
            f"The weights of {_names(large)} are so large (fan-in times their mean square is "
            f"{scale_of(large[0]):.3g}) that steps of usual size do not change them. Before a normalisation "
            "nothing else shows it."
        )
        return severity, cause, WEIGHTS
    cause = f"The gradient vanishes before it comes to {_names(starved)}, while other layers learn."
    remedies = ("variance-preserving-initialisation", "insert-normalisation", "replace-activation")
    if all(p.gradient == 0 for p in starved):
        cause = (
            f"The gradient of {_names(starved)} is exactly 0 at every step, while other layers learn: what "
            "they say does not change the loss. Look behind them for a softmax over an axis of one, round() "
            "or argmax(), a factor of 0."
        )
        return severity, cause, (TRAIN, "straight-through", *remedies)
    return severity, cause, remedies


def _is_held_at_zero(parameter: ParameterReading) -> bool:
    """Whether it is 0 and stays so, though it has a gradient and other parameters an optimiser."""
    is_left_out = parameter.learning_rate is None and parameter.update == 0
    return bool(parameter.measured and parameter.weight == 0 and parameter.gradient > 0 and is_left_out)


def _of_held(readings: Readings, held: Sequence[ParameterReading], *, is_body: bool) -> Said:
    """A body left out of the optimiser under a head that learns is common; a layer or two are forgotten."""
    layer = f"The layer of {_names(held)} gets a gradient and is not updated"
    rates = [p.learning_rate for p in held if p.learning_rate is not None]
    if rates:
        cause = (
            f"{layer}: the learning rate of its group is {max(rates):.2g}. If that is meant, "
            "requires_grad_(False) saves the cost of its gradient."
        )
        return "warning", cause, (TRAIN,)
    if replacements := [p for p in held if p.is_replacement]:
        cause = (
            f"The layer of {_names(replacements)} gets a gradient and is not updated: it was put in place of "
            "another after the optimiser was made, which still holds that one and not this."
        )
        return "error", cause, (TRAIN,)
    if is_body and _is_as_torch_draws(held):
        cause = (
            f"{layer}: the optimiser does not hold it. Its weights are of the very size that torch draws, so "
            "they have learnt nothing before. If that is meant, requires_grad_(False) would save its cost."
        )
        return "warning", cause, (TRAIN,)
    if is_body and course(readings) in ("falls", "unknown"):
        cause = (
            f"{layer}, while the layers behind learn: the optimiser does not hold it. If that is meant, "
            "requires_grad_(False) would save its cost."
        )
        return "info", cause, (TRAIN,)
    cause = (
        f"{layer}, while other layers are: the optimiser does not hold it. Was it made, or moved to another "
        "device, after the optimiser? If that is meant, requires_grad_(False) saves the cost of its gradient."
    )
    return "warning", cause, (TRAIN,)


def _is_as_torch_draws(layers: Sequence[ParameterReading]) -> bool:
    """Whether fan-in times the mean square of each is a third, as of U(-1, 1) / sqrt(fan-in), but for chance.

    The mean square of n such numbers is off by 0.9 / sqrt(n) of itself. Training hardly leaves it within.
    """
    return all(abs(3 * scale_of(p) - 1) < ERRORS * math.sqrt(0.8 / p.size) for p in layers)


def _finding(
    readings: Readings, stalled: Sequence[ParameterReading], updates: _Updates, said: Said
) -> Finding:
    severity, cause, remedies = said
    names = {p.name for p in stalled}
    sites = (r.site for r in readings.values() if (w := feeding_weight(readings, r)) and w.name in names)
    return Finding(
        problem="stalled-layer",
        severity=severity,
        sites=tuple(sites),
        parameters=tuple(p.name for p in stalled),
        evidence=(
            Evidence(
                quantity=f"update of {stalled[0].name} over its weights",
                measured=_relative(stalled[0].update, stalled[0].weight),
                threshold=updates.least,
                source=ROUNDING if updates.is_rounding else OF_THE_MEDIAN,
            ),
            Evidence(
                quantity="the same of the median layer that learns",
                measured=updates.usual,
                threshold=STANDSTILL,
                source=ROUNDING,
            ),
        ),
        cause=cause,
        remedies=remedies,
    )


def _names(parameters: Sequence[ParameterReading]) -> str:
    first, last = parameters[0].name, parameters[-1].name
    if len(parameters) == 1:
        return first
    return f"{first} and {last}" if len(parameters) == 2 else f"{first} to {last} ({len(parameters)} layers)"


stalled_layer = Rule(
    name="stalled-layer",
    find=find,
    meaning="a trainable layer whose relative update is practically zero while others learn",
    formula=(
        "norm of a layer's update over that of its weights: below 1e-7, or below 1e-4 of the median layer's "
        "that learns (1e-3, if it is the gradient that is missing and all have one learning rate); or no "
        "gradient at all at the first layers, or at more than a quarter of the weights, while others learn; "
        "or a learning rate below 1e-3 of the greatest while the loss stands still, 3e-4 at any time"
    ),
    needs_examples=1,
    citation="Karpathy, CS231n notes, Ratio of weights to updates; IEEE 754 for the rounding of float32",
)
