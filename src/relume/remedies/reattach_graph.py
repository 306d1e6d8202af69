"""A graph that a model's forward cuts is left whole: detach(), .data and no_grad() do nothing there."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.remedies.lines import Line, calling_line, shown
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import SEED, Patient, random_state_restored
from relume.types import Finding

DETACHES = (Tensor.detach, torch.detach, Tensor.data.__get__)  # type: ignore[attr-defined]
# Functions whose slope is 0 wherever they have one: Bengio, Léonard & Courville (2013), straight-through.
FLAT = tuple(
    getattr(home, name)
    for home in (torch, Tensor)
    for name in ("round", "sign", "floor", "ceil", "trunc", "sgn")
)
NO_GRADIENT: Any = torch._C._set_grad_enabled  # what entering torch.no_grad() calls


def apply(patient: Patient, finding: Finding) -> str:
    """Find the lines of the forward that cut the graph, and run them without effect."""
    lines = cutting_lines(patient)
    if not lines:
        return ""
    patient.model.__dict__["forward"] = Reattached(patient.model, lines)
    return f"the graph is not cut at {', '.join(sorted(shown(line) for line in lines))}"


def cutting_lines(patient: Patient) -> frozenset[Line]:
    """The lines within the model's forward that let no gradient through where there would be one."""
    copied, cuts = patient.copied(), _Cuts(frozenset())
    forward = copied.model.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        with cuts:
            return forward(*args, **kwargs)

    copied.model.__dict__["forward"] = watched
    with random_state_restored():
        torch.manual_seed(SEED)
        copied.loss(copied.model, copied.batches[0])
    return frozenset(cuts.found)


class Reattached:
    """A model's forward within which some lines do not cut the graph; made by `apply`."""

    def __init__(self, module: nn.Module, lines: frozenset[Line]) -> None:
        self.module, self.lines = module, lines
        self.shadowed = module.__dict__.get("forward")  # by another remedy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward there was."""
        with _Cuts(self.lines):
            if self.shadowed is not None:
                return self.shadowed(*args, **kwargs)
            return type(self.module).forward(self.module, *args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the forward itself: frameworks choose a batch's columns by it."""
        return inspect.signature(type(self.module).forward.__get__(self.module))


class _Cuts(TorchFunctionMode):
    """Notes the lines that cut the graph, and passes over those it was given."""

    def __init__(self, undone: frozenset[Line]) -> None:
        super().__init__()
        self.undone = undone
        self.found: set[Line] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        line = calling_line() if _is_cut(func, args) else None
        if line is not None:
            self.found.add(line)
        if line is None or line not in self.undone:
            return func(*args, **(kwargs or {}))
        if func is NO_GRADIENT:
            return None
        if func in DETACHES:
            return args[0]
        with torch._C.DisableTorchFunction():  # a step: its value forwards, the identity's slope backwards
            return args[0] + (func(*args, **(kwargs or {})) - args[0]).detach()


def _is_cut(func: Callable[..., Any], args: Any) -> bool:
    if func is NO_GRADIENT:
        return args[:1] == (False,) and torch.is_grad_enabled()
    return (
        (func in DETACHES or func in FLAT)
        and bool(args)
        and isinstance(args[0], Tensor)
        and args[0].requires_grad
    )


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Take away the detach(), .data or torch.no_grad() in the forward near {lines_of(finding)}, or give "
        "a round() or sign() there a gradient: y = x + (x.round() - x).detach(). No gradient gets past it."
    )


reattach_graph = Remedy(
    name="reattach-graph",
    apply=apply,
    changes=frozenset({"model"}),
    stage="structure",
    meaning="runs detach(), .data and torch.no_grad() of the model's forward without effect, and round(), "
    "sign() and the like with the slope of the identity, for the trial and until the lines are edited",
    advice=advice,
    citation="PyTorch documentation, Autograd mechanics: a detached tensor takes no part in the graph",
)
