"""Steps that stop a gradient are taken forwards and left out backwards: the straight-through estimator."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from relume.remedies.lines import shown
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Mending, mended
from relume.trial import Patient
from relume.types import Finding

ROUNDS = ("round", "sign", "floor", "ceil", "trunc", "sgn")  # their slope is 0 wherever they have one
CHOICES: Mapping[str, float] = {"argmax": 1.0, "argmin": -1.0}
COMPARISONS: Mapping[str, float] = {
    name: sign
    for sign, names in ((1.0, ("gt", "ge", "greater")), (-1.0, ("lt", "le", "less")))
    for name in (*names, *(f"__{name}__" for name in names[:2]))
}
CASTS = ("float", "double", "half", "bfloat16", "to", "type", "type_as")
PRODUCTS = ("mul", "multiply", "__mul__", "__rmul__")
DRAWS = ("normal", "bernoulli")  # which distributions draw without a graph, by `sample`
TORCH = f"{Path(torch.__file__).parent}{os.sep}"
DISTRIBUTIONS = f"{TORCH}distributions{os.sep}"


def apply(patient: Patient, finding: Finding) -> str:
    """Find the steps that let no gradient through, and give them a slope backwards."""
    lines = mended(patient, Steps)
    return f"a gradient passes the steps at {', '.join(sorted(map(shown, lines)))}" if lines else ""


class Steps(Mending):
    """Notes the lines with steps that stop a gradient, and lets it through at those it was given.

    What was chosen or compared is kept beside what came of it, since a gradient is due only where that
    becomes a number again.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        keywords, name = kwargs or {}, getattr(func, "__name__", "")
        if name == "_set_grad_enabled" and _is_in_a_distribution():
            return None  # what `sample` sets: the mean would have no graph
        out = func(*args, **keywords)
        if not isinstance(out, Tensor):
            return out
        with torch._C.DisableTorchFunction():
            _remember(name, out, args, keywords)
            slope = _slope(name, out, args)
            if slope is None or not slope.requires_grad or not self.is_to_be_mended():
                return out
            return out + (slope - slope.detach())


def _remember(name: str, out: Tensor, args: Any, keywords: Mapping[str, Any]) -> None:
    """Keep beside an index or a truth what it came from: scores, or a difference."""
    if name in CHOICES and _is_alive(args[0]):
        axis = keywords.get("dim", args[1] if len(args) > 1 else None)
        if axis in (-1, args[0].dim() - 1):
            out.scores = CHOICES[name] * args[0]  # type: ignore[attr-defined]
    elif name in COMPARISONS and len(args) > 1 and (_is_alive(args[0]) or _is_alive(args[1])):
        out.difference = COMPARISONS[name] * (args[0] - args[1])  # type: ignore[attr-defined]
    elif name == "one_hot" and hasattr(args[0], "scores") and out.shape == args[0].scores.shape:
        out.scores = args[0].scores  # type: ignore[attr-defined]


def _slope(name: str, out: Tensor, args: Any) -> Tensor | None:
    """What the output changes by, backwards; None where it is no step."""
    alive = [_is_alive(each) for each in args[:2]]
    if name in ROUNDS and alive[0]:
        return _as_tensor(args[0])
    if name in DRAWS and any(alive):
        return _drawn(name, out, args)
    return _of_index(name, out, args) if out.is_floating_point() else None


def _of_index(name: str, out: Tensor, args: Any) -> Tensor | None:
    """The same where an index or a truth becomes a number."""
    if name in CASTS:
        return _as_number(args[0], out)
    if name in PRODUCTS:
        return _of_product(out, *args[:2])
    if name == "embedding":
        return _looked_up(args[0], args[1])
    if name == "__getitem__":
        return _looked_up(args[1], args[0])
    if name == "where" and len(args) == 3 and hasattr(args[0], "difference"):
        is_cut = not any(map(_is_alive, args[1:]))
        return _as_tensor(args[0].difference.tanh() / 2 * (args[1] - args[2])) if is_cut else None
    return None


def _drawn(name: str, out: Tensor, args: Any) -> Tensor:
    """A number drawn from a normal distribution is its mean and so many deviations; 0 or 1, its chance."""
    if name == "bernoulli":
        return _as_tensor(args[0])
    mean, deviation = args[:2]
    beyond = ((out - mean) / deviation).detach()
    return _as_tensor(mean + beyond * deviation)


def _as_number(source: Any, out: Tensor) -> Tensor | None:
    """Of a comparison that becomes 0 and 1, half of a hyperbolic tangent; of a choice, a softmax."""
    if hasattr(source, "difference"):
        return _as_tensor(source.difference.tanh() / 2)
    if not hasattr(source, "scores"):
        return None
    shares = source.scores.softmax(-1)
    if shares.shape == source.shape:
        return _as_tensor(shares)
    return _as_tensor(shares @ torch.arange(shares.shape[-1], dtype=out.dtype, device=out.device))


def _of_product(out: Tensor, one: Any, other: Any) -> Tensor | None:
    """Of an index or a truth times a number."""
    if (slope := _as_number(one, out)) is not None:
        return _as_tensor(slope * other)
    slope = _as_number(other, out)
    return None if slope is None else _as_tensor(slope * one)


def _looked_up(index: Any, table: Any) -> Tensor | None:
    """Of a row that was looked up by a choice, the rows' mean by a softmax."""
    if not hasattr(index, "scores") or table.dim() != 2 or index.scores.shape[-1] != len(table):
        return None
    return _as_tensor(index.scores.softmax(-1) @ table.detach())


def _is_in_a_distribution() -> bool:
    """Whether torch's own code of a distribution is at work, a few frames up."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(TORCH):
        if frame.f_code.co_filename.startswith(DISTRIBUTIONS):
            return True
        frame = frame.f_back
    return False


def _is_alive(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _as_tensor(x: Any) -> Tensor:
    slope: Tensor = x
    return slope


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Give the step near {lines_of(finding)} a gradient: y = soft + (hard - soft).detach(), with x for "
        "round(x), a softmax for a choice by argmax; rsample() in place of sample()."
    )


straight_through = Remedy(
    name="straight-through",
    apply=apply,
    changes=frozenset({"model", "loss"}),
    stage="structure",
    meaning="gives steps a slope backwards and leaves their values as they are: round() and sign() that of "
    "the identity, a choice by argmax() that of a softmax, a comparison that of tanh / 2, a number drawn "
    "that of its mean and deviation; for the trial and until the lines are edited",
    advice=advice,
    citation="Bengio, Léonard & Courville (2013), Estimating or propagating gradients through stochastic "
    "neurons for conditional computation",
)
