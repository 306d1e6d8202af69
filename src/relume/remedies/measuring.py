"""Copies of a patient to measure on, as remedies before have left it."""

import math

import numpy as np

from relume.remedies.optimisers import hooked_alike, scale_rates
from relume.trial import Patient, trained
from relume.types import PerUnit

RATE_STEPS = 40  # over which learning rates are compared: in fewer, the one that is best at first wins


def treated_copy(patient: Patient) -> Patient:
    """A copy whose optimiser has also kept what remedies hung on it."""
    copied = patient.copied()
    hooked_alike(copied.optimizer, patient.optimizer)
    return copied


def losses_at(patient: Patient, factor: float) -> PerUnit:
    """The losses of a short training with all learning rates multiplied by a factor."""
    copied = treated_copy(patient)
    scale_rates(copied.optimizer, factor)
    return trained(copied, steps=RATE_STEPS)


def mean_end(losses: PerUnit) -> float:
    """The mean over the second half; infinite if it is not finite."""
    end = float(np.mean(losses[len(losses) // 2 :]))
    return end if math.isfinite(end) else math.inf


def refined(
    patient: Patient, exponent: float, end: float, *, beside: tuple[float, ...], base: float
) -> float:
    """The best power of a factor on the rates: one known, which ended at `end`, or those beside it."""
    ends = {exponent: end} | {each: mean_end(losses_at(patient, base**each)) for each in beside}
    return min(ends, key=ends.__getitem__)
