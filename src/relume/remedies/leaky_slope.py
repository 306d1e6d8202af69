"""ReLU gets a small slope below zero, so that no unit is ever without a gradient."""

from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.swapping import swap_hidden
from relume.trial import Patient
from relume.types import Finding

SWAPS = {"relu": "leaky_relu", "relu_one_at_zero": "leaky_relu"}


def apply(patient: Patient, finding: Finding) -> str:
    """Swap every hidden ReLU for a leaky one of slope 0.01."""
    return swap_hidden(patient, SWAPS)


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return f"Use nn.LeakyReLU(0.01) instead of ReLU in hidden layers: {lines_of(finding)}."


leaky_slope = Remedy(
    name="leaky-slope",
    apply=apply,
    changes=frozenset({"model"}),
    stage="structure",
    meaning="swaps ReLU in hidden layers for leaky ReLU of slope 0.01, which passes a gradient on both sides",
    advice=advice,
    citation="Maas, Hannun & Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
)
