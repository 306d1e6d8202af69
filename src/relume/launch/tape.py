"""How a script makes a loss of what its model gives back, recorded: copies of the model get it too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

from relume.errors import TrialError


@dataclass(frozen=True, slots=True)
class Made:
    """The place of a tensor among those that came of the model's outputs, the outputs first."""

    place: int


@dataclass(frozen=True, slots=True)
class Given:
    """The place of a tensor that the script had from elsewhere, targets above all: in the batch."""

    place: int


@dataclass(frozen=True, slots=True)
class Own:
    """A parameter of the model, of which some losses are made too."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of torch that was called, with places in the stead of tensors."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was called between the model and backward(), in order."""

    inputs: int  # how many tensors of the batch are the model's positional arguments
    kwargs: Mapping[str, Any]  # the model's keywords, with places in the stead of tensors
    calls: Sequence[Call]
    loss: int  # its place among what was made


class Tape(TorchFunctionMode):
    """Notes every call that a loss may depend on, from the model's outputs on."""

    def __init__(
        self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], outputs: Any
    ) -> None:
        super().__init__()
        self.own = {id(parameter): name for name, parameter in model.named_parameters()}
        self.made: dict[int, int] = {}
        self.count = 0
        self.calls: list[Call] = []
        self.alive: list[Any] = [outputs]  # an id is a tensor's only while that lives
        self.given: list[Any] = [_copied(value) for value in args]
        self.places: dict[int, int] = {}
        self.is_on = True
        self.inputs = len(args)
        self.kwargs = {name: tree_map(self._place, value) for name, value in kwargs.items()}
        self._note(outputs)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call, and note it if it is made of what came of the model."""
        keywords = kwargs or {}
        result = func(*args, **keywords)
        if self.is_on:
            try:
                self._hear(func, args, keywords, result)
            except Exception:  # what cannot be noted cannot be made again; the script is none the wiser
                self.is_on = False
        return result

    def _hear(self, func: Callable[..., Any], args: Any, keywords: Any, result: Any) -> None:
        tensors = [value for value in tree_flatten((args, keywords))[0] if isinstance(value, Tensor)]
        depends = any(id(value) in self.made or id(value) in self.own for value in tensors)
        if depends and any(isinstance(value, Tensor) for value in tree_flatten(result)[0]):
            noted = tree_map(self._place, (tuple(args), dict(keywords)))
            self.calls.append(Call(func, *noted))
            self._note(result)

    def ended(self, loss: Tensor) -> "tuple[Any, ...] | None":
        """Inputs, what else was given, the recipe; None if the loss did not come of the outputs."""
        place, self.is_on = self.made.get(id(loss)), False
        self.alive.clear()
        return None if place is None else (*self.given, Recipe(self.inputs, self.kwargs, self.calls, place))

    def _note(self, result: Any) -> None:
        self.alive.append(result)
        for value in tree_flatten(result)[0]:
            self.made[id(value)] = self.count
            self.count += 1

    def _place(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) in self.made:
            return Made(self.made[id(value)])
        if id(value) in self.own:
            return Own(self.own[id(value)])
        if id(value) not in self.places:
            self.alive.append(value)
            self.places[id(value)] = len(self.given)
            self.given.append(_copied(value))
        return Given(self.places[id(value)])


def loss_of(model: nn.Module, batch: tuple[Any, ...]) -> Tensor:
    """What the script would have made of a model's outputs on a recorded batch.

    Raises
    ------
    TrialError
        If what the model gives back has another form than when it was recorded.
    """
    *given, recipe = batch
    parameters = dict(model.named_parameters())
    made: list[Any] = []

    def value_of(place: Any) -> Any:
        match place:
            case Made(number):
                return made[number]
            case Given(number):
                return given[number]
            case Own(name):
                return parameters[name]
        return place

    outputs = model(*given[: recipe.inputs], **tree_map(value_of, dict(recipe.kwargs)))
    made += tree_flatten(outputs)[0]
    for call in recipe.calls:
        result = call.function(*tree_map(value_of, call.args), **tree_map(value_of, dict(call.kwargs)))
        made += tree_flatten(result)[0]
    loss = made[recipe.loss] if recipe.loss < len(made) else None
    if not isinstance(loss, Tensor):
        raise TrialError("the loss cannot be made again: the model's outputs have another form.")
    return loss


def _copied(value: Any) -> Any:
    return tree_map(lambda each: each.detach().clone() if isinstance(each, Tensor) else each, value)


def bytes_of(batch: tuple[Any, ...]) -> int:
    """How much memory a recorded batch holds."""
    return sum(
        each.numel() * each.element_size() for each in tree_flatten(batch[:-1])[0] if torch.is_tensor(each)
    )
