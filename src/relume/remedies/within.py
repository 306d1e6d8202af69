"""A mode of torch functions laid around a model's forward, or around the loss that calls it in parts."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.remedies.lines import Line, calling_line
from relume.trial import SEED, Batch, Loss, Patient, random_state_restored


class Mending(TorchFunctionMode):
    """Notes the lines at which something is wrong, and mends it at those it was given."""

    def __init__(self, undone: frozenset[Line]) -> None:
        super().__init__()
        self.undone = undone
        self.found: set[Line] = set()

    def is_to_be_mended(self) -> bool:
        """Note the line of the user's code that is at work; whether it is one of those given."""
        line = calling_line()
        if line is not None:
            self.found.add(line)
        return line in self.undone


Mend = Callable[[frozenset[Line]], Mending]


def mended(patient: Patient, mend: Mend) -> frozenset[Line]:
    """Mend a patient's forward at the lines where that is needed; the loss, where its forward has none.

    A loss may cut on purpose, as for the targets of a teacher: a forward's own lines come first.
    """
    if lines := _lines_of_forward(patient, mend):
        patient.model.__dict__["forward"] = ForwardWithin(patient.model, mend, lines)
    elif lines := _lines_of_loss(patient, mend):
        patient.loss = LossWithin(patient.loss, mend, lines)
    return lines


def _lines_of_forward(patient: Patient, mend: Mend) -> frozenset[Line]:
    copied, mode = patient.copied(), mend(frozenset())
    forward = copied.model.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        with mode:
            return forward(*args, **kwargs)

    copied.model.__dict__["forward"] = watched
    _call(copied)
    return frozenset(mode.found)


def _lines_of_loss(patient: Patient, mend: Mend) -> frozenset[Line]:
    mode = mend(frozenset())
    with mode:
        _call(patient.copied())
    return frozenset(mode.found)


def _call(patient: Patient) -> None:
    with random_state_restored():
        torch.manual_seed(SEED)
        patient.loss(patient.model, patient.batches[0])


class ForwardWithin:
    """A model's forward, mended at some lines; it keeps the model's class, names and state."""

    def __init__(self, module: nn.Module, mend: Mend, lines: frozenset[Line]) -> None:
        self.module, self.mend, self.lines = module, mend, lines
        self.shadowed = module.__dict__.get("forward")  # by another remedy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward there was."""
        with self.mend(self.lines):
            if self.shadowed is not None:
                return self.shadowed(*args, **kwargs)
            return type(self.module).forward(self.module, *args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the forward itself: frameworks choose a batch's columns by it."""
        return inspect.signature(type(self.module).forward.__get__(self.module))


class LossWithin:
    """A loss, and the calls of the model in it, mended at some lines."""

    def __init__(self, loss: Loss, mend: Mend, lines: frozenset[Line]) -> None:
        self.loss, self.mend, self.lines = loss, mend, lines

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        """The loss of a model on a batch."""
        with self.mend(self.lines):
            return self.loss(model, batch)
