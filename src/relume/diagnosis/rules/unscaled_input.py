"""An input far from unit scale, while the first layer is drawn for values of about 1."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from relume.diagnosis.cells import gates_size
from relume.diagnosis.chain import layers_of
from relume.diagnosis.feeding import (
    FAINT,
    feeding_weight,
    is_constant,
    is_matrix,
    is_rectifier,
    update_evidence,
    variation,
)
from relume.diagnosis.learning import LARGE_UPDATE
from relume.diagnosis.losses import course
from relume.diagnosis.rule import Rule
from relume.diagnosis.silence import silence
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Evidence, Finding, ParameterReading, Reading, Readings, Severity, Sums

# Initialisations are derived for inputs of mean 0 and variance 1 (LeCun et al. 1998, section 4.3). A factor
# of ten either way is far from it; values from 0 to 1, of size 0.6 and with a mean of 1.7 spreads, are not.
LARGE, SMALL = 10.0, 0.1
OFFSET = 10.0  # mean over spread
EXAMPLES = 30  # a mean of so many is within a fifth of a spread
USUAL_VARIANCE = 4.0  # fan-in times the weights' mean square: He's is 2
SATURATED = 0.5  # share of a bounded site's values on its flat ends
DYING = 0.25  # share of a rectifier's units; see dead-units
STEEP = 1000.0  # of the first weights' gradient, by weight, against the other layers'
HARDLY, FEWEST_LOSSES = 0.9, 20  # the last level over the first loss
FEWEST_WEIGHTS = 3  # to tell the first from the others
TIMES = "three orders of magnitude, as between layers: AUTOTRAINER (Zhang et al. 2021)"
FLAT = "a sigmoid of 10 has a slope of 5e-5"
LECUN = "inputs of mean 0 and variance 1 (LeCun et al. 1998)"


@dataclass(frozen=True, slots=True)
class _Harm:
    """How the scale shows at the first site."""

    said: str
    evidence: Evidence


def find(readings: Readings) -> Iterator[Finding]:
    """One finding: how far the input is off, and whether the first site suffers."""
    given = readings.input
    if given is None:
        yield from _behind_weights(readings)
        return
    if given.examples < EXAMPLES or not np.isfinite(given.value.sum_of_squares).all():
        return
    if is_constant(given.value):
        return
    off = _far_from_unit(given.value)
    if off is None:
        return
    cause, evidence = off
    harm, suffering = _suffering(readings, given.value.root_mean_square)
    yield Finding(
        problem="unscaled-input",
        severity=_severity(readings, is_harmed=harm is not None),
        sites=(given.site,),
        evidence=(evidence, harm.evidence) if harm else (evidence,),
        cause=cause + suffering,
        remedies=("standardise-input", "insert-normalisation"),
    )


def _suffering(readings: Readings, size: float) -> tuple[_Harm | None, str]:
    """What the scale harms, if anything, and the sentence that says so."""
    if (gates := gates_size(readings, size)) > LARGE:
        said = (
            f"by it alone the gates of the first cell are {gates:.3g} in size, on the flat ends of sigmoids"
        )
        return _Harm(said, _at_first("size of the gates", gates, LARGE, FLAT)), f" It does harm: {said}."
    first = next(iter(readings.values()), None)
    if first and readings.opening and not np.isfinite(first.value.sum_of_squares).all():
        first = readings.opening.readings.get(str(first.site), first)  # before it was lost
    if first and (harm := _harm(readings, first)):
        return harm, f" At {first.site} {harm.said}."
    if harm := _harm_to_weights(readings):
        return harm, f" It does harm: {harm.said}."
    if first is None or not np.isfinite(first.value.sum_of_squares).all():
        return None, ""
    ordinary = f"values at {first.site} are of ordinary size"
    if course(readings) in ("flat", "grows") or _hardly_falls(readings):
        return None, f" The loss does not fall, though {ordinary}."
    return None, f" It does no harm: {ordinary}."


def _behind_weights(readings: Readings) -> Iterator[Finding]:
    """Of an input that was not seen, as of parts called one by one: what its first weights make of it."""
    layer = next(iter(layers_of(readings.opening or readings)), None)
    if layer is None or layer.activation.range[1] != math.inf or not layer.value > LARGE:
        return
    scale, usual = sigma_w2(layer), layer.weight is not None and layer.weight.update_ratio < LARGE_UPDATE
    if not scale < USUAL_VARIANCE or not usual:
        return
    reading = layer.readings[0]
    size = _at_first("size of the values", layer.value, LARGE, LECUN)
    yield Finding(
        problem="unscaled-input",
        severity=_severity(readings, is_harmed=True),
        sites=(reading.site,),
        evidence=(size,),
        cause=f"The input is large: the weights before {reading.site} are of usual size, values there "
        f"are about {layer.value:.3g} in size.",
        remedies=("standardise-input", "insert-normalisation"),
    )


def _severity(readings: Readings, *, is_harmed: bool) -> Severity:
    struggles = course(readings) in ("flat", "grows", "not finite") or _hardly_falls(readings)
    if is_harmed:
        return "error" if struggles else "warning"
    return "warning" if struggles else "info"


def _hardly_falls(readings: Readings) -> bool:
    """Whether the loss ends where it began, for all that it rose in between."""
    losses = readings.steps.losses[np.isfinite(readings.steps.losses)]
    if len(losses) < FEWEST_LOSSES:
        return False
    return bool(np.median(losses[-len(losses) // 4 :]) > HARDLY * abs(losses[0]))


def _far_from_unit(given: Sums) -> tuple[str, Evidence] | None:
    """What is wrong with the scale; zeros do not count, as one-hot inputs are mostly 0."""
    offset = _offset(given)
    if offset > OFFSET:
        cause = f"The input hardly varies: its mean is {offset:.3g} times its spread."
        return cause, _measured("mean of the input over its spread", offset, OFFSET)
    said = int((given.count - given.zeros).sum())
    size = math.sqrt(given.sum_of_squares.sum() / said) if said else math.nan
    if size > LARGE:
        return _large(given, size), _measured("size of the input, without zeros", size, LARGE)
    if size < SMALL:
        cause = f"The input is small: its values are about {size:.2g} in size, where layers expect about 1."
        return cause, _measured("size of the input, without zeros", size, SMALL)
    return None


def _large(given: Sums, size: float) -> str:
    is_byte = 200 < given.largest.max() <= 255 and bool((given.fired + given.zeros == given.count).all())
    if is_byte:
        return f"The input is image bytes from 0 to {given.largest.max():.0f} that nobody divided by 255."
    return f"The input is large: its values are about {size:.3g} in size, where layers expect about 1."


def _offset(given: Sums) -> float:
    mean = given.sum / given.count
    variance = np.maximum(given.sum_of_squares / given.count - mean**2, 0.0)
    return math.sqrt((mean**2).sum() / variance.sum())


def _harm(readings: Readings, first: Reading) -> _Harm | None:
    """What the first site suffers, if it does: a normalisation may come before it."""
    value = first.value
    if not value.count.all() or not np.isfinite(value.sum_of_squares).all():
        return None
    flat = float(value.flat.sum() / value.count.sum())
    if not is_rectifier(first.site.activation) and flat > SATURATED:
        said = f"{flat:.0%} of the values of {first.site.activation} sit on a flat end"
        return _Harm(said, _at_first("share of values on a flat end", flat, SATURATED, "half of all values"))
    dead = silence(readings, first).share if is_rectifier(first.site.activation) else 0.0
    if dead > DYING:
        said = f"{dead:.0%} of the units never fire"
        return _Harm(said, _at_first("share of units that never fire", dead, DYING, "Dohare et al. (2024)"))
    size = value.root_mean_square
    if size > LARGE:
        said = f"values are about {size:.3g} in size too"
        return _Harm(said, _at_first("size of the values", size, LARGE, LECUN))
    if size < SMALL:
        said = f"values are about {size:.2g} in size too"
        return _Harm(said, _at_first("size of the values", size, SMALL, LECUN))
    if (weight := _hasty_weight(readings, first)) is not None:
        ratio = f"{weight.update_ratio:.0%}"
        said = f"a step changes {weight.name} by {ratio}, since its gradient is a product with the input"
        return _Harm(said, update_evidence(weight))
    if variation(value) < FAINT:
        said = f"values vary by only {variation(value):.1%} of their size"
        return _Harm(said, _at_first("spread of the values over their size", variation(value), FAINT, LECUN))
    return None


def _harm_to_weights(readings: Readings) -> _Harm | None:
    """What the scale does to the first weights' gradient, which is a product with the input."""
    view = readings.opening or readings
    weights = [p for p in view.parameters.values() if is_matrix(p) and p.measured and p.gradient_norm >= 0]
    sizes = [p.gradient_norm / math.sqrt(p.size) for p in weights]
    if len(sizes) < FEWEST_WEIGHTS:
        return None
    name, first, middle, most = weights[0].name, sizes[0], median(sizes), max(sizes)
    if first > STEEP * middle > 0:
        said = f"the gradient of {name}, a product with it, is {first / middle:.3g} times the median layer's"
        return _Harm(said, _of_gradient(f"gradient of {name} over the median layer's", first / middle, STEEP))
    if first < most / STEEP:
        said = f"hardly any gradient comes to {name}: what it feeds is shut"
        return _Harm(said, _of_gradient(f"gradient of {name} over the largest", first / most, 1 / STEEP))
    return None


def _of_gradient(quantity: str, measured: float, threshold: float) -> Evidence:
    return Evidence(quantity=quantity, measured=measured, threshold=threshold, source=TIMES)


def _hasty_weight(readings: Readings, first: Reading) -> ParameterReading | None:
    """The first layer's weights, if steps of a large input's size replace them while others' do not."""
    for view in (readings, readings.opening):
        weight = feeding_weight(view, first) if view is not None else None
        if weight is not None and weight.measured and weight.update_ratio > LARGE_UPDATE:
            return weight
    return None


def _measured(quantity: str, measured: float, threshold: float) -> Evidence:
    return Evidence(quantity=quantity, measured=measured, threshold=threshold, source=LECUN)


def _at_first(what: str, measured: float, threshold: float, source: str) -> Evidence:
    return Evidence(
        quantity=f"{what} at the first site", measured=measured, threshold=threshold, source=source
    )


unscaled_input = Rule(
    name="unscaled-input",
    find=find,
    meaning="the network's input is far from unit scale",
    formula=(
        "root mean square of the input's values that are not 0: above 10 or below 0.1; or the mean of the "
        "input over its spread: above 10"
    ),
    needs_examples=EXAMPLES,
    citation="LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.3",
)
