"""Learns the loss from the tensors that backward passes begin at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from weakref import ref

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer


class Losses:
    """The losses of the backward passes whose gradients the next step is made of."""

    def __init__(self) -> None:
        self.noted: list[Tensor] = []
        self.then: Callable[[Tensor], None] | None = None  # called with what each backward pass begins at
        self._is_stale = False  # their gradients are used or cleared; what comes next is of the next step
        self._scaled: tuple[ref[Tensor], Tensor] | None = None  # a scaled loss, and the loss

    def note(self, loss: Tensor) -> None:
        """Note what a backward pass begins at, if it is one number."""
        if self._is_stale:
            self.noted.clear()
            self._is_stale = False
        if loss.numel() == 1:
            if self.then is not None:
                self.then(loss)
            if self._scaled is not None and self._scaled[0]() is loss:
                loss = self._scaled[1]
            self.noted.append(loss.detach().clone())

    def note_scaled(self, scaled: object, loss: object) -> None:
        """Note that a GradScaler made one tensor of the other."""
        if isinstance(scaled, Tensor) and isinstance(loss, Tensor):
            self._scaled = (ref(scaled), loss.detach())

    def total(self) -> Tensor | None:
        """The sum, whose gradient the step takes; None if there was no loss.

        Frameworks divide the loss of each of N accumulated batches by N, so it is their mean.
        """
        if not self.noted:
            return None
        device = self.noted[-1].device
        return torch.stack([loss.to(device).double().reshape(()) for loss in self.noted]).sum()

    def used(self) -> None:
        """Say that their gradients were stepped on, or cleared. Several optimisers may step on the same."""
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

    with ExitStack() as stack:
        stack.enter_context(replaced(torch.autograd, "backward", noting_backward))
        stack.enter_context(replaced(GradScaler, "scale", noting_scale))
        for owner in (Optimizer, nn.Module):
            stack.enter_context(replaced(owner, "zero_grad", _noting_zero_grad(owner.zero_grad, losses)))
        yield


def _noting_zero_grad(zero_grad: Callable[..., None], losses: Losses) -> Callable[..., None]:
    """A closure of LBFGS, and the first of SAM's two passes, begin anew within one step."""

    @wraps(zero_grad)
    def noting(self: Any, *args: Any, **kwargs: Any) -> None:
        losses.used()
        zero_grad(self, *args, **kwargs)

    return noting


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
