"""NaN or infinity: where it first appeared, and what led there."""

import math
from collections.abc import Iterator

import numpy as np

from relume.diagnosis.feeding import is_matrix, update_evidence
from relume.diagnosis.learning import LARGE_UPDATE
from relume.diagnosis.rule import Rule
from relume.types import Evidence, Finding, NonFinite, ParameterReading, Readings, Site

# The loss doubled twice and more before it left the numbers: it was on its way there.
LOSS_GROWTH = 10.0
# float16 ends at 65504. Where values went within a factor of ten of it, they went over it.
NEAR_OVERFLOW = 6550.4

INPUT = "(input)"
# A loss whose gradient leaves float32 has factors of 1e38 and more; losses of raw targets end at 1e12.
LARGE_LOSS = 1e12
NO_EPSILON = 1e-19  # of an optimiser that divides by a root of a mean square, and this
REDRAW = ("variance-preserving-initialisation", "default-initialisation")
GUARD, FULL = "guard-operations", "full-precision"
# What mends an operation at the end of its range; before these, what brings it there from outside.
UNDEFINED = ("clean-state", "clean-examples", "log-space", GUARD, FULL)
NO_NUMBER = "one NaN or infinity in a forward or backward pass reaches every weight with the next update"
Explained = tuple[str, tuple[Evidence, ...], tuple[str, ...]]


def find(readings: Readings) -> Iterator[Finding]:
    """At most one: all that is not finite later follows from the first."""
    fault = readings.non_finite
    step = _first_wrong_loss(readings)
    if fault is None and step is None:
        return
    cause, evidence, remedies = (
        _of_site(readings, fault, step) if fault else _of_loss(readings, -1 if step is None else step)
    )
    yield Finding(
        problem="non-finite",
        severity="error",
        sites=_sites(readings, fault),
        evidence=(
            Evidence(
                quantity=f"values that are NaN or infinite at step {fault.step if fault else step}, at least",
                measured=1.0,
                threshold=0.0,
                unit="values",
                source=NO_NUMBER,
            ),
            *evidence,
        ),
        cause=cause,
        remedies=remedies,
    )


def _of_site(readings: Readings, fault: NonFinite, loss_step: int | None) -> Explained:
    if fault.site == INPUT:
        return (
            f"The data: what the model was given at step {fault.step} holds NaN or infinity. "
            "Look for missing values, or a division by a spread of 0.",
            (),
            ("clean-examples",),
        )
    where = f"{fault.site}{_line(readings, fault)}"
    if (by_zero := _by_epsilon(readings, fault.step)) is not None:
        return by_zero
    overflow = _overflow(readings, fault.step)
    if overflow is not None:
        told, evidence, remedies = overflow
        end = f"Then no number held the {fault.direction} pass at {where} in step {fault.step}."
        return f"{told} {end}", evidence, remedies
    if fault.direction == "backward":
        losses = readings.steps.losses
        first = float(losses[0]) if len(losses) else math.nan
        return _in_the_gradient(where, fault.step, first, is_loss_wrong=loss_step == fault.step)
    cause = (
        f"An undefined operation: at step {fault.step} values are NaN or infinite at {where}, while nothing "
        "before was large. Look before it for an exponential that overflows, the logarithm or the root of a "
        "negative number, or a division by 0."
    )
    return cause, (), (*UNDEFINED, "insert-normalisation", "lower-learning-rate")


def _in_the_gradient(where: str, step: int, loss: float, *, is_loss_wrong: bool) -> Explained:
    if step == 0 and LARGE_LOSS < loss < math.inf:
        told = f"Values are too large before any update: the loss is {loss:.3g}."
        end = f"Then no number held the gradient at {where}."
        return f"{told} {end}", (), (*REDRAW, "insert-normalisation", "standardise-input")
    if is_loss_wrong:
        cause = (
            f"The loss: at step {step} it is not a number though every value seen before it is one. Look for "
            "the logarithm of 0, a division by 0 or an exponential that overflows in it, or in the layers "
            f"behind the last site{_after_an_update(step)}."
        )
        return cause, (), (*UNDEFINED, "standardise-input", "lower-learning-rate")
    cause = (
        f"The derivative: at step {step} all values are finite, but the gradient that arrives at {where} is "
        "not. Look behind it for the root or the norm of 0, or a masked division by 0."
    )
    return cause, (), (*UNDEFINED, "clip-gradients", "lower-learning-rate")


def _after_an_update(step: int) -> str:
    """A loss that was a number until then was brought there by steps."""
    return f"; it was a number before the update of step {step - 1}, which may be too large" if step else ""


def _by_epsilon(readings: Readings, step: int) -> Explained | None:
    """An optimiser that divides a gradient of 0 by a root of 0, and nothing."""
    for name, epsilon in readings.settings.items():
        optimizer, _, setting = name.rpartition(".")
        if setting == "eps" and epsilon < NO_EPSILON and step > 0:
            said = (
                f"The epsilon of {optimizer} is {epsilon:g}: where a gradient was 0, as of a silent unit or "
                f"a row that no example uses, the update before step {step} was 0 / 0."
            )
            small = Evidence(
                quantity=f"epsilon of {optimizer}",
                measured=epsilon,
                threshold=NO_EPSILON,
                source="Kingma & Ba (2015): 1e-8; float32 has no square root below 1e-19",
            )
            return said, (small,), ("usual-optimiser-settings",)
    return None


def _of_loss(readings: Readings, step: int) -> Explained:
    if (by_zero := _by_epsilon(readings, step)) is not None:
        return by_zero
    overflow = _overflow(readings, step)
    if overflow is not None:
        told, evidence, remedies = overflow
        return f"{told} Then the loss was no number any more.", evidence, remedies
    updates = ("usual-optimiser-settings", "lower-learning-rate") if step else ()
    cause = (
        "The loss itself: no value at any site was NaN or infinite. Look for the logarithm of 0, a division "
        f"by 0 or an exponential that overflows in it{_after_an_update(step)}."
    )
    return cause, (), (*UNDEFINED, *updates)


def _overflow(readings: Readings, step: int) -> Explained | None:
    """What says that values grew until they left the numbers; None if nothing does."""
    is_first = not len(readings.steps) or step <= int(readings.steps.numbers[0])
    if is_first:
        return _by_scale(readings)
    return _by_updates(readings)


def _by_scale(readings: Readings) -> Explained | None:
    name, size = _largest(readings)
    if size < NEAR_OVERFLOW:
        return None
    told = f"Values are too large before any update: {size:.3g} at {name}."
    return told, (_of_largest(name, size),), (*REDRAW, "insert-normalisation", "standardise-input")


def _by_updates(readings: Readings) -> Explained | None:
    remedies = ("lower-learning-rate", "clip-gradients", "insert-normalisation")
    finite, fastest, (name, size) = _losses_before(readings), _fastest(readings), _largest(readings)
    updates = (update_evidence(fastest),) if fastest else ()
    if len(finite) > 1 and finite[-1] > LOSS_GROWTH * finite[0] > 0:
        grown = Evidence(
            quantity="last finite loss over the first",
            measured=float(finite[-1] / finite[0]),
            threshold=LOSS_GROWTH,
            source="calibrated: a loss that falls never has it",
        )
        told = f"The updates are too large: the loss grew from {finite[0]:.3g} to {finite[-1]:.3g}."
        return told, (grown, *updates), remedies
    if fastest:
        told = (
            f"The updates are too large: a step changed {fastest.name} by {fastest.update_ratio:.0%} of its "
            "size."
        )
        return told, updates, remedies
    if size < NEAR_OVERFLOW:
        return None
    told = f"The updates are too large: what was finite before them grew to {size:.3g} at {name}."
    return told, (_of_largest(name, size),), remedies


def _losses_before(readings: Readings) -> np.ndarray:
    """The losses given before the first that is not finite."""
    losses = readings.steps.losses[~np.isnan(readings.steps.losses)]
    wrong = np.flatnonzero(~np.isfinite(losses))
    return losses[: wrong[0]] if len(wrong) else losses


def _fastest(readings: Readings) -> ParameterReading | None:
    """The weights that a step changes most, if that is much."""
    matrices = (p for p in readings.parameters.values() if is_matrix(p) and math.isfinite(p.update_ratio))
    fastest = max(matrices, key=lambda p: p.update_ratio, default=None)
    return fastest if fastest and fastest.update_ratio > LARGE_UPDATE else None


def _largest(readings: Readings) -> tuple[str, float]:
    """The site of the largest value that was still finite, and the value; 0 if there is none."""
    sizes = {
        name: float(reading.value.largest[np.isfinite(reading.value.largest)].max(initial=0.0))
        for name, reading in readings.items()
    }
    site = max(sizes, key=sizes.__getitem__, default="")
    return site, sizes.get(site, 0.0)


def _of_largest(name: str, size: float) -> Evidence:
    return Evidence(
        quantity=f"largest value that was still finite, at {name}",
        measured=size,
        threshold=NEAR_OVERFLOW,
        unit="value",
        source="a tenth of 65504, where float16 ends; values of a network are about 1",
    )


def _first_wrong_loss(readings: Readings) -> int | None:
    wrong = np.flatnonzero(np.isinf(readings.steps.losses))
    return int(readings.steps.numbers[wrong[0]]) if len(wrong) else None


def _sites(readings: Readings, fault: NonFinite | None) -> tuple[Site, ...]:
    if fault is None:
        return ()
    if fault.site == INPUT:
        return (readings.input.site,) if readings.input else ()
    return (readings[fault.site].site,) if fault.site in readings else ()


def _line(readings: Readings, fault: NonFinite) -> str:
    source = readings[fault.site].site.source if fault.site in readings else ""
    return f" ({source})" if source else ""


non_finite = Rule(
    name="non-finite",
    find=find,
    meaning="NaN or infinity appeared; names the first site and step",
    formula="values that are NaN or infinite: more than 0, at any site, in either pass, or as the loss",
    needs_examples=1,
    citation="IEEE 754: 65504 is the largest float16; a NaN stays NaN under every later operation",
)
