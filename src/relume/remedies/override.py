"""Runs calls of an activation from some lines of a module's forward as another activation."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.catalogue import activations
from relume.probe.calls import kind_of, name_of, plain
from relume.remedies.lines import Line, calling_line
from relume.remedies.within import ForwardWithin

Swaps = Mapping[tuple[Line, str], str]  # from a line and the activation called there to the one that runs


def override(module: nn.Module, swaps: Swaps) -> None:
    """Shadow a module's forward: it keeps its class, its names and its state, and can be copied and pickled.

    For trials and as a stopgap: it holds for the lines as they are now, and not within compiled code.
    """
    found = module.__dict__.get("forward")
    if isinstance(found, Overridden):
        found.swaps.update(swaps)
    else:
        module.__dict__["forward"] = Overridden(module, swaps)


class Overridden(ForwardWithin):
    """A module's forward under which some lines call another activation; made by `override`."""

    def __init__(self, module: nn.Module, swaps: Swaps) -> None:
        self.swaps = dict(swaps)  # the mode of each call reads this very dict, and so what `override` adds
        super().__init__(module, partial(_Swapping, self.swaps))


class ByLine(nn.Module):
    """A module that is called from several lines, and is another one on some of them."""

    def __init__(self, usual: nn.Module, other: nn.Module, lines: Iterable[Line]) -> None:
        super().__init__()
        self.usual, self.other, self.lines = usual, other, frozenset(lines)

    def forward(self, x: Tensor) -> Tensor:
        """[...] -> [...], by the line of the user's code that calls it."""
        chosen = self.other if calling_line() in self.lines else self.usual
        y: Tensor = chosen(x)
        return y


class _Swapping(TorchFunctionMode):
    def __init__(self, swaps: Swaps) -> None:
        super().__init__()
        self.swaps = swaps

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        keywords = kwargs or {}
        new = self._successor(func, args, keywords)
        if new is None:
            return func(*args, **keywords)
        x = args[0] if args else keywords["input"]
        module = activations[new].module().to(x.device)
        # The caller of an in-place method may go on with x.
        return x.copy_(module(x.clone())) if func.__name__.endswith("_") else module(x)

    def _successor(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> str | None:
        if kind_of(func) != "activation" or (line := calling_line()) is None:
            return None
        named = tuple((key, plain(value)) for key, value in keywords.items() if key != "input")
        name = name_of(func, tuple(plain(value) for value in args[1:]), named)
        return self.swaps.get((line, name)) if name else None
