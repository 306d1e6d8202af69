"""Swaps a patient's hidden activations in place: modules for modules, calls by their lines."""

from collections import defaultdict
from collections.abc import Mapping

from torch import nn

from relume.catalogue import activations
from relume.remedies.anatomy import Use, anatomy_of
from relume.remedies.override import override
from relume.trial import Patient


def swap_hidden(patient: Patient, mapping: Mapping[str, str]) -> str:
    """Swap activations by name; outputs and gates stay, since their range is what they are there for.

    Returns what was swapped, for people; nothing where there was nothing to swap.
    """
    uses = [use for use in anatomy_of(patient).uses if use.name in mapping]
    modules: defaultdict[str, list[Use]] = defaultdict(list)
    calls: defaultdict[tuple[str, str, str, int], list[Use]] = defaultdict(list)
    for use in uses:
        if use.module is not None:
            modules[use.module].append(use)
    for use in uses:
        # A module that also makes the output cannot be swapped whole; the line that calls it can.
        if (use.module is None or not _all_hidden(modules[use.module])) and use.line:
            calls[(use.owner, use.name, *use.line)].append(use)
    swapped = [path for path, found in modules.items() if _all_hidden(found)]
    for path in swapped:
        _swap_module(patient.model, path, mapping[modules[path][0].name])
    overridden = [place for place, found in calls.items() if _all_hidden(found)]
    for owner, name, file, number in overridden:
        override(patient.model.get_submodule(owner), {((file, number), name): mapping[name]})
    return _told(
        mapping, [modules[path][0].name for path in swapped], [(name, *line) for _, name, *line in overridden]
    )


def _all_hidden(uses: list[Use]) -> bool:
    return all(use.is_hidden and not use.is_gate for use in uses)


def _swap_module(model: nn.Module, path: str, name: str) -> None:
    old = model.get_submodule(path)
    new = activations[name].module().train(old.training)
    for parent in list(model.modules()):
        for child, module in parent._modules.items():
            if module is old:
                parent._modules[child] = new


def _told(mapping: Mapping[str, str], modules: list[str], calls: list[tuple[object, ...]]) -> str:
    parts = []
    for old in dict.fromkeys([*modules, *(str(call[0]) for call in calls)]):
        lines = sorted({f"{str(file).rpartition('/')[2]}:{n}" for name, file, n in calls if name == old})
        count = modules.count(old)
        where = [f"{count} modules"] * bool(count) + lines
        parts.append(f"{old} -> {mapping[old]} ({', '.join(where)})")
    return "; ".join(parts)
