"""What the programs of the eighth part share, and the patterns of their causes."""

from tests.faults.building import weighted
from tests.faults.fourth.making import (
    ALIKE,
    CUT,
    DATA,
    GROWTH,
    INPUT,
    LEFT_OUT,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    seen_through,
)
from tests.faults.report.making import Loss, Warmed, constant, normal, trained

__all__ = [
    "ALIKE",
    "CUT",
    "DATA",
    "ENDS",
    "GROWTH",
    "INPUT",
    "RATE",
    "SIGMOID",
    "STEP",
    "UNDEFINED",
    "WEIGHTS",
    "Fill",
    "Loss",
    "Warmed",
    "constant",
    "filled",
    "normal",
    "seen_through",
    "trained",
    "weighted",
]

# Patterns of causes: wide in their wording, narrow in their meaning
SIGMOID = r"sigmoid|saturat|slope|flat end|activation"
ENDS = WEIGHTS + r"|pre-activation"
UNDEFINED = (
    r"\bloss\b|\blog|deriv|slope|root|sqrt|undefined|divi|0/0|operation|\bpow|\bexp|overflow|underflow"
)
RATE = r"learning rate|\blr\b|group|" + LEFT_OUT
