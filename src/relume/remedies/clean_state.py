"""Constants and weights that hold NaN or infinity before the first step are filled in."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from relume.remedies.drawing import drawn, new_generator
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Set what is no number to 0 in a constant; in a parameter, draw it as the rest of that is."""
    told, generator = list[str](), new_generator()
    for name, constant in (*patient.model.named_buffers(), *_attributes(patient.model)):
        is_bad = _is_bad(constant)
        if number := int(is_bad.sum()):
            constant.masked_fill_(is_bad, 0.0)
            told.append(f"{number} of {constant.numel()} numbers of {name} set to 0")
    for name, parameter in patient.model.named_parameters():
        if bad := _count_bad(parameter):
            parameter.copy_(parameter.where(parameter.isfinite(), _alike(parameter, generator)))
            told.append(f"{bad} of {parameter.numel()} numbers of {name} drawn anew")
    return ", ".join(told)


def _attributes(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Constants that were not registered as buffers."""
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, Tensor) and not isinstance(value, nn.Parameter):
                yield f"{path}.{name}" if path else name, value


def _is_bad(constant: Tensor) -> Tensor:
    """Where it is no number; not the minus infinity of a mask, which is 0 elsewhere."""
    is_bad = ~constant.isfinite()  # of whole numbers all are
    return is_bad if bool(constant[~is_bad].any()) else is_bad & (constant != -math.inf)


def _count_bad(values: Tensor) -> int:
    return int((~values.isfinite()).sum()) if values.is_floating_point() else 0


def _alike(parameter: Tensor, generator: torch.Generator) -> Tensor:
    """Normal numbers of the deviation of those that are numbers; as torch's layers begin, if none is."""
    good = parameter[parameter.isfinite()]
    fan_in = parameter[0].numel() if parameter.dim() > 1 else parameter.numel()
    deviation = float(good.std()) if len(good) > 1 else 1 / math.sqrt(3 * fan_in)
    return drawn(parameter, deviation, generator)


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Look where the model's constants and weights are made or loaded: "
        "all(bool(v.isfinite().all()) for v in model.state_dict().values()) is to hold. A root or a quotient "
        "of 0 needs a clamp(min=1) before it; a checkpoint with NaN was saved after the training had failed."
    )


clean_state = Remedy(
    name="clean-state",
    apply=apply,
    changes=frozenset({"model"}),
    stage="input",
    meaning="sets numbers of constants that are NaN or infinite to 0, but for minus infinity in a mask, and "
    "draws those of parameters anew",
    advice=advice,
    citation="IEEE 754: a NaN stays NaN under every later operation",
)
