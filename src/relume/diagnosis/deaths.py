"""Why rectifier units are dead: the causes are told apart by what was read around them."""

import math
from collections.abc import Callable
from dataclasses import replace

from relume.diagnosis.birth import BORN_DEAD_PROBABLE, at_the_end, born_dead, by_narrowness, by_place
from relume.diagnosis.death import Death
from relume.diagnosis.feeding import (
    before,
    feeding_bias,
    feeding_scale,
    feeding_weight,
    is_constant,
    is_same_for_all,
    is_silent,
    row_norm,
    update_evidence,
    variation,
)
from relume.diagnosis.losses import LEAP
from relume.diagnosis.silence import fatal_leap, silence
from relume.types import Evidence, ParameterReading, Reading, Readings

# A bias so many spreads of the input below 0 lets a Gaussian unit fire on 1 example in 741.
BIAS_SPREADS = 3.0
# Twenty times what is usual: enough to blame for units that fired before.
FATAL_UPDATE = 0.02
MOSTLY_BORN = 0.9  # of the units
FAINT_INPUT = 1 / math.sqrt(1 + BIAS_SPREADS**2)  # spread over size, where the mean is 3 spreads


def death_of(readings: Readings, reading: Reading) -> Death:
    """The cause that the readings single out for the dead units of a site."""
    for explain in _EXPLANATIONS:
        death = explain(readings, reading)
        if death is not None:
            return death
    return _otherwise(readings, reading)


def _by_zero_weights(readings: Readings, reading: Reading) -> Death | None:
    zero = next(
        (
            parameter
            for parameter in (feeding_weight(readings, reading), feeding_scale(readings, reading))
            if parameter and parameter.measured and parameter.weight == 0
        ),
        None,
    )
    if zero is None:
        return None
    return Death(
        kind="zero weights",
        cause=f"All entries of {zero.name} are 0, so nothing of the input reaches these units.",
        evidence=(
            Evidence(
                quantity=f"norm of {zero.name}",
                measured=0.0,
                threshold=0.0,
                unit="weight",
                source="a product with 0 is 0, and so is its gradient behind a dead unit",
            ),
        ),
        remedies=("variance-preserving-initialisation", "default-initialisation", "break-symmetry"),
        parameters=(zero.name,),
    )


def _by_constant_inputs(readings: Readings, reading: Reading) -> Death | None:
    source = before(readings, reading)
    if source is None and hears_nothing(readings, reading):
        return _death_by_constants(
            f"the input is the same for every example of a batch: each unit of {reading.site} is on for a "
            "whole batch or off for it",
            str(reading.site),
            ("standardise-input",),
        )
    if source is None or not is_constant(source.value):
        return None
    is_input = source is readings.input
    if is_silent(source.value) and not is_input:
        return None  # the layer before is dead itself, and the one to explain
    what = "the model's input is" if is_input else f"the values of {source.site} are"
    remedies = ("standardise-input",) if is_input else ("revive-dead-units",)
    return _death_by_constants(f"{what} the same for every example", str(source.site), remedies)


def hears_nothing(readings: Readings, reading: Reading) -> bool:
    """Whether the first site of a model, whose input is no numbers, is told nothing by any example."""
    view = readings.opening or readings
    return str(reading.site) in view and is_same_for_all(view, view[str(reading.site)])


def _death_by_constants(what: str, where: str, remedies: tuple[str, ...]) -> Death:
    return Death(
        kind="constant inputs",
        cause=f"Nothing new reaches these units: {what}.",
        evidence=(
            Evidence(
                quantity=f"spread of the values at {where} over the examples of a batch",
                measured=0.0,
                threshold=0.0,
                unit="value",
                source="a unit whose inputs never change is on for all examples or for none",
            ),
        ),
        remedies=remedies,
    )


def _by_a_large_step(readings: Readings, reading: Reading) -> Death | None:
    if reading.steps.start == 0 and not _ever_fired(readings, reading):
        return None  # silent before the first update, so no update did it
    leap = fatal_leap(readings)
    weight = feeding_weight(readings, reading)
    ratio = _update_while_alive(readings, weight)
    evidence = (_update(weight, ratio),) if weight and ratio > FATAL_UPDATE else ()
    if leap is not None:
        rose = Evidence(
            quantity=f"loss after step {leap.step} over the greatest before",
            measured=leap.factor,
            threshold=LEAP,
            source="calibrated: batches of a training that works differ by less",
        )
        cause = (
            f"The update of step {leap.step} was too large: the loss rose from {leap.before:.3g} to "
            f"{leap.after:.3g}, and these units fell silent."
        )
        evidence = (rose, *evidence)
    elif weight and evidence:
        cause = (
            f"The updates are too large: a step changed {weight.name} by {ratio:.0%} of its size, and threw "
            "these units to where no example reaches them."
        )
    else:
        return None
    return Death(
        kind="too large a step",
        cause=cause,
        evidence=evidence,
        remedies=("lower-learning-rate", "clip-gradients", "revive-dead-units", "leaky-slope"),
        parameters=(weight.name,) if weight else (),
    )


def _ever_fired(readings: Readings, reading: Reading) -> bool:
    return silence(readings, reading).began


def _was_mostly_silent(readings: Readings, reading: Reading) -> bool:
    """Whether nearly all of a layer was silent in the first steps already, and a few units fired at times."""
    first = readings.opening.readings.get(str(reading.site)) if readings.opening is not None else None
    return first is not None and float((first.value.fired == 0).mean()) >= MOSTLY_BORN


def _update_while_alive(readings: Readings, weight: ParameterReading | None) -> float:
    """The relative update of a layer's weights, at first or over all: once it was dead it had none."""
    if weight is None:
        return math.nan
    first = readings.opening.parameters.get(weight.name) if readings.opening is not None else None
    ratios = [each.update_ratio for each in (weight, first) if each and math.isfinite(each.update_ratio)]
    return max(ratios, default=math.nan)


def _update(weight: ParameterReading, ratio: float) -> Evidence:
    return replace(update_evidence(weight, FATAL_UPDATE), measured=ratio)


def _by_faint_inputs(readings: Readings, reading: Reading) -> Death | None:
    # What varies little shows at the site before, and at the site itself where living units are always on.
    sources = [each for each in (before(readings, reading), reading) if each and each is not readings.input]
    source = min(sources, key=lambda each: variation(each.value) or math.inf)
    share = variation(source.value)
    if not 0 < share < FAINT_INPUT:
        return None
    return Death(
        kind="faint inputs",
        cause=(
            f"What reaches these units hardly varies: values at {source.site} spread by {share:.1%} of their "
            "size, so each unit behind is on for every example or for none."
        ),
        evidence=(
            Evidence(
                quantity=f"spread of the values at {source.site} over their size",
                measured=share,
                threshold=FAINT_INPUT,
                source="below it the mean is over 3 spreads, and a Gaussian unit stays on its side of 0",
            ),
        ),
        remedies=(
            "variance-preserving-initialisation",
            "layer-sequential-unit-variance",
            "insert-normalisation",
        ),
    )


def _by_bias(readings: Readings, reading: Reading) -> Death | None:
    bias, spread = feeding_bias(readings, reading), _spread_without_bias(readings, reading)
    if bias is None or not bias.measured or not spread > 0:
        return None
    size = bias.weight_norm / math.sqrt(bias.size)
    if not size > BIAS_SPREADS * spread:
        return None
    return Death(
        kind="bias",
        cause=(
            f"The bias {bias.name} holds these units below 0: it is about -{size:.3g}, while the weighted "
            f"inputs spread by only {spread:.3g}."
        ),
        evidence=(
            Evidence(
                quantity=f"size of {bias.name} over the spread of the weighted inputs",
                measured=size / spread,
                threshold=BIAS_SPREADS,
                source="a Gaussian input exceeds 3 spreads on 1 example in 741",
            ),
        ),
        remedies=("revive-dead-units", "default-initialisation", "insert-normalisation", "leaky-slope"),
        parameters=(bias.name,),
    )


def _spread_without_bias(readings: Readings, reading: Reading) -> float:
    """About how far a unit's input would spread without its bias; nan if unknown."""
    scale = feeding_scale(readings, reading)
    if scale is not None:  # a normalisation's output spreads by its factor
        return scale.weight_norm / math.sqrt(scale.size)
    weight, source = feeding_weight(readings, reading), before(readings, reading)
    if weight is None:
        return math.nan
    size = source.value.root_mean_square if source else 1.0
    return row_norm(weight) * size


def _otherwise(readings: Readings, reading: Reading) -> Death:
    if reading.steps.start > 0:
        return Death(
            kind="earlier",
            cause=(
                f"They have not fired since watching began at step {reading.steps.start}: what silenced them "
                "came before. Watch from the first step to see it."
            ),
            evidence=(),
            remedies=("revive-dead-units", "leaky-slope", "lower-learning-rate"),
        )
    if _ever_fired(readings, reading) and not _was_mostly_silent(readings, reading):
        return Death(
            kind="in training",
            cause="They fired at first and fell silent in training, by updates of usual size.",
            evidence=(),
            remedies=("lower-learning-rate", "leaky-slope", "revive-dead-units"),
        )
    began = "They were born dead: silent since the first step watched, before any update"
    drawn = (
        "look at how their weights and biases are drawn, and at what else is taken off before the "
        "activation: it holds them below 0"
    )
    remedies = ("revive-dead-units", "leaky-slope", "default-initialisation", "insert-normalisation")
    if not silence(readings, reading).units.all():
        return Death("initialisation", f"{began}; {drawn}.", (), remedies)
    born = born_dead(readings, reading)
    said = (
        f"chance alone does this to up to {born.measured:.2g} of all networks so narrow and deep"
        if born.measured >= BORN_DEAD_PROBABLE
        else f"chance does this to fewer than {born.measured:.1g} of such networks, so {drawn}"
    )
    return Death("initialisation", f"{began}; {said}.", (born,), remedies)


_EXPLANATIONS: tuple[Callable[[Readings, Reading], Death | None], ...] = (
    by_place,
    at_the_end,
    _by_zero_weights,
    _by_constant_inputs,
    _by_a_large_step,
    by_narrowness,
    _by_faint_inputs,
    _by_bias,
)
