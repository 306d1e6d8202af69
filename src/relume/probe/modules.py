"""The modules and parameters of a model under the names the user knows, whatever it is wrapped in."""

from collections.abc import Iterator

import torch
from torch import nn

# What these call their inner module is no part of a name.
_WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "CheckpointWrapper": "_checkpoint_wrapped_module",
}
_FUSED_CELL = "a fused cell: its gates' activations are computed within one operator"
_SCRIPTED = "a scripted module: TorchScript runs it without Python"


def inner_of(model: nn.Module) -> nn.Module:
    """The module within a wrapper (torch.compile, DistributedDataParallel); else the module itself."""
    while (name := _WRAPPERS.get(type(model).__name__)) and isinstance(getattr(model, name, None), nn.Module):
        model = getattr(model, name)
    return model


def named_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module once, as `model.named_modules()`, without wrappers."""
    seen: set[int] = set()

    def below(path: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        module = inner_of(module)
        if id(module) in seen:
            return
        seen.add(id(module))
        yield path, module
        for name, child in module.named_children():
            yield from below(f"{path}.{name}" if path else name, child)

    yield from below("", model)


def named_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Every parameter once, as `model.named_parameters()`, without wrappers."""
    named: dict[str, nn.Parameter] = {}
    seen: set[int] = set()
    for path, module in named_modules(model):
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                named[f"{path}.{name}" if path else name] = parameter
    return named


def is_scripted(module: nn.Module) -> bool:
    """Whether TorchScript runs a module."""
    return isinstance(module, torch.jit.ScriptModule | torch.jit.ScriptFunction)


def never_seen(model: nn.Module) -> dict[str, str]:
    """The modules whose activations nobody can see, with the reason."""
    reasons: dict[str, str] = {}
    for path, module in named_modules(model):
        if isinstance(module, nn.RNNBase | nn.RNNCellBase):
            reasons[path] = _FUSED_CELL
        elif is_scripted(module) and not any(path.startswith(f"{outer}.") for outer in reasons):
            reasons[path] = _SCRIPTED
    return reasons
