"""Which activation a module is, or a call of one of torch's functions computes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from torch import Tensor, nn

from relume.catalogue.activation import Activation, Alias, ClosedForm


def recognise_module(module: nn.Module) -> Activation | None:
    """Tell which activation a module is: its own class decides, not what it is derived from."""
    if isinstance(module, ClosedForm):
        return module.activation
    own = type(module)
    found = next((entry for alias, entry in _aliases_of(own) if alias.matches(module)), None)
    return found or _elsewhere().get(f"{own.__module__}.{own.__qualname__}")


def recognise_call(
    function: Callable[..., Any],
    arguments: Sequence[object] = (),
    keywords: Mapping[str, object] | None = None,
) -> Activation | None:
    """Tell which activation `function(x, *arguments, **keywords)` computes.

    The alias with exactly these arguments decides, else the one that names none: F.gelu with
    approximate="tanh" is gelu_tanh, F.leaky_relu with any slope is leaky_relu, and torch.clamp(x, -3, 3) is
    no activation.
    """
    candidates = _aliases_of(function)
    for alias, entry in candidates:
        if alias.arguments and _are_equal(_given(alias, arguments, keywords or {}), alias.arguments):
            return entry
    return next((entry for alias, entry in candidates if not alias.arguments), None)


def _given(
    alias: Alias, arguments: Sequence[object], keywords: Mapping[str, object]
) -> dict[str | int, object]:
    """Name the arguments of a call as the alias names them; what it has no name for keeps its place."""
    names: list[str | int] = [*alias.arguments, *range(len(alias.arguments), len(arguments))]
    given: dict[str | int, object] = dict(zip(names, arguments, strict=False))
    given.update(keywords)
    # `inplace` says where the answer goes, not what it is, and None stands for an argument not given.
    return {name: value for name, value in given.items() if value is not None and name != "inplace"}


def _are_equal(given: Mapping[str | int, object], named: Mapping[str, object]) -> bool:
    if given.keys() != named.keys():
        return False
    # A tensor's == is a tensor; one given as a bound equals no number here.
    return all(not isinstance(given[name], Tensor) and given[name] == value for name, value in named.items())


def _aliases_of(call: Callable[..., Any]) -> list[tuple[Alias, Activation]]:
    return _index().get(call, [])


@cache
def _elsewhere() -> dict[str, Activation]:
    from relume.catalogue import activations

    return {name: entry for entry in activations.values() for name in entry.elsewhere}


@cache
def _index() -> dict[Callable[..., Any], list[tuple[Alias, Activation]]]:
    from relume.catalogue import activations  # complete only once every family has been imported

    index: dict[Callable[..., Any], list[tuple[Alias, Activation]]] = {}
    for entry in activations.values():
        for alias in entry.aliases:
            index.setdefault(alias.call, []).append((alias, entry))
    for candidates in index.values():  # the most particular first: nn.Hardtanh(0, 6) is relu6
        candidates.sort(key=lambda candidate: -len(candidate[0].arguments))
    return index
