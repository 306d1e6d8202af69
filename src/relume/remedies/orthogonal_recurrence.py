"""What is applied at every step of a sequence begins as a rotation: it keeps the length of a state."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from relume.remedies.drawing import new_generator
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import call
from relume.trial import Patient
from relume.types import Finding

FEWEST_CALLS = 3  # of a layer in a forward: it is stepped through, not used twice
RECURRENT = (nn.RNNBase, nn.RNNCellBase)


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Draw the square weights of every recurrence as orthogonal matrices, gate by gate."""
    generator, told = new_generator(), list[str]()
    for name, weight in _recurrent_weights(patient):
        for block in torch.split(weight, weight.shape[1]):
            nn.init.orthogonal_(block, generator=generator)
        told.append(name)
    return f"orthogonal: {', '.join(told)}" if told else ""


def _recurrent_weights(patient: Patient) -> Iterator[tuple[str, Tensor]]:
    """Those that take a state to the next: of torch's cells, of layers called step by step, or held bare."""
    calls = _calls(patient)
    for path, module in patient.model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or not _is_of_a_state(parameter):
                continue
            is_layer = isinstance(module, nn.Linear) and calls[path] >= FEWEST_CALLS
            is_cell = isinstance(module, RECURRENT) and name.startswith("weight_hh")
            is_bare = not type(module).__module__.startswith("torch.")
            if is_layer or is_cell or is_bare:
                yield f"{path}.{name}".removeprefix("."), parameter


def _is_of_a_state(weight: Tensor) -> bool:
    """Whether it is square, or square gate by gate."""
    return weight.dim() == 2 and weight.shape[1] > 1 and weight.shape[0] % weight.shape[1] == 0


def _calls(patient: Patient) -> Counter[str]:
    """How often each module is called for a batch."""
    copied, calls = patient.copied(), Counter[str]()
    for path, module in copied.model.named_modules():
        module.register_forward_pre_hook(_count_in(calls, path))
    with torch.no_grad():
        call(copied)
    return calls


def _count_in(calls: Counter[str], path: str) -> Any:
    def count(*_: object) -> None:
        calls[path] += 1

    return count


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Initialise what takes one state to the next by torch.nn.init.orthogonal_(weight), each gate by "
        f"itself: {lines_of(finding)}."
    )


orthogonal_recurrence = Remedy(
    name="orthogonal-recurrence",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",
    meaning="draws the square weights of recurrences as orthogonal matrices, gate by gate: torch's recurrent "
    "layers, layers called three times or more a forward, and square parameters of one's own modules",
    advice=advice,
    citation="Saxe, McClelland & Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in "
    "deep linear neural networks; Le, Jaitly & Hinton (2015), A simple way to initialize recurrent "
    "networks of rectified linear units",
)
