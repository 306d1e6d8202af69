"""Whether a network learns: what tells a fault of the signal from a fault of learning."""

import math
from collections.abc import Sequence

import numpy as np

from relume.diagnosis.chain import Layer
from relume.diagnosis.weights import median
from relume.types import PerUnit, Readings, Severity

FEWEST_STEPS = 9  # with a loss: thirds of three steps have a spread
STANDARD_ERRORS = 2.0  # a fall beyond chance, at 95 %
LEAST_FALL = 0.01  # of the first loss: less is what an output's bias learns alone
# A thousandth of the 1e-3 that weights change by in a step of healthy training (Karpathy, CS231n): a weight
# then needs a million steps to change by its own size.
NO_UPDATE = 1e-6
# A tenth in one step is a hundred times healthy: such steps, not the initialisation, make the weights.
LARGE_UPDATE = 0.1
FAST_UPDATE = 0.25  # of the weights in each of the first steps: what they were drawn for is nearly gone


def loss_falls(readings: Readings) -> bool | None:
    """Whether the last third of the losses is below the first by more than chance; None if too few."""
    losses = readings.steps.losses[~np.isnan(readings.steps.losses)]
    if len(losses) < FEWEST_STEPS:
        return None
    if not np.isfinite(losses).all():
        return False
    return fall_in_errors(losses) > STANDARD_ERRORS and _fall(losses) > LEAST_FALL * abs(_level(losses))


def fall_in_errors(losses: PerUnit) -> float:
    """By how much the last third [steps] is below the first, in standard errors of that difference."""
    third = len(losses) // 3
    chance = math.sqrt((losses[:third].var(ddof=1) + losses[-third:].var(ddof=1)) / third)
    return _fall(losses) / chance if chance > 0 else math.copysign(math.inf, _fall(losses))


def _fall(losses: PerUnit) -> float:
    return _level(losses) - float(losses[-(len(losses) // 3) :].mean())


def _level(losses: PerUnit) -> float:
    return float(losses[: len(losses) // 3].mean())


def severity_of(readings: Readings, *, is_stuck: bool = False, is_extreme: bool = False) -> Severity:
    """An error if learning is broken too, else a warning.

    `is_stuck`: the weights concerned do not move. `is_extreme`: no network learns with a signal like this;
    it decides where no loss is known.
    """
    falls = loss_falls(readings)
    broken = is_stuck or falls is False or (falls is None and is_extreme)
    return "error" if broken else "warning"


def update_ratio(layers: Sequence[Layer]) -> float:
    """Median relative update of the layers' weights in a step; nan if none was measured."""
    return median([layer.weight.update_ratio for layer in layers if layer.weight])


def steps_are_large(layers: Sequence[Layer]) -> bool:
    """Whether steps make the weights, rather than the initialisation."""
    ratio = update_ratio(layers)
    return math.isfinite(ratio) and ratio >= LARGE_UPDATE
