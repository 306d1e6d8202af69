"""Swaps a model's activations and keeps everything else: weights, devices, modes, hooks, sharing."""

import copy
import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.catalogue.calls import Call, CallRecorder, calls_in_source, classes_of
from relume.catalogue.recognition import recognise_call, recognise_module
from relume.errors import ReplacementError, UnreachedCallWarning

GATED_CELLS = (nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell)

Swaps = Mapping[str, Activation]


def replace(
    model: nn.Module,
    mapping: Mapping[str, str | Activation],
    *,
    example: Tensor | tuple[Any, ...] | None = None,
) -> nn.Module:
    """Copy a model with some of its activations swapped; the caller's model is left as it is.

    Swapped are modules, wherever they are registered, and functions of torch held as attributes, as
    `nn.TransformerEncoderLayer` does. A module used in several places stays one module. Calls such as
    `F.relu(x)` inside a `forward` cannot be swapped: each is told by an `UnreachedCallWarning`. They are
    looked for in the source of the model's classes or, given an example input, in one run of a copy.

    Parameters
    ----------
    model
        Of any classes; `copy.deepcopy` has to be able to copy it.
    mapping
        From the name of an activation to the name of, or the activation itself, that replaces it.
    example
        An input of the model, or a tuple of its arguments.

    Returns
    -------
    nn.Module
        The copy. Weights, devices, modes and hooks are those of the model.

    Raises
    ------
    UnknownNameError
        If a name is not in `relume.activations`.
    ReplacementError
        If one cannot stand where the other stood, or there is nothing to replace.

    Examples
    --------
    >>> replace(nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), {"sigmoid": "relu"})
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """
    swaps = {name: new if isinstance(new, Activation) else activations[new] for name, new in mapping.items()}
    for name, new in swaps.items():
        _refuse_other_forms(activations[name], new)
    changed = _copy(model)
    found = {site.name for site in _held(model)}
    changed = _swap_modules(changed, swaps)
    _swap_functions(changed, swaps)
    calls = _calls_in_source(changed, swaps) if example is None else _calls_in_run(changed, swaps, example)
    unreached = [*_names_and_cells(changed, swaps), *calls]
    if missing := [name for name in swaps if name not in found]:
        raise _nothing_to_replace(missing, found, unreached)
    for sentence in unreached:
        warnings.warn(sentence, UnreachedCallWarning, stacklevel=2)
    return changed


def _refuse_other_forms(old: Activation, new: Activation) -> None:
    for entry in (old, new):
        if entry.form != "elementwise":
            change = "halves" if entry.form == "gated" else "doubles"
            raise ReplacementError(
                f"{entry.name} {change} the number of units: {old.name} to {new.name}. "
                "Choose two elementwise activations, for the layers around them fit no other."
            )


def _copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except (TypeError, RuntimeError) as error:
        raise ReplacementError(
            f"the model cannot be copied: {error}. Make copy.deepcopy(model) work, then replace."
        ) from error


def _nothing_to_replace(missing: list[str], found: set[str], unreached: list[str]) -> ReplacementError:
    there = f"It has {', '.join(sorted(found))}." if found else "It has no activation that can be swapped."
    return ReplacementError(
        " ".join([f"no {' and no '.join(missing)} to replace in this model. {there}", *unreached])
    )


def _held(model: nn.Module) -> Iterator[Activation]:
    """Every activation that the model holds as a module or as a function."""
    for module in model.modules():
        if entry := recognise_module(module):
            yield entry
        yield from (entry for _, entry in _held_functions(module))


def _held_functions(module: nn.Module) -> list[tuple[str, Activation]]:
    """List the attributes that are an activation function of torch, plain or partly applied."""
    held = []
    for name, value in vars(module).items():
        call, keywords = (value.func, value.keywords) if isinstance(value, partial) else (value, {})
        if callable(call) and inspect.isroutine(call) and (entry := recognise_call(call, (), keywords)):
            held.append((name, entry))
    return held


def _swap_modules(model: nn.Module, swaps: Swaps) -> nn.Module:
    swapped: dict[nn.Module, nn.Module] = {}
    for module, place in _places(model):
        entry = recognise_module(module)
        if entry is not None and entry.name in swaps:
            swapped[module] = _successor(module, swaps[entry.name], place)
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child in swapped:
                parent._modules[name] = swapped[child]
        _tell_the_fast_path(parent)
    return swapped.get(model, model)


def _swap_functions(model: nn.Module, swaps: Swaps) -> None:
    for module, place in list(_places(model)):
        for name, entry in _held_functions(module):
            if entry.name in swaps:
                new = _placed(swaps[entry.name].module(), place).train(module.training)
                delattr(module, name)
                setattr(module, name, new)
        _tell_the_fast_path(module)


def _places(model: nn.Module) -> Iterator[tuple[nn.Module, Tensor | None]]:
    """Each module with the nearest weight before it, which tells the device and the type it works in."""
    nearest = next((p for p in model.parameters() if p.is_floating_point()), None)
    for module in model.modules():
        nearest = next((p for p in module.parameters(recurse=False) if p.is_floating_point()), nearest)
        yield module, nearest


def _placed(module: nn.Module, place: Tensor | None) -> nn.Module:
    return module if place is None else module.to(place.device, place.dtype)


def _successor(old: nn.Module, new: Activation, place: Tensor | None) -> nn.Module:
    """Build the new module in the old one's mode and with its hooks."""
    module = _placed(new.module(), place).train(old.training)
    for name, value in vars(old).items():
        if "_hook" in name and name in vars(module):
            setattr(module, name, value)
    return module


def _tell_the_fast_path(layer: nn.Module) -> None:
    # In evaluation this layer runs a fused kernel that goes by this number, not by its `activation`.
    if isinstance(layer, nn.TransformerEncoderLayer):
        held: Any = layer.activation
        entry = recognise_module(held) if isinstance(held, nn.Module) else recognise_call(held)
        fused = {"relu": 1, "gelu": 2}
        layer.activation_relu_or_gelu = fused.get(entry.name, 0) if entry else 0


def _names_and_cells(model: nn.Module, swaps: Swaps) -> Iterator[str]:
    """Tell what computes an activation inside, by a name it was built with or as a part of its kernel."""
    for path, module in model.named_modules():
        place = f"{path or 'the model'} ({type(module).__name__})"
        for attribute, value in vars(module).items():
            if isinstance(value, str) and value in swaps and recognise_module(module) is None:
                yield (
                    f"{attribute}={value!r} of a module was not replaced: {place}. "
                    f"Build it with {swaps[value].name}, if it takes that."
                )
        if isinstance(module, GATED_CELLS):
            for name in sorted({"sigmoid", "tanh"} & swaps.keys()):
                yield f"{name} inside a recurrent kernel was not replaced: {place}. It cannot be."


def _calls_in_run(model: nn.Module, swaps: Swaps, example: Tensor | tuple[Any, ...]) -> list[str]:
    arguments = example if isinstance(example, tuple) else (example,)
    twin = _copy(model).eval()  # a run in training would draw random numbers and move running means
    recorder = CallRecorder()
    try:
        with torch.no_grad(), recorder:
            twin(*copy.deepcopy(arguments))
    except Exception as error:
        raise ReplacementError(
            f"the model does not run on the example: {error}. Pass what you call the model with."
        ) from error
    return list(_sentences(recorder.calls, swaps))


def _calls_in_source(model: nn.Module, swaps: Swaps) -> list[str]:
    sentences: list[str] = []
    for written in classes_of(model):
        calls = calls_in_source(written)
        if calls is None:
            sentences.append(
                f"the source of a class cannot be read, so calls in it could not be looked for: "
                f"{written.__name__}. Pass an example input."
            )
        else:
            sentences += _sentences(calls, swaps)
    return sentences


def _sentences(calls: Iterable[Call], swaps: Swaps) -> Iterator[str]:
    """Say of each call of an activation that should have been replaced that it was not."""
    for entry, file, line in calls:
        # Entries of one formula differ only in the derivative at a kink: clamp(min=0) is a relu as well.
        names = [name for name in swaps if activations[name].formula == entry.formula]
        for name in names[:1]:
            modules = (alias.call.__name__ for alias in activations[name].aliases if alias.is_module)
            own = next((f"nn.{module}" for module in modules), "a module")
            yield (
                f"functional {name} call was not replaced: {Path(file).name}:{line}. "
                f"Write {swaps[name].name} there, or use {own}."
            )
