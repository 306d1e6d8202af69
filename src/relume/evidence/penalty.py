"""An L1 penalty on what activations put out, as a layer: any network can be trained with it by any engine."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from relume.catalogue.activation import Activation
from relume.catalogue.recognition import recognise_module


class _Penalised(torch.autograd.Function):
    """The identity, with the gradient of coefficient * sum over units |h|, in the mean over the batch."""

    generate_vmap_rule = True

    @staticmethod
    def forward(h: Tensor, coefficient: float) -> Tensor:
        return h.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        h, ctx.coefficient = inputs
        ctx.save_for_backward(h)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (h,) = ctx.saved_tensors
        return grads[0] + ctx.coefficient * h.sign() / h.shape[0], None


class L1Penalty(nn.Module):
    """Passes values on; their gradient is that of the loss with the penalty added."""

    def __init__(self, coefficient: float) -> None:
        super().__init__()
        self.coefficient = coefficient

    def extra_repr(self) -> str:
        """Show the coefficient."""
        return f"coefficient={self.coefficient:g}"

    def forward(self, h: Tensor) -> Tensor:
        """[batch, ...] -> the same."""
        return _Penalised.apply(h, self.coefficient)  # type: ignore[no-any-return,no-untyped-call]


def penalised(
    build: Callable[[Activation], nn.Module], coefficient: float
) -> Callable[[Activation], nn.Module]:
    """The same network with a penalty behind each module of an activation."""

    def build_penalised(activation: Activation) -> nn.Module:
        model = build(activation)
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if recognise_module(child) is not None:
                    setattr(parent, name, nn.Sequential(child, L1Penalty(coefficient)))
        return model

    return build_penalised
