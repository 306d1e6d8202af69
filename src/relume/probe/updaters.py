"""Which optimisers update a model, and how they are called."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

from torch import nn
from torch.optim import Optimizer

SETTINGS = ("momentum", "eps", "weight_decay")  # beside betas; the rest are switches


class Updaters:
    """The optimisers that were chosen; without a choice, all that hold one of a model's parameters."""

    def __init__(self, parameters: Iterable[nn.Parameter], chosen: Iterable[Optimizer] | None) -> None:
        self._ids = frozenset(id(parameter) for parameter in parameters)
        self._chosen = None if chosen is None else WeakSet(chosen)
        self._last: Callable[[], Optimizer | None] = lambda: None  # mostly the one that is asked for next
        # Whether an optimiser holds one of the parameters, as long as it has so many groups.
        self._known: WeakKeyDictionary[Optimizer, tuple[int, bool]] = WeakKeyDictionary()

    def __contains__(self, optimizer: Optimizer) -> bool:
        if self._chosen is not None:
            return optimizer in self._chosen
        if self._last() is optimizer:
            return True
        groups = len(optimizer.param_groups)
        known = self._known.get(optimizer)
        if known is None or known[0] != groups:
            known = self._known[optimizer] = (groups, self._holds(optimizer))
        if known[1]:
            self._last = ref(optimizer)
        return known[1]

    def learning_rates(self) -> dict[int, float]:
        """The learning rate of each parameter that an optimiser holds, by its id.

        Of two optimisers the larger one. Not of groups whose rate is a tensor: its device would have to be
        waited for.
        """
        rates: dict[int, float] = {}
        for _, group in self._groups():
            if isinstance(rate := group.get("lr"), float | int):
                rates |= {id(p): max(float(rate), rates.get(id(p), 0.0)) for p in group["params"]}
        return rates

    def settings(self) -> dict[str, float]:
        """What the optimisers were made with, by their class and the setting; of groups the first counts."""
        found: dict[str, float] = {}
        for optimizer, group in self._groups():
            for name, value in _settings_of(group):
                found.setdefault(f"{type(optimizer).__name__}.{name}", value)
        return found

    def left_out(self) -> frozenset[int]:
        """Ids of the parameters that came in place of others when their optimiser was there already.

        It still holds those others, which are not the model's and have no gradient. Empty where it does not.
        """
        held = {id(tensor): tensor for _, group in self._groups() for tensor in group["params"]}
        others = [held[key] for key in held.keys() - self._ids]
        strays = {id(tensor) for tensor in others if tensor.requires_grad and tensor.grad is None}
        if strays:  # of one that had a gradient, most optimisers keep something
            strays -= {id(tensor) for optimizer, _ in self._groups() for tensor in optimizer.state}
        return self._ids - held.keys() if strays else frozenset()

    def _groups(self) -> Iterator[tuple[Optimizer, dict[str, Any]]]:
        """Each group of parameters with the optimiser that it is of."""
        for optimizer in list(self._known if self._chosen is None else self._chosen):
            yield from ((optimizer, group) for group in optimizer.param_groups)

    def _holds(self, optimizer: Optimizer) -> bool:
        return any(id(held) in self._ids for group in optimizer.param_groups for held in group["params"])


def _settings_of(group: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name in SETTINGS:
        if isinstance(value := group.get(name), float | int):
            yield name, float(value)
    betas = group.get("betas")
    if isinstance(betas, tuple | list):
        for number, beta in enumerate(betas, 1):
            if isinstance(beta, float | int):
                yield f"beta{number}", float(beta)


def is_closure_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a step was given the function that makes its gradients (LBFGS)."""
    return kwargs.get("closure") is not None or any(callable(value) for value in args)
