"""What the programs of the seventh part share, and the patterns of their causes."""

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
from tests.faults.report.making import Loss, Warmed, constant, normal, refilled, trained

__all__ = [
    "ALIKE",
    "CUT",
    "DATA",
    "GROWTH",
    "INPUT",
    "LEFT_OUT",
    "OVERFLOW",
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
    "refilled",
    "seen_through",
    "trained",
    "weighted",
]

# Patterns of causes: wide in their wording, narrow in their meaning
SIGMOID = r"sigmoid|saturat|slope|flat end|activation"
UNDEFINED = r"\bloss\b|\blog|deriv|slope|root|sqrt|undefined|divi|0/0|operation|\bpow"
OVERFLOW = r"overflow|half|float16|precision|largest|too large|infini|\binf\b"
