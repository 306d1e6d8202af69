"""A graph that is cut is left whole: detach(), .data, no_grad(), torch.tensor(), NumPy do nothing there."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from relume.remedies.lines import Line, calling_line, shown
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Mending, mended
from relume.trial import Patient
from relume.types import Finding

DETACHES = (Tensor.detach, torch.detach, Tensor.data.__get__)  # type: ignore[attr-defined]
LEAVES = (Tensor.numpy, Tensor.tolist)  # for where there is no graph
COPIES = (torch.tensor, torch.as_tensor, Tensor.new_tensor)  # of numbers, without where they came from
NO_GRADIENT: Any = torch._C._set_grad_enabled  # what entering torch.no_grad() calls


def apply(patient: Patient, finding: Finding) -> str:
    """Find the lines that cut the graph, and run them without effect."""
    lines = mended(patient, Cuts)
    return f"the graph is not cut at {', '.join(sorted(map(shown, lines)))}" if lines else ""


class Cuts(Mending):
    """Notes the lines that cut the graph, and passes over those it was given."""

    def __init__(self, undone: frozenset[Line]) -> None:
        super().__init__(undone)
        self.gone: list[Tensor] = []  # what left, for NumPy too: it may come back as another tensor

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if not _is_cut(func, args) or not self.is_to_be_mended():
            kept = {key: self._with_graph(value) for key, value in (kwargs or {}).items()}
            return func(*map(self._with_graph, args), **kept)
        if func is NO_GRADIENT:
            return None
        if func in COPIES:
            return _stacked(args[-1])
        if not args[0].is_leaf:
            self.gone.append(args[0])
        if func in DETACHES:
            return args[0]
        with torch._C.DisableTorchFunction():
            return func(args[0].detach(), *args[1:], **(kwargs or {}))

    def _with_graph(self, x: Any) -> Any:
        """The tensor that left, for one without a graph that holds the same numbers: nn.Parameter(y.data)."""
        if type(x) in (list, tuple):  # of torch.cat, say
            return type(x)(map(self._with_graph, x))
        if not self.gone or not isinstance(x, Tensor) or not x.is_leaf:
            return x
        with torch._C.DisableTorchFunction():
            known = (*self.gone, *_joined(self.gone))
            alike = (one for one in known if one.shape == x.shape and torch.equal(one.to(x), x))
            found = next(alike, x)
        # What a watch adds up may hold the same numbers; it is written to, and is not the user's.
        return x if calling_line() is None else found


def _joined(parts: list[Tensor]) -> Iterator[Tensor]:
    """Several of one shape, as lists of them are put together: side by side, or above each other."""
    if len(parts) > 1 and parts[0].dim() and len({part.shape for part in parts}) == 1:
        yield from (torch.cat(parts, -1), torch.cat(parts, 0), torch.stack(parts))


def _is_cut(func: Callable[..., Any], args: Any) -> bool:
    if func is NO_GRADIENT:
        return args[:1] == (False,) and torch.is_grad_enabled()
    if func in COPIES:
        copied = _stacked(args[-1]) if args else None
        return copied is not None and copied.requires_grad
    is_leaving = func in DETACHES or func in LEAVES
    return is_leaving and bool(args) and isinstance(args[0], Tensor) and args[0].requires_grad


def _stacked(data: Any) -> Tensor | None:
    """A tensor, or lists of them, as one that keeps their graph; None of anything else."""
    if isinstance(data, Tensor):
        return data
    parts = [_stacked(each) for each in data] if isinstance(data, list | tuple) else []
    known = [part for part in parts if part is not None]
    with torch._C.DisableTorchFunction():
        return torch.stack(known) if known and len(known) == len(parts) else None


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Take away the detach(), .data, torch.no_grad(), numpy() or tolist() near {lines_of(finding)}, and "
        "put torch.stack for torch.tensor: no gradient gets past it."
    )


reattach_graph = Remedy(
    name="reattach-graph",
    apply=apply,
    changes=frozenset({"model", "loss"}),
    stage="structure",
    meaning="runs detach(), .data and torch.no_grad() without effect, takes what comes back from numpy() or "
    "tolist() for what left, and stacks what torch.tensor() would copy: in the model's forward or, where it "
    "has no such line, in the loss; for the trial and until the lines are edited",
    advice=advice,
    citation="PyTorch documentation, Autograd mechanics: a detached tensor takes no part in the graph",
)
