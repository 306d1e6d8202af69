"""A mode of torch functions laid around a model's forward, or around the loss that calls it in parts."""

import inspect
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.errors import TrialError
from relume.remedies.lines import Line, calling_line, shown
from relume.remedies.measuring import treated_copy
from relume.trial import SEED, Batch, Loss, Patient, random_state_restored, trained

STEPS = 20  # in which it shows whether an operation has to be mended at all; more, for more batches
MOST_LINES = 3  # named in a sentence


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
        patient.model.__dict__["forward"] = ForwardWithin(patient.model, partial(mend, lines))
    elif lines := _lines_of_loss(patient, mend):
        patient.loss = LossUnder(patient.loss, partial(mend, lines))
    return lines


def _lines_of_forward(patient: Patient, mend: Mend) -> frozenset[Line]:
    copied, mode = patient.copied(), mend(frozenset())
    forward = copied.model.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        with mode:
            return forward(*args, **kwargs)

    copied.model.__dict__["forward"] = watched
    call(copied)
    return frozenset(mode.found)


def _lines_of_loss(patient: Patient, mend: Mend) -> frozenset[Line]:
    copied, mode = patient.copied(), mend(frozenset())
    with mode:  # not around the copying: that detaches too
        call(copied)
    return frozenset(mode.found)


def call(patient: Patient) -> Tensor:
    """What a patient's loss says of its first batch, with the random numbers of a trial."""
    with random_state_restored():
        torch.manual_seed(SEED)
        return patient.loss(patient.model, patient.batches[0])


class ForwardWithin:
    """A module's forward under a mode made for each call; the module keeps its class, names and state."""

    def __init__(self, module: nn.Module, mode: Callable[[], TorchFunctionMode]) -> None:
        self.module, self.mode = module, mode
        self.shadowed = module.__dict__.get("forward")  # by another remedy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward there was."""
        with self.mode():
            if self.shadowed is not None:
                return self.shadowed(*args, **kwargs)
            return type(self.module).forward(self.module, *args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the forward itself: frameworks choose a batch's columns by it."""
        return inspect.signature(type(self.module).forward.__get__(self.module))


class Keeping(TorchFunctionMode):
    """Mends operations wherever that is needed, and counts by line where it was."""

    def __init__(self) -> None:
        super().__init__()
        self.needed: Counter[str] = Counter()

    def notes(self, name: str) -> bool:
        """Count an operation that has to be mended, by the line at work; not one of a watch's own."""
        line = calling_line()
        if line is not None:
            self.needed[f"{name.strip('_')} at {shown(line)}"] += 1
        return line is not None


def kept(patient: Patient, mode: type[Keeping]) -> str:
    """Lay a mode around a patient's loss and the forward within; where it was needed in the first steps.

    Nothing is laid around them, and nothing told, where it was not.
    """
    noting, copied = mode(), treated_copy(patient)
    copied.loss = LossUnder(patient.loss, lambda: noting)
    try:
        trained(copied, steps=max(STEPS, len(patient.batches)))
    except TrialError:
        return ""
    if not noting.needed:
        return ""
    patient.loss = LossUnder(patient.loss, mode)
    lines = [name for name, _ in noting.needed.most_common()]
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    return f"{', '.join(lines[:MOST_LINES])}{more}"


class LossUnder:
    """A loss, and the calls of the model in it, under a mode that is made for each."""

    def __init__(self, loss: Loss, mode: Callable[[], TorchFunctionMode]) -> None:
        self.loss, self.mode = loss, mode

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        """The loss of a model on a batch."""
        with self.mode():
            return self.loss(model, batch)
