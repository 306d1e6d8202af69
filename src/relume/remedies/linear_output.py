"""An output whose activation cannot reach the targets is left as the last layer computes it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.probe.calls import kind_of
from relume.remedies.anatomy import anatomy_of
from relume.remedies.batches import values_of
from relume.remedies.parts import Use
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.swapping import put
from relume.remedies.within import ForwardWithin, Mending, call
from relume.trial import Patient
from relume.types import Finding

BEYOND = 0.01  # of the range, or of 1: a target of 1 for a sigmoid is at its end, not beyond


def apply(patient: Patient, finding: Finding) -> str:
    """Take away the activation of the output, if targets lie beyond what it can reach."""
    last = next((use for use in reversed(anatomy_of(patient).uses) if not use.is_gate), None)
    if last is None or last.is_hidden:
        return ""
    low, high = activations[last.name].range
    beyond = [each for each in _targets(patient) if _is_beyond(each, low, high)]
    if not beyond:
        return ""
    _take_away(patient.model, last)
    least, greatest = min(float(y.min()) for y in beyond), max(float(y.max()) for y in beyond)
    return (
        f"{last.name} of the output taken away: targets from {least:.3g} to {greatest:.3g} lie beyond "
        f"{low:g} to {high:g}"
    )


def _targets(patient: Patient) -> Iterator[Tensor]:
    """What in the batches is of the shape of an output, but for axes of 1, and is not the input."""
    shapes = set[tuple[int, ...]]()
    copied = patient.copied()
    copied.model.register_forward_hook(_note_shapes(shapes))
    call(copied)
    for batch in patient.batches:
        for value in values_of(batch)[1:]:
            if isinstance(value, Tensor) and value.is_floating_point() and _squeezed(value.shape) in shapes:
                yield value


def _note_shapes(shapes: set[tuple[int, ...]]) -> Callable[..., None]:
    def note(module: nn.Module, args: Any, out: Any) -> None:
        shapes.update(_squeezed(each.shape) for each in values_of(out) if isinstance(each, Tensor))

    return note


def _squeezed(shape: torch.Size) -> tuple[int, ...]:
    return tuple(size for size in shape[1:] if size > 1)  # the batch's own size may differ at the end


def _is_beyond(targets: Tensor, low: float, high: float) -> bool:
    margin = BEYOND * min(high - low, 1.0)
    return bool(((targets < low - margin) | (targets > high + margin)).any())


def _take_away(model: nn.Module, use: Use) -> None:
    if use.module is not None:
        put(model, use.module, nn.Identity())
    elif use.line is not None:
        model.__dict__["forward"] = ForwardWithin(model, partial(Passing, frozenset({use.line})))


class Passing(Mending):
    """Returns what an activation is given, at some lines."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call, if it is no activation at one of the lines."""
        if kind_of(func) == "activation" and self.is_to_be_mended():
            return args[0] if args else kwargs["input"]
        return func(*args, **(kwargs or {}))


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Take the activation of the output away ({lines_of(finding)}), or scale the targets into its range: "
        "what it cannot reach it cannot learn."
    )


linear_output = Remedy(
    name="linear-output",
    apply=apply,
    changes=frozenset({"model"}),
    stage="structure",
    meaning="takes away the activation of the output where targets of the batches lie beyond its range",
    advice=advice,
    citation="Bishop (2006), Pattern recognition and machine learning, section 5.2: the output's activation "
    "belongs to the kind of targets",
)
