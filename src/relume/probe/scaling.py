"""Learns from torch.amp.GradScaler how a step's gradients are scaled, and whether it is skipped."""

from functools import wraps
from typing import Any, Protocol
from weakref import WeakSet

from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer


class Listener(Protocol):
    """What wants to know of scaled steps."""

    def begin_scaled_step(self, optimizer: Optimizer, scale: Tensor) -> None:
        """Gradients scaled by `scale` are about to be applied, unless one of them overflowed."""

    def end_scaled_step(self, optimizer: Optimizer) -> None:
        """They have been, or the step was skipped."""


# A scaler is handed neither to the model nor to an optimiser's hooks, and a step that it skips calls no hook
# at all. So its method `step` is replaced, as long as anybody listens.
_original = GradScaler.step
_listeners: "WeakSet[Listener]" = WeakSet()


def listen(listener: Listener) -> None:
    """Tell a listener of every scaled step of the process."""
    _listeners.add(listener)
    GradScaler.step = _step  # type: ignore[method-assign]


def stop_listening(listener: Listener) -> None:
    """Tell it no longer; the last one to go puts the method back."""
    _listeners.discard(listener)
    if not _listeners:
        GradScaler.step = _original  # type: ignore[method-assign]


@wraps(_original)
def _step(self: GradScaler, optimizer: Optimizer, *args: Any, **kwargs: Any) -> float | None:
    listeners = list(_listeners)
    scale = self._scale if self.is_enabled() else None
    if scale is None:
        return _original(self, optimizer, *args, **kwargs)
    for each in listeners:
        each.begin_scaled_step(optimizer, scale.detach().clone())
    try:
        return _original(self, optimizer, *args, **kwargs)
    finally:
        for each in listeners:
            each.end_scaled_step(optimizer)
