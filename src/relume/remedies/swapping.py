"""Swaps a patient's hidden activations in place: modules for modules, calls by their lines."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from torch import nn

from relume.catalogue import activations
from relume.remedies.anatomy import Use, anatomy_of
from relume.remedies.lines import Line
from relume.remedies.override import ByLine, override
from relume.trial import Patient

K = TypeVar("K", bound=Hashable)


def swap_hidden(patient: Patient, mapping: Mapping[str, str]) -> str:
    """Swap activations by name; outputs and gates stay, since their range is what they are there for.

    Returns what was swapped, for people; nothing where there was nothing to swap.
    """
    uses = [use for use in anatomy_of(patient).uses if use.name in mapping]
    told: list[tuple[str, str]] = []
    for path, found in _by(lambda use: use.module, uses).items():
        if path is None:
            continue
        name = found[0].name
        lines = _hidden_lines(found)
        if _are_hidden(found):
            _swap_module(patient.model, path, activations[mapping[name]].module())
            told.append((name, "modules"))
        elif lines:  # a module that also makes the output stays that there
            old = patient.model.get_submodule(path)
            _swap_module(patient.model, path, ByLine(old, activations[mapping[name]].module(), lines))
            told += [(name, _shown(line)) for line in lines]
    calls = [use for use in uses if use.module is None]
    for owner, found in _by(lambda use: use.owner, calls).items():
        for name, of_name in _by(lambda use: use.name, found).items():
            lines = _hidden_lines(of_name)
            if lines:
                override(patient.model.get_submodule(owner), {(line, name): mapping[name] for line in lines})
            told += [(name, _shown(line)) for line in lines]
    return _sentence(mapping, told)


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


def _swap_module(model: nn.Module, path: str, new: nn.Module) -> None:
    """Put a module wherever the one at `path` is registered."""
    old = model.get_submodule(path)
    new.train(old.training)
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new


def _shown(line: Line) -> str:
    return f"{Path(line[0]).name}:{line[1]}"


def _sentence(mapping: Mapping[str, str], told: list[tuple[str, str]]) -> str:
    parts = []
    for old in dict.fromkeys(name for name, _ in told):
        places = [place for name, place in told if name == old]
        modules = places.count("modules")
        where = [f"{modules} modules"] * bool(modules) + sorted(set(places) - {"modules"})
        parts.append(f"{old} -> {mapping[old]} ({', '.join(where)})")
    return "; ".join(parts)
