"""What the programs of the sixteenth part share, and the patterns of its causes of other kinds."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import Optimizer

from tests.faults.program import Batch

# Patterns of causes: wide in their wording, narrow in their meaning
RESTORED = r"|checkpoint|scale"
PRUNED = r"|mask|prun|zero|weights?"
THRESHOLD = r"|bias|threshold|shift|pre-activation"
SMALLER = r"|residual|shortcut|skip|branch|weights?|scale|depth"
FRACTION = r"|fan|standardis|scale"
MULTIPLIED = r"|multipl|factor|scale|dropout|sum"


def fan_in(weight: Tensor) -> int:
    """How many numbers one unit adds up."""
    return weight[0].numel()


def he_by_variance(weight: Tensor) -> None:
    """The variance of He, given where its root is asked for."""
    init.normal_(weight, std=2 / fan_in(weight))


class Standardised(nn.Linear):
    """Weights of each unit to mean 0 and deviation 1 (Qiao et al., 2019), by the fan-in or not."""

    def __init__(self, inputs: int, outputs: int, *, is_by_fan: bool = True) -> None:
        super().__init__(inputs, outputs)
        self.gain = (2 / inputs) ** 0.5 if is_by_fan else 1.0

    def forward(self, x: Tensor) -> Tensor:
        far = self.weight - self.weight.mean(1, keepdim=True)
        return F.linear(x, self.gain * far / (far.std(1, keepdim=True) + 1e-5), self.bias)


class Decaying(Optimizer):
    """Adam, and a decay apart from it: a share of a step (Loshchilov & Hutter, 2019), or a share."""

    def __init__(self, parameters: Any, lr: float, decay: float, *, is_by_rate: bool) -> None:
        super().__init__(parameters, {"lr": lr, "decay": decay, "is_by_rate": is_by_rate})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            share = group["decay"] * (group["lr"] if group["is_by_rate"] else 1.0)
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
                state["step"] += 1
                state["mean"].lerp_(p.grad, 0.1)
                state["square"].lerp_(p.grad.square(), 0.01)
                mean = state["mean"] / (1 - 0.9 ** state["step"])
                square = state["square"] / (1 - 0.99 ** state["step"])
                p.mul_(1 - share).sub_(group["lr"] * mean / (square.sqrt() + 1e-8))


class Signed(Optimizer):
    """Steps of one length, by the sign of a blend of gradients (Chen et al., 2023)."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                held = self.state[p].setdefault("held", torch.zeros_like(p))
                p.sub_(group["lr"] * (0.9 * held + 0.1 * p.grad).sign())
                held.lerp_(p.grad, 0.01)


class Planned(torch.optim.SGD):
    """Descent whose rate at each step is told by a function of how many there were."""

    def __init__(self, parameters: Any, plan: Callable[[int], float], momentum: float = 0.0) -> None:
        group = {"params": list(parameters), "plan": plan, "taken": 0}
        super().__init__([group], lr=plan(0), momentum=momentum)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:  # which a copy has too, unlike attributes
            group["lr"] = group["plan"](group["taken"])
            group["taken"] += 1
        return super().step(closure)


class PlannedAdam(torch.optim.Adam):
    """Adam whose rate is told so."""

    def __init__(self, parameters: Any, plan: Callable[[int], float]) -> None:
        super().__init__([{"params": list(parameters), "plan": plan, "taken": 0}], lr=plan(0))

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            group["lr"] = group["plan"](group["taken"])
            group["taken"] += 1
        return super().step(closure)


def same(model: nn.Module, batch: Batch) -> Tensor:
    """Whether two are one, from a logit."""
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])
