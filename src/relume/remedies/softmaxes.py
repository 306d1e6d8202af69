"""A softmax between two layers leaves shares of one: most are small, and so are their slopes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from relume.probe.calls import kind_of
from relume.remedies.lines import Line, calling_line, shown
from relume.remedies.swapping import put
from relume.remedies.within import Mending, call, mended
from relume.trial import Patient

KEEPS = ("dropout", "flatten", "view", "reshape", "contiguous")
SUCCESSOR = nn.ReLU


def swap_between_layers(patient: Patient) -> str:
    """Swap softmaxes whose shares the next layer takes for its input; what was swapped, for people.

    Those of attention weigh values, and one at the end is the output: both stay.
    """
    modules = _modules_between(patient)  # first: those that are left are calls, each with a line of its own
    for name in modules:
        put(patient.model, name, SUCCESSOR())
    places = [f"{len(modules)} modules"] * bool(modules) + sorted(map(shown, mended(patient, Shares)))
    return f"softmax -> relu ({', '.join(places)})" if places else ""


class Shares(Mending):
    """Notes the softmaxes that feed a layer, and swaps those at the lines it was given."""

    def __init__(self, undone: frozenset[Line]) -> None:
        super().__init__(undone)
        self.modules: set[str] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call, and mark what comes of a softmax by where that was called."""
        name = getattr(func, "__name__", "")
        if name == "softmax" and calling_line() in self.undone:
            return torch.relu(args[0])
        out = func(*args, **(kwargs or {}))
        if name == "softmax":
            out.shares_from = calling_line()
        elif (place := getattr(args[0] if args else None, "shares_from", None)) is not None:
            if kind_of(func) in ("linear", "convolution"):
                (self.modules if isinstance(place, str) else self.found).add(place)
            elif any(part in name for part in KEEPS):
                out.shares_from = place
        return out


def _modules_between(patient: Patient) -> list[str]:
    """The paths of nn.Softmax modules that feed a layer."""
    copied, shares = patient.copied(), Shares(frozenset())
    for name, module in copied.model.named_modules():
        if isinstance(module, nn.Softmax):
            module.register_forward_hook(_marking(name))
    with shares:
        call(copied)
    return sorted(shares.modules)


def _marking(name: str) -> Callable[..., None]:
    def mark(module: nn.Module, args: Any, out: Any) -> None:
        out.shares_from = name

    return mark
