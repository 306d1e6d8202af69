"""What an optimiser holds: which group a parameter is in, and what it remembers of it."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def also_train(optimizer: Optimizer, parameters: Iterable[nn.Parameter], *, like: Tensor) -> None:
    """Have new parameters trained with the settings of the group that holds `like`."""
    groups = optimizer.param_groups
    group = next((group for group in groups if any(p is like for p in group["params"])), groups[0])
    settings: dict[str, Any] = {name: value for name, value in group.items() if name != "params"}
    settings.pop("param_names", None)
    optimizer.add_param_group({"params": list(parameters), **settings})


@torch.no_grad()
def forget(optimizer: Optimizer, parameter: Tensor, entries: tuple[Any, ...]) -> None:
    """Set an optimiser's moments to zero for some entries of a parameter, given as an index."""
    for value in optimizer.state.get(parameter, {}).values():
        if isinstance(value, Tensor) and value.shape == parameter.shape:  # not the count of steps
            value[entries] = 0


def hooked_alike(new: Optimizer, old: Optimizer) -> Optimizer:
    """Hang on an optimiser what remedies hung on another: torch copies no step hooks.

    Only our own are taken: a user's hook may hold the user's own model.
    """
    for hook in old._optimizer_step_pre_hooks.values():
        if type(hook).__module__.startswith("relume.remedies."):
            new.register_step_pre_hook(hook)
    return new


def scale_rates(optimizer: Optimizer, factor: float) -> None:
    """Multiply the learning rate of every group, in its own type: a captured graph holds it as a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].mul_(factor)
        else:
            group["lr"] *= factor


def rates_of(optimizer: Optimizer) -> str:
    """The learning rates of the groups, for people: "0.001" or "0.001, 0.0001"."""
    return ", ".join(dict.fromkeys(f"{float(group['lr']):.3g}" for group in optimizer.param_groups))
