"""Modules start as they come from torch: what was drawn or set by hand is taken back."""

import torch
from torch import nn

from relume.remedies.remedy import Remedy, lines_of
from relume.trial import SEED, Patient, random_state_restored
from relume.types import Finding

RESETS = ("reset_parameters", "_reset_parameters")  # the second one: attention


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Call the reset of every module that has one and trains something; bare parameters stay as they are."""
    changed: list[str] = []
    with random_state_restored():
        torch.manual_seed(SEED)
        for name, module in patient.model.named_modules():
            own = [p for p in module.parameters(recurse=False) if p.requires_grad]
            reset = next((getattr(module, each) for each in RESETS if hasattr(module, each)), None)
            if own and callable(reset) and not _is_materialised_later(module):
                reset()
                changed.append(name)
    return f"{len(changed)} modules as torch initialises them" if changed else ""


def _is_materialised_later(module: nn.Module) -> bool:
    return any(nn.parameter.is_lazy(parameter) for parameter in module.parameters(recurse=False))


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Take away your own initialisation of the layers around {lines_of(finding)}, their biases and the "
        "gains of normalisations included: torch's own (reset_parameters) trains."
    )


default_initialisation = Remedy(
    name="default-initialisation",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",
    meaning="initialises every module as torch does: weights, biases, gains and running statistics",
    advice=advice,
    citation="PyTorch, torch.nn: reset_parameters; LeCun, Bottou, Orr & Müller (1998), Efficient backprop, "
    "section 4.6",
)
