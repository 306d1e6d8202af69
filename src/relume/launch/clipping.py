"""`--with clip=`: scales gradients down where their norm is too great."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

# Seetharaman, Wichern, Pardo & Le Roux (2020), AutoClip: adaptive gradient clipping for source separation
# networks, section 3: the 10th percentile of all norms so far served best there.
PERCENTILE = 10


class Clipping:
    """Clips the gradients of each optimiser, all parameters together."""

    def __init__(self, limit: float | Literal["auto"]) -> None:
        self.limit = limit
        self.norms: list[float] = []
        self.clipped = 0

    def before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        """Clip what is there; or, where the step makes the gradients, once it has made them."""
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if not callable(closure):
            self._clip(optimizer)
            return None

        def clipped() -> Any:
            loss = closure()
            self._clip(optimizer)
            return loss

        if "closure" in kwargs:
            return args, {**kwargs, "closure": clipped}
        return (args[0], clipped, *args[2:]), kwargs

    def told(self) -> str:
        """What came of it."""
        if not self.norms:
            return "no gradient to clip"
        return f"gradients clipped at {self._limit():.3g}: {self.clipped} of {len(self.norms)} steps"

    def _clip(self, optimizer: Optimizer) -> None:
        gradients = _gradients(optimizer)
        if not gradients:
            return
        scale: Tensor | None = getattr(optimizer, "grad_scale", None)  # set while a fused kernel unscales
        factor = 1.0 if scale is None else float(scale)
        norm = float(torch.nn.utils.get_total_norm([p.grad for p in gradients if p.grad is not None]))
        norm /= factor
        if not np.isfinite(norm):
            return
        self.norms.append(norm)
        limit = self._limit()
        if norm > limit:
            self.clipped += 1
            torch.nn.utils.clip_grad_norm_(gradients, limit * factor)

    def _limit(self) -> float:
        return float(np.percentile(self.norms, PERCENTILE)) if self.limit == "auto" else self.limit


def _gradients(optimizer: Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
