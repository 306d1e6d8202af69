"""Learns the loss from the tensor that a backward pass begins at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from weakref import ref

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler


class Losses:
    """The losses of the backward passes since an optimiser last stepped."""

    def __init__(self) -> None:
        self.noted: list[Tensor] = []
        self._is_stale = False  # a step has used them; what comes next is of the next one
        self._scaled: tuple[ref[Tensor], Tensor] | None = None  # a scaled loss, and the loss

    def note(self, loss: Tensor) -> None:
        """Note what a backward pass begins at, if it is one number."""
        if self._is_stale:
            self.noted.clear()
            self._is_stale = False
        if loss.numel() == 1:
            if self._scaled is not None and self._scaled[0]() is loss:
                loss = self._scaled[1]
            self.noted.append(loss.detach().clone())

    def note_scaled(self, scaled: object, loss: object) -> None:
        """Note that a GradScaler made one tensor of the other."""
        if isinstance(scaled, Tensor) and isinstance(loss, Tensor):
            self._scaled = (ref(scaled), loss.detach())

    def used(self) -> None:
        """Say that an optimiser has stepped: several may step on the same losses."""
        self._is_stale = True


@contextmanager
def listening(losses: Losses) -> Iterator[None]:
    """Note every loss of the process."""
    backward, scale = torch.autograd.backward, GradScaler.scale

    @wraps(backward)
    def noting_backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(tensors, Tensor):
            losses.note(tensors)
        backward(tensors, *args, **kwargs)

    @wraps(scale)
    def noting_scale(self: GradScaler, outputs: Any) -> Any:
        scaled = scale(self, outputs)
        losses.note_scaled(scaled, outputs)
        return scaled

    with replaced(torch.autograd, "backward", noting_backward), replaced(GradScaler, "scale", noting_scale):
        yield


@contextmanager
def replaced(owner: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Put a function of ours in the place of another; if somebody replaced it since, theirs stays."""
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        if getattr(owner, name) is function:
            setattr(owner, name, original)
