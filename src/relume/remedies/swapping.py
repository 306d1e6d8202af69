"""Swaps a patient's hidden activations in place: modules for modules, calls by their lines."""

import inspect
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from torch import nn

from relume.catalogue import activations
from relume.catalogue.recognition import recognise_call
from relume.remedies.anatomy import anatomy_of
from relume.remedies.lines import Line, shown
from relume.remedies.override import ByLine, override
from relume.remedies.parts import Use
from relume.trial import Patient

Swapped = tuple[str, str]  # the activation that was there, and where
K = TypeVar("K", bound=Hashable)


def swap_hidden(patient: Patient, mapping: Mapping[str, str]) -> str:
    """Swap activations by name; outputs and gates stay, since their range is what they are there for.

    Returns what was swapped, for people; nothing where there was nothing to swap.
    """
    uses = [use for use in anatomy_of(patient).uses if use.name in mapping]
    told = [*_swap_modules(patient.model, uses, mapping), *_swap_calls(patient.model, uses, mapping)]
    return _sentence(mapping, told)


def _swap_modules(model: nn.Module, uses: list[Use], mapping: Mapping[str, str]) -> Iterator[Swapped]:
    for path, found in _by(lambda use: use.module, uses).items():
        if path is None:
            continue
        name, new = found[0].name, activations[mapping[found[0].name]].module()
        lines = _hidden_lines(use for use in found if _is_in_a_forward(model, use.owner))
        if _are_hidden(found):
            put(model, path, new)
            yield name, "modules"
        elif lines:  # a module that also makes the output stays that there
            put(model, path, ByLine(model.get_submodule(path), new, lines))
            yield from ((name, shown(line)) for line in lines)


def _swap_calls(model: nn.Module, uses: list[Use], mapping: Mapping[str, str]) -> Iterator[Swapped]:
    calls = [use for use in uses if use.module is None]
    for (owner, name), found in _by(lambda use: (use.owner, use.name), calls).items():
        module, lines = model.get_submodule(owner), _hidden_lines(found)
        if _is_torchs(module):  # the line is within torch, and calls what the module holds
            if _are_hidden(found) and _swap_held(module, name, mapping[name]):
                yield name, "modules"
        elif lines:
            override(module, {(line, name): mapping[name] for line in lines})
            yield from ((name, shown(line)) for line in lines)


def _by(key: Callable[[Use], K], uses: Iterable[Use]) -> dict[K, list[Use]]:
    groups: dict[K, list[Use]] = {}
    for use in uses:
        groups.setdefault(key(use), []).append(use)
    return groups


def _are_hidden(uses: Iterable[Use]) -> bool:
    return all(use.is_hidden and not use.is_gate for use in uses)


def _hidden_lines(uses: Iterable[Use]) -> list[Line]:
    """The lines that call nothing but hidden activations."""
    return [line for line, found in _by(lambda use: use.line, uses).items() if line and _are_hidden(found)]


def _is_torchs(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.")


def _is_in_a_forward(model: nn.Module, path: str) -> bool:
    """Whether a module runs within a forward of the user's, rather than by the line that called the model."""
    parts = path.split(".")
    outer = (model.get_submodule(".".join(parts[:depth])) for depth in range(len(parts) + 1))
    return any(not _is_torchs(module) for module in outer)


def put(model: nn.Module, path: str, new: nn.Module) -> None:
    """Put a module wherever the one at `path` is registered."""
    old = model.get_submodule(path)
    new.train(old.training)
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new


def _swap_held(module: nn.Module, old: str, new: str) -> bool:
    """Swap a function that a module holds, as nn.TransformerEncoderLayer does; whether it held one."""
    held = [name for name, value in vars(module).items() if inspect.isroutine(value) and _is(old, value)]
    for name in held:
        delattr(module, name)
        setattr(module, name, activations[new].module().train(module.training))
    if held and isinstance(module, nn.TransformerEncoderLayer):
        # In evaluation its fused kernel goes by this number.
        module.activation_relu_or_gelu = {"relu": 1, "gelu": 2}.get(new, 0)
    return bool(held)


def _is(name: str, function: Callable[..., object]) -> bool:
    entry = recognise_call(function)
    return entry is not None and entry.name == name


def _sentence(mapping: Mapping[str, str], told: list[tuple[str, str]]) -> str:
    parts = []
    for old in dict.fromkeys(name for name, _ in told):
        places = [place for name, place in told if name == old]
        modules = places.count("modules")
        where = [f"{modules} modules"] * bool(modules) + sorted(set(places) - {"modules"})
        parts.append(f"{old} -> {mapping[old]} ({', '.join(where)})")
    return "; ".join(parts)
