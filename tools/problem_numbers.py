"""What docs/explanations shows of its trainings: for each problem the curves and the numbers that tell it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from problem_runs import Run

from relume.types import ParameterReading, Problem, Reading, Readings

Curve = tuple[Sequence[float], Sequence[float]]  # x, y
LEAST = 1e-9  # where a size that is exactly 0 is drawn on a scale of powers of ten
ALIKE = 6  # decimals in which units agree that are one


@dataclass(frozen=True)
class Note:
    """A point of a curve that is marked, and what is written above it."""

    x: float
    y: float
    said: str
    points_above: int = 8


def no_notes(x: Sequence[float], y: Sequence[float], steps: int) -> Sequence[Note]:
    """Nothing of a curve is worth a note."""
    return []


def end_of_numbers(x: Sequence[float], y: Sequence[float], steps: int) -> Sequence[Note]:
    """Where a loss ends before the steps do."""
    return [Note(x[-1], y[-1], "then NaN", points_above=32)] if len(x) < steps else []


def exact_zeros(x: Sequence[float], y: Sequence[float], steps: int) -> Sequence[Note]:
    """What is drawn at the bottom for want of a place on the scale."""
    return [Note(at, value, "0") for at, value in zip(x, y, strict=True) if value == LEAST]


@dataclass(frozen=True)
class Panel:
    """One pair of axes: what it shows of a run."""

    x: str
    y: str
    curve: Callable[[Run], Curve]
    scale: str = "linear"
    marker: str = "o"  # of a layer, a call, a unit; none of a step
    is_scattered: bool = False  # points without a line: neighbours have nothing to do with one another
    notes: Callable[[Sequence[float], Sequence[float], int], Sequence[Note]] = no_notes


@dataclass(frozen=True)
class Row:
    """One number of a run, as the page tells it."""

    said: str
    of: Callable[[Run], float]
    form: str = ".3g"


def first_steps(run: Run) -> Readings:
    """The first steps alone: training has changed hardly anything."""
    assert run.readings.opening is not None
    return run.readings.opening


def by_layer(of: Callable[[Reading], float]) -> Callable[[Run], Curve]:
    """A number of each site, in the first steps."""
    return lambda run: _numbered([of(reading) for reading in first_steps(run).values()])


def last_over_first(of: Callable[[Reading], float]) -> Callable[[Run], float]:
    """A number of the last site over that of the first, in the first steps."""

    def ratio(run: Run) -> float:
        _, values = by_layer(of)(run)
        return values[-1] / values[0]

    return ratio


def first_over_last(of: Callable[[Reading], float]) -> Callable[[Run], float]:
    """A number of the first site over that of the last, in the first steps."""
    return lambda run: 1 / last_over_first(of)(run)


def gradient(reading: Reading) -> float:
    """Root mean square of the gradient that arrives."""
    return reading.gradient.root_mean_square


def size(reading: Reading) -> float:
    """Root mean square of the values."""
    return reading.value.root_mean_square


def flat(reading: Reading) -> float:
    """Values on a flat end of the activation, in percent."""
    return 100 * float(reading.value.flat.sum() / reading.value.count.sum())


def weights(readings: Readings) -> list[ParameterReading]:
    """Those of each layer, without its biases."""
    return [each for each in readings.parameters.values() if len(each.shape) > 1]


def update_of(layer: int) -> Callable[[Run], float]:
    """The update of a layer's weights over the weights, over the whole run; layers count from 1."""
    return lambda run: weights(run.readings)[layer - 1].update_ratio


def largest_update(readings: Readings) -> float:
    """The largest update of a layer's weights over the weights."""
    return max(each.update_ratio for each in weights(readings))


def update_by_layer(run: Run) -> Curve:
    """The update of each layer's weights over the weights; what is 0 is drawn at the bottom."""
    return _numbered([max(each.update_ratio, LEAST) for each in weights(run.readings)])


def update_by_step(run: Run) -> Curve:
    """The largest update of each window."""
    return _ends(run), [largest_update(window) for window in run.windows]


def flat_by_step(run: Run) -> Curve:
    """Values of the first layer on a flat end, in percent."""
    return _ends(run), [flat(next(iter(window.values()))) for window in run.windows]


def dead(run: Run) -> Curve:
    """Units that fired on no example of a window, in percent."""
    return _ends(run), [100 * share for share in run.dead]


def loss(run: Run) -> Curve:
    """The loss of each step, up to the first that is no number."""
    losses = run.readings.steps.losses
    wrong = np.flatnonzero(~np.isfinite(losses))
    return _numbered([float(each) for each in losses[: wrong[0] if len(wrong) else None]])


def last_loss(run: Run) -> float:
    """The mean over the last ten steps."""
    return float(run.readings.steps.losses[-10:].mean())


def mean_by_unit(run: Run) -> Curve:
    """The mean value of each unit of the first layer."""
    value = next(iter(run.readings.values())).value
    return _numbered([float(mean) for mean in value.sum / value.count])


def distinct_units(run: Run) -> float:
    """How many means of units differ."""
    return float(len(np.unique(np.round(mean_by_unit(run)[1], ALIKE))))


def input_size(run: Run) -> float:
    """Root mean square of what the network is given."""
    assert run.readings.input is not None
    return size(run.readings.input)


def _numbered(values: Sequence[float]) -> Curve:
    return range(1, len(values) + 1), values


def _ends(run: Run) -> list[int]:
    return [int(window.steps.numbers[-1]) + 1 for window in run.windows]


LOSS = Panel("step", "loss", loss, marker="", notes=end_of_numbers)
LOG_LOSS = replace(LOSS, scale="log")
LAST_LOSS = Row("loss, mean of the last ten steps", last_loss)
FIRST_LOSS = Row("loss of the first step", lambda run: loss(run)[1][0])
LARGEST_UPDATE = Row(
    "largest update of a layer over its weights, first steps",
    lambda run: largest_update(first_steps(run)),
    ".1%",
)
FADES = Row("gradient at the first layer over that at the last", first_over_last(gradient), ".1e")

PANELS: dict[Problem, tuple[Panel, ...]] = {
    "vanishing-gradient": (Panel("layer", "gradient, rms", by_layer(gradient), "log"),),
    "exploding-gradient": (Panel("call of the recurrence", "gradient, rms", by_layer(gradient), "log", ""),),
    "exploding-activation": (Panel("layer", "values, rms", by_layer(size), "log"),),
    "saturated-units": (Panel("layer", "values on a flat end, %", by_layer(flat)), LOSS),
    "dead-units": (Panel("step", "units that never fire, %", dead, marker=""), LOG_LOSS),
    "non-finite": (LOG_LOSS,),
    "unscaled-input": (Panel("step", "first layer on a flat end, %", flat_by_step, marker=""), LOSS),
    "symmetric-units": (
        Panel("unit of the first layer", "mean value", mean_by_unit, is_scattered=True),
        LOSS,
    ),
    "unstable-updates": (Panel("step", "largest update / weights", update_by_step, "log", ""), LOG_LOSS),
    "stalled-layer": (
        Panel("layer", "update / weights, a step", update_by_layer, "log", notes=exact_zeros),
        LOSS,
    ),
}

ROWS: dict[Problem, tuple[Row, ...]] = {
    "vanishing-gradient": (
        FADES,
        Row("update of the first layer over its weights, a step", update_of(1), ".1e"),
        Row("the same of the last layer", update_of(21), ".1e"),
        LAST_LOSS,
    ),
    "exploding-gradient": (
        replace(FADES, said="gradient at the first call over that at the last"),
        Row("values at the last call over those at the first, rms", last_over_first(size), ".2g"),
        LAST_LOSS,
    ),
    "exploding-activation": (
        Row("values at the last layer over those at the first, rms", last_over_first(size), ".1e"),
        FADES,
        FIRST_LOSS,
        LAST_LOSS,
    ),
    "saturated-units": (
        Row("values on a flat end, mean of the layers", lambda run: _mean(by_layer(flat)(run)) / 100, ".0%"),
        FADES,
        FIRST_LOSS,
        LAST_LOSS,
    ),
    "dead-units": (
        Row("units that fire on no example of the first five steps", lambda run: run.dead[0], ".0%"),
        Row("of the last five steps", lambda run: run.dead[-1], ".0%"),
        LARGEST_UPDATE,
        LAST_LOSS,
    ),
    "non-finite": (
        Row("steps before the loss is no number", lambda run: len(loss(run)[1]), ".0f"),
        Row("loss of the last of them", lambda run: loss(run)[1][-1]),
    ),
    "unscaled-input": (
        Row("input, rms", input_size),
        Row("values of the first layer on a flat end", lambda run: by_layer(flat)(run)[1][0] / 100, ".0%"),
        Row("update of the first layer over its weights, a step", update_of(1), ".1%"),
        LAST_LOSS,
    ),
    "symmetric-units": (
        Row("units of the first layer that differ, of 64", distinct_units, ".0f"),
        LAST_LOSS,
    ),
    "unstable-updates": (
        LARGEST_UPDATE,
        Row("greatest loss", lambda run: max(loss(run)[1])),
        LAST_LOSS,
    ),
    "stalled-layer": (
        Row("update of the third layer over its weights, a step", update_of(3), ".1e"),
        Row("the same of the fourth layer", update_of(4), ".1e"),
        LAST_LOSS,
    ),
}


def _mean(curve: Curve) -> float:
    return float(np.mean(curve[1]))
