"""The network's input gets zero mean and unit deviation, channel by channel."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Batch, Patient
from relume.types import Finding

MOST_SHOWN = 8  # numbers in a sentence


def apply(patient: Patient, finding: Finding) -> str:
    """Standardise the first tensor of numbers in each batch; targets are left alone."""
    inputs = [found for batch in patient.batches if (found := _input_of(batch)) is not None]
    if len(inputs) < len(patient.batches):
        return ""
    mean, deviation = moments(inputs)
    axis = unit_axis(inputs[0])

    def standardised(x: Tensor) -> Tensor:
        shape = [1] * x.dim()
        shape[axis] = -1
        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        centred = x.double() - mean.to(x.device).view(shape)
        return (centred / deviation.to(x.device).view(shape)).to(dtype)

    patient.batches = tuple(_with_input(batch, standardised) for batch in patient.batches)
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


def _place_of_input(batch: Batch) -> Any:
    return next((place for place, value in _parts(batch) if _is_numbers(value)), None)


def _input_of(batch: Batch) -> Tensor | None:
    if isinstance(batch, Tensor):
        return batch if _is_numbers(batch) else None
    place = _place_of_input(batch)
    found: Tensor | None = None if place is None else batch[place]
    return found


def _with_input(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    if isinstance(batch, Tensor):
        return change(batch)
    place = _place_of_input(batch)
    if isinstance(batch, dict):
        return {**batch, place: change(batch[place])}
    values = [change(value) if index == place else value for index, value in enumerate(batch)]
    return type(batch)(*values) if hasattr(batch, "_fields") else type(batch)(values)


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
