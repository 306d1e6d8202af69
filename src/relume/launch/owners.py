"""Which modules to watch: those that hold what the optimisers update."""

import gc
from collections.abc import Iterable, Sequence

from torch import nn
from torch.optim import Optimizer

# Shelves that others put models on; of two that hold the same parameters the other one is the model.
_CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)

Ids = set[int]  # of parameters; the objects are alive, so each id is one's own


def models_of(optimizers: Iterable[Optimizer]) -> list[nn.Module]:
    """The outermost modules that hold what the optimisers update.

    Where one module holds the parameters of several optimisers, and each optimiser has a part of it to
    itself (the generator and the discriminator of one LightningModule), the parts.
    """
    updated = [_updated_by(optimizer) for optimizer in optimizers]
    tops = _tops()
    roots: dict[int, nn.Module] = {}
    for parameters in updated:
        roots |= {id(root): root for root in _covering(tops, parameters)}
    return [part for root in roots.values() for part in _parts(root, updated)]


def _updated_by(optimizer: Optimizer) -> Ids:
    return {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}


def _tops() -> list[nn.Module]:
    """Every live module that no other one holds."""
    # By type, not isinstance: lazy objects of others import things when asked for their class.
    modules: list[nn.Module] = [each for each in gc.get_objects() if issubclass(type(each), nn.Module)]
    held = {id(child) for each in modules for child in vars(each).get("_modules", {}).values()}
    return [each for each in modules if id(each) not in held and "_parameters" in vars(each)]


def _covering(tops: Sequence[nn.Module], parameters: Ids) -> list[nn.Module]:
    """The fewest modules that hold the parameters; of equal ones the one that is more of a model."""
    missing, chosen = set(parameters), []
    holders = [(top, _parameters(top) & parameters) for top in tops]
    holders = [(top, held) for top, held in holders if held]
    holders.sort(key=lambda holder: (len(holder[1]), _rank(holder[0])), reverse=True)
    for top, held in holders:
        if held & missing:
            chosen.append(top)
            missing -= held
    return chosen


def _rank(module: nn.Module) -> tuple[bool, int]:
    return not isinstance(module, _CONTAINERS), sum(1 for _ in module.modules())


def _parts(root: nn.Module, updated: Sequence[Ids]) -> list[nn.Module]:
    within = _parameters(root)
    shares = {frozenset(parameters & within) for parameters in updated if parameters & within}
    parts = [_smallest(root, set(share)) for share in shares]
    are_apart = sum(len(_parameters(part)) for part in parts) == len(set().union(*map(_parameters, parts)))
    if len(parts) < 2 or not are_apart or any(part is root for part in parts):
        return [root]
    order = {id(module): place for place, module in enumerate(root.modules())}
    return sorted(parts, key=lambda part: order[id(part)])


def _smallest(module: nn.Module, parameters: Ids) -> nn.Module:
    """The innermost module that holds all of the parameters."""
    for child in module.children():
        if parameters <= _parameters(child):
            return _smallest(child, parameters)
    return module


def _parameters(module: nn.Module) -> Ids:
    return {id(parameter) for parameter in module.parameters()}
