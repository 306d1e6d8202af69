"""The network's input gets zero mean and unit deviation, channel by channel."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from relume.remedies.batches import mapped
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import call
from relume.trial import Batch, Patient
from relume.types import Finding

MOST_SHOWN = 8  # numbers in a sentence


def apply(patient: Patient, finding: Finding) -> str:
    """Standardise the first tensor of numbers in each batch, and those given to the model beside it.

    Two pictures of a pair are standardised by the same numbers. Targets are left alone, but for one that is
    the input itself, as an autoencoder's.
    """
    places = _places_of_inputs(patient)
    inputs = [value for batch in patient.batches for place, value in _parts(batch) if place in places]
    if not inputs:
        return ""
    mean, deviation = moments(inputs)
    axis = unit_axis(inputs[0])

    def standardised(x: Tensor) -> Tensor:
        shape = [1] * x.dim()
        shape[axis] = -1
        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        centred = x.double() - mean.to(x.device).view(shape)
        return (centred / deviation.to(x.device).view(shape)).to(dtype)

    patient.batches = tuple(_with_inputs(batch, places, standardised) for batch in patient.batches)
    return f"inputs x -> (x - mean) / std with mean = {_shown(mean)}, std = {_shown(deviation)}"


def moments(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
    """[units] Mean and deviation over all examples and places; a deviation of 0 is given as 1.

    In float64, and in two passes: the squares of bytes far from 0 would swallow the difference.
    """
    axis = unit_axis(inputs[0])
    rows = [x.detach().cpu().double().movedim(axis, -1).flatten(0, -2) for x in inputs]
    count = sum(len(part) for part in rows)
    mean = torch.stack([part.sum(0) for part in rows]).sum(0) / count
    variance = torch.stack([(part - mean).square().sum(0) for part in rows]).sum(0) / count
    deviation = variance.sqrt()
    # Of a pixel that hardly ever differs, a deviation of its own would make an outlier. Held to the median
    # of those that differ at all: to the largest, one feature of another unit would hide all others.
    differing = deviation[deviation > 0]
    floor = 0.01 * float(differing.median()) if len(differing) else 0.0
    return mean, deviation.where(deviation > floor, torch.full_like(deviation, max(floor, 1e-12)))


def unit_axis(x: Tensor) -> int:
    """Channels of images [batch, channels, ...]; features otherwise."""
    return 1 if x.dim() >= 4 else -1


def _is_numbers(value: object) -> bool:
    # Bytes are pixels; other whole numbers are names of tokens or classes.
    return (
        isinstance(value, Tensor)
        and value.dim() >= 2
        and (value.is_floating_point() or value.dtype == torch.uint8)
    )


def _parts(batch: Batch) -> Iterator[tuple[Any, Any]]:
    if isinstance(batch, dict):
        yield from batch.items()
    elif isinstance(batch, list | tuple):
        yield from enumerate(batch)
    else:
        yield None, batch


def _places_of_inputs(patient: Patient) -> list[Any]:
    """Where in a batch the first tensor of numbers is, and others of its kind that a module is given too."""
    first = [(place, value) for place, value in _parts(patient.batches[0]) if _is_numbers(value)]
    if not all(any(_is_numbers(v) for _, v in _parts(batch)) for batch in patient.batches):
        return []
    given = set[int]()
    copied = patient.copied()
    for module in copied.model.modules():
        module.register_forward_pre_hook(_note_into(given), with_kwargs=True)
    call(copied)
    place, x = first[0]
    beside = [p for p, v in first[1:] if v.shape[1:] == x.shape[1:] and v.data_ptr() in given]
    return [place, *beside]


def _note_into(given: set[int]) -> Callable[..., None]:
    def note(module: nn.Module, args: Any, kwargs: Any) -> None:
        given.update(x.data_ptr() for x in (*args, *kwargs.values()) if isinstance(x, Tensor))

    return note


def _with_inputs(batch: Batch, places: Sequence[Any], change: Callable[[Tensor], Tensor]) -> Batch:
    are_inputs = iter([place in places for place, _ in _parts(batch)])
    return mapped(batch, lambda value: change(value) if next(are_inputs) else value)


def _shown(values: Tensor) -> str:
    numbers = [f"{value:.4g}" for value in values[:MOST_SHOWN].tolist()]
    more = f", ... {len(values)} in all" if len(values) > MOST_SHOWN else ""
    return numbers[0] if len(values) == 1 else f"[{', '.join(numbers)}{more}]"


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    measured = ", ".join(f"{evidence.quantity} {evidence.measured:.4g}" for evidence in finding.evidence)
    return (
        "Standardise the inputs in the data set's transform: x = (x - mean) / std, with one mean and std a "
        "channel or "
        f"feature, taken from the training data{f' (measured: {measured})' if measured else ''}: "
        f"{lines_of(finding)}."
    )


standardise_input = Remedy(
    name="standardise-input",
    apply=apply,
    changes=frozenset({"batches"}),
    stage="input",
    meaning="brings the inputs to zero mean and unit standard deviation, by channel of an image and by "
    "feature "
    "otherwise, as measured on the batches",
    advice=advice,
    citation="LeCun, Bottou, Orr & Müller (1998), Efficient backprop, section 4.3",
)
