"""Examples that hold NaN or infinity are left out; or filled in, where little would be left."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from relume.remedies.batches import mapped, values_of
from relume.remedies.remedy import Remedy
from relume.trial import Batch, Patient
from relume.types import Finding

MOST_DROPPED = 0.5  # of all examples; where more are bad, a feature is, and the examples are not
FILLED_WITH = 0.0  # the mean of what is standardised


def apply(patient: Patient, finding: Finding) -> str:
    """Drop them from every batch, and batches in which nothing is left."""
    marks = [_good(batch) for batch in patient.batches]
    known = [good for good in marks if good is not None]
    examples, bad = sum(map(len, known)), sum(int((~good).sum()) for good in known)
    if not bad:
        return ""
    if bad > MOST_DROPPED * examples or _are_infinite(patient.batches):
        patient.batches = tuple(_changed(batch, _filled) for batch in patient.batches)
        return (
            f"in {bad} of {examples} examples infinity set to the feature's least or greatest number, NaN to "
            f"{FILLED_WITH:g}"
        )
    pairs = zip(patient.batches, marks, strict=True)
    patient.batches = tuple(
        batch if good is None else _changed(batch, _rows(good))
        for batch, good in pairs
        if good is None or bool(good.any())
    )
    return f"{bad} of {examples} examples with NaN or infinity left out"


def _good(batch: Batch) -> Tensor | None:
    """[examples] Which examples are finite throughout; None if the batch has no tensors of one length."""
    tensors = [value for value in values_of(batch) if isinstance(value, Tensor) and value.dim()]
    if not tensors or len({len(tensor) for tensor in tensors}) > 1:
        return None
    good = torch.ones(len(tensors[0]), dtype=torch.bool)
    for tensor in tensors:
        if tensor.is_floating_point():
            good &= tensor.detach().isfinite().reshape(len(tensor), -1).all(1).cpu()
    return good


def _are_infinite(batches: Iterable[Batch]) -> bool:
    """Whether infinity is all that is wrong: the end of a scale, as the logarithm of 0, is not missing."""
    tensors = [value for batch in batches for value in values_of(batch) if isinstance(value, Tensor)]
    values = [value for value in tensors if value.is_floating_point()]
    return any(bool(each.isinf().any()) for each in values) and not any(
        bool(each.isnan().any()) for each in values
    )


def _rows(good: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda values: values[good.to(values.device)]


def _filled(values: Tensor) -> Tensor:
    """Infinity as the feature's least or greatest number, NaN as 0."""
    if not values.is_floating_point():
        return values
    flat = values.reshape(-1, values.shape[-1]) if values.dim() > 1 else values[:, None]
    fine = flat.isfinite()
    least = torch.where(fine, flat, torch.inf).amin(0).nan_to_num(posinf=FILLED_WITH)
    greatest = torch.where(fine, flat, -torch.inf).amax(0).nan_to_num(neginf=FILLED_WITH)
    kept = torch.where(flat.isnan(), FILLED_WITH, flat).clamp(least, greatest)
    return kept.reshape(values.shape)


def _changed(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    return mapped(batch, lambda value: change(value) if isinstance(value, Tensor) and value.dim() else value)


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Leave out or fill in examples with missing values in the data set: "
        "keep = torch.isfinite(x).flatten(1).all(1); x, y = x[keep], y[keep]."
    )


clean_examples = Remedy(
    name="clean-examples",
    apply=apply,
    changes=frozenset({"batches"}),
    stage="input",
    meaning="leaves out examples that hold NaN or infinity; sets these values to 0 where most examples do",
    advice=advice,
    citation="IEEE 754: a NaN stays NaN under every later operation",
)
