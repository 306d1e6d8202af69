"""No step follows a gradient that is longer than usual."""

import math
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch.optim import Optimizer

from relume.remedies.measuring import treated_copy
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Patient, trained
from relume.types import Finding

MEASURED_STEPS = 10
MARGIN = 1.0  # of the median norm; Pascanu et al., section 3.2: half to ten times the average


class Clip:
    """Scales the gradients of an optimiser's parameters, before a step, to a norm of at most `norm`."""

    def __init__(self, norm: float) -> None:
        self.norm = norm

    def __call__(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """As a hook that runs before the optimiser's step."""
        torch.nn.utils.clip_grad_norm_(_parameters(optimizer), self.norm)


def apply(patient: Patient, finding: Finding) -> str:
    """Clip at the median norm of a few first steps."""
    norms = first_norms(patient)
    if not norms:
        return ""
    norm = MARGIN * median(norms)
    patient.optimizer.register_step_pre_hook(Clip(norm))
    return f"gradients clipped at a norm of {norm:.4g}, the median of the first {len(norms)} steps"


def first_norms(patient: Patient) -> list[float]:
    """The global norms of the gradients of the first steps, those that are finite and not 0."""
    copied, norms = treated_copy(patient), list[float]()
    copied.optimizer.register_step_pre_hook(_note_into(norms))
    trained(copied, steps=MEASURED_STEPS)
    return [norm for norm in norms if math.isfinite(norm) and norm > 0]


def _note_into(norms: list[float]) -> Callable[..., None]:
    def note(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        norms.append(float(torch.nn.utils.get_total_norm([p.grad for p in _parameters(optimizer)])))

    return note


def _parameters(optimizer: Optimizer) -> list[Any]:
    return [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Before optimizer.step(), call torch.nn.utils.clip_grad_norm_(model.parameters(), norm) with the "
        "median norm "
        f"of the first steps: {lines_of(finding)}."
    )


clip_gradients = Remedy(
    name="clip-gradients",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning="scales gradients whose global norm exceeds the median of the first ten steps down to it",
    advice=advice,
    citation="Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks, "
    "algorithm 1",
)
