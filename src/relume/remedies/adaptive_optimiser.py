"""Plain descent gives way to Adam, whose step in each weight does not depend on the gradient's scale."""

from torch.optim import Adam, Optimizer

from relume.remedies.measuring import RATE_STEPS, mean_end, treated_copy
from relume.remedies.optimisers import hooked_alike, rates_of
from relume.remedies.remedy import Remedy
from relume.trial import Patient, trained
from relume.types import Finding

# From Adam's own default upwards: what trains small networks, in half orders of magnitude.
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
ADAPTIVE = ("RMSprop", "Adagrad", "Adadelta", "Rprop")  # besides those of the family of Adam


def apply(patient: Patient, finding: Finding) -> str:
    """Train by Adam, at the rate that has lowered the loss most in trials of a few steps."""
    if _is_adaptive(patient.optimizer):
        return ""
    old = type(patient.optimizer).__name__
    ends = {rate: _end(patient, rate) for rate in RATES}
    best = min(ends, key=ends.__getitem__)
    patient.optimizer = _adam(patient.optimizer, best)
    rates = rates_of(patient.optimizer)
    return f"{old} -> Adam, learning rate {rates}, the best of trials of {RATE_STEPS} steps"


def _is_adaptive(optimizer: Optimizer) -> bool:
    """Of a class that is not torch's nothing is known: it may set its rates in every step."""
    kind = type(optimizer)
    is_torchs = kind.__module__.startswith("torch.optim")
    return is_torchs and ("betas" in optimizer.defaults or kind.__name__ in ADAPTIVE)


def _end(patient: Patient, rate: float) -> float:
    copied = treated_copy(patient)
    copied.optimizer = _adam(copied.optimizer, rate)
    return mean_end(trained(copied, steps=RATE_STEPS))


def _adam(old: Optimizer, rate: float) -> Optimizer:
    """Adam over the same groups, whose rates stay in proportion."""
    fastest = max(float(group["lr"]) for group in old.param_groups) or 1.0
    groups = [
        {
            "params": group["params"],
            "lr": rate * float(group["lr"]) / fastest,
            "weight_decay": float(group.get("weight_decay", 0.0)),
        }
        for group in old.param_groups
    ]
    return hooked_alike(Adam(groups, lr=rate), old)


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Use torch.optim.Adam in place of plain descent, with a learning rate between "
        f"{min(RATES):g} and {max(RATES):g}: of those, the one by which the loss falls most over the first "
        f"{RATE_STEPS} steps."
    )


adaptive_optimiser = Remedy(
    name="adaptive-optimiser",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="trains by Adam in place of SGD, at the best of four learning rates over "
    f"{RATE_STEPS} steps on the same batches",
    advice=advice,
    citation="Kingma & Ba (2015), Adam: a method for stochastic optimization, section 2.1",
)
