"""What feeds a site: the parameters behind it, what comes before it; and whether it says anything."""

import math
from collections.abc import Iterator

import numpy as np

from relume.catalogue import activations
from relume.diagnosis.learning import LARGE_UPDATE
from relume.types import Evidence, ParameterReading, Reading, Readings, Sums

# Of the mean square: float64 sums of equal float32 values leave less.
CONSTANT_VARIANCE = 1e-10
# What a site says varies by less than this share of its size: a unit behind it sees nearly a constant.
FAINT = 0.1
FEWEST_ALIKE = 8  # units, and examples of a batch
USUAL_UPDATE = "1e-3 is usual (Karpathy, CS231n); a tenth replaces the weights in ten steps"


def rectifiers(readings: Readings) -> Iterator[Reading]:
    """The sites whose activation is exactly 0 for all inputs below a bound, in the order of execution."""
    return (reading for reading in readings.values() if is_rectifier(reading.site.activation))


def is_rectifier(activation: str) -> bool:
    """Whether it is 0 on all the left and not a gate: a shut hardsigmoid is no dead unit."""
    if activation not in activations:
        return False
    entry = activations[activation]
    if entry.zero_region is None or entry.zero_region[0] != -np.inf:
        return False
    return entry.zero_region[1] >= 0 or entry.range[1] == np.inf


def before(readings: Readings, reading: Reading) -> Reading | None:
    """What was read last before a site: the site before it, or the model's input."""
    names = list(readings)
    place = names.index(str(reading.site))
    return readings[names[place - 1]] if place else readings.input


def after(readings: Readings, reading: Reading) -> Reading | None:
    """The site that comes next, if there is one."""
    names = list(readings)
    place = names.index(str(reading.site)) + 1
    return readings[names[place]] if place < len(names) else None


def feeding_weight(readings: Readings, reading: Reading) -> ParameterReading | None:
    """The weights of the layer that feeds a site, if they are its own."""
    prefix = f"{reading.site.fed_by}." if reading.site.fed_by else ""
    own = (p for name, p in readings.parameters.items() if name.startswith(prefix))
    return next((p for p in own if is_matrix(p) and "." not in p.name[len(prefix) :]), None)


def feeding_bias(readings: Readings, reading: Reading) -> ParameterReading | None:
    """The bias added last before a site: that of a normalisation behind the layer, or the layer's own.

    Where that has none, the largest of another layer beside it, as the input's in a recurrence.
    """
    own = next((p for p in _vectors_behind(readings, reading) if p.name.endswith("bias")), None)
    if own is not None:
        return own
    home = reading.site.fed_by.rpartition(".")[0]
    beside = [
        parameter
        for name, parameter in readings.parameters.items()
        if name.endswith("bias")
        and name.rpartition(".")[0].rpartition(".")[0] == home
        and parameter.shape == (reading.value.units,)
    ]
    return max(beside, key=lambda parameter: parameter.weight, default=None)


def feeding_scale(readings: Readings, reading: Reading) -> ParameterReading | None:
    """The factors of a normalisation between the layer and the site, if there is one."""
    return next((p for p in _vectors_behind(readings, reading) if p.name.endswith("weight")), None)


def _vectors_behind(readings: Readings, reading: Reading) -> list[ParameterReading]:
    """One entry a unit, registered after the feeding weights and before the next ones; the last one first."""
    weight = feeding_weight(readings, reading)
    if weight is None:
        return []
    names = list(readings.parameters)
    found: list[ParameterReading] = []
    for name in names[names.index(weight.name) + 1 :]:
        parameter = readings.parameters[name]
        if is_matrix(parameter):
            break
        if parameter.shape == (reading.value.units,):
            found.insert(0, parameter)
    return found


def is_matrix(parameter: ParameterReading) -> bool:
    """Whether it is the weights of a layer: a bias or a scale has one axis."""
    return len(parameter.shape) >= 2


def row_norm(weight: ParameterReading) -> float:
    """The root mean square of the norms of a layer's incoming weights, unit by unit."""
    return weight.weight_norm / float(np.sqrt(weight.shape[0]))


def update_evidence(parameter: ParameterReading, threshold: float = LARGE_UPDATE) -> Evidence:
    """How large a step is against the weights."""
    return Evidence(
        quantity=f"update of {parameter.name} over its weights",
        measured=parameter.update_ratio,
        threshold=threshold,
        source=USUAL_UPDATE,
    )


def is_constant(sums: Sums) -> bool:
    """Whether no unit ever changed; False where nothing was seen."""
    if not sums.count.all() or not np.isfinite(sums.sum_of_squares).all():
        return False
    squares = sums.sum_of_squares / sums.count
    variance = squares - (sums.sum / sums.count) ** 2
    return bool((variance <= CONSTANT_VARIANCE * squares).all())


def is_same_for_all(view: Readings, reading: Reading) -> bool:
    """Whether every unit was above 0 for all examples of a batch or for none, at every step of a view.

    So it is where nothing of the input reaches a site: that its units agree on every example by chance has a
    probability of 2 to the minus all of them.
    """
    batches = set(view.steps.examples.tolist())
    value = reading.value
    if len(batches) != 1 or (batch := batches.pop()) < FEWEST_ALIKE or value.units < FEWEST_ALIKE:
        return False
    each = batch * (value.count // max(reading.examples, 1))  # values of a unit in a batch
    return bool(value.fired.any() and (value.fired % each == 0).all())


def variation(sums: Sums) -> float:
    """The spread of a unit's values over their size; 1 for a centred unit, 0.83 for ReLU of one."""
    squares = float(sums.sum_of_squares.sum())
    if not squares > 0:
        return 0.0
    variance = sums.sum_of_squares - sums.sum**2 / sums.count
    return math.sqrt(max(float(variance.sum()) / squares, 0.0))


def is_silent(sums: Sums) -> bool:
    """Whether every value of every unit was exactly 0."""
    return bool(sums.count.all() and (sums.zeros == sums.count).all())


def has_no_gradient(reading: Reading) -> bool:
    """Whether gradients were seen at a site and all were exactly 0."""
    return bool(reading.gradient.count.any() and reading.gradient.sum_of_squares.sum() == 0)
