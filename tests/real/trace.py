"""What a network computes, told by torch's dispatcher and by module hooks: the oracle for watching.

Nothing here knows relume. The dispatcher sits below autograd: whatever Python called, it shows the aten
operators that ran.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

# aten's names, without the underscore of the variants in place. abs, sin, cos, exp are arithmetic.
OPERATORS = frozenset(
    {
        *("relu", "relu6", "leaky_relu", "_prelu_kernel", "rrelu_with_noise", "threshold", "hardtanh"),
        *("elu", "celu", "selu", "gelu", "silu", "mish", "hardswish", "glu"),
        *("sigmoid", "hardsigmoid", "log_sigmoid_forward", "tanh", "erf", "softplus"),
        *("hardshrink", "softshrink"),
    }
)
CLAMPS = ("clamp_min", "clamp")  # activations where the lower bound is 0: a small bound only keeps from 0


class Numbers(NamedTuple):
    """What tells one tensor from another."""

    count: int
    zeros: int
    sum: float
    size: float  # sum of absolute values: what `sum` is exact to

    def is_like(self, count: int, zeros: int, total: float, *, tolerance: float = 1e-9) -> bool:
        return (count, zeros) == (self.count, self.zeros) and abs(total - self.sum) <= tolerance * self.size


def numbers_of(y: Tensor) -> Numbers:
    y = y.detach().double()
    return Numbers(y.numel(), int((y == 0).sum()), y.sum().item(), y.abs().sum().item())


class Operation(NamedTuple):
    """An activation that aten computed."""

    name: str
    inside: tuple[str, ...]  # modules at work, outermost first
    numbers: Numbers


@dataclass
class Output:
    """What a module returned, and the gradient that arrived there."""

    path: str
    numbers: Numbers
    gradient: Numbers | None = None


@dataclass
class Trace(TorchDispatchMode):
    """Notes while it is entered which activations aten computes, and in which modules."""

    operations: list[Operation] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        name = name if name in OPERATORS else name.removesuffix("_")
        if name in OPERATORS or (name in CLAMPS and _lower_bound(args, kwargs or {}) == 0):
            y = result[0] if isinstance(result, tuple) else result
            if y.is_floating_point():
                self.operations.append(Operation(name, tuple(self.inside), numbers_of(y)))
        return result


def _lower_bound(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return args[1] if len(args) > 1 else kwargs.get("min")


def traced(model: nn.Module, step: Callable[[], Tensor]) -> Trace:
    """The trace of one forward pass, with the gradients of the backward pass after it."""
    trace = Trace()
    hooks = [hook for path, module in model.named_modules() for hook in _hooks(path, module, trace)]
    with trace:
        loss = step()
    for hook in hooks:
        hook.remove()
    loss.backward()
    return trace


def _hooks(path: str, module: nn.Module, trace: Trace) -> list[Any]:
    def enter(module: nn.Module, args: Any) -> None:
        trace.inside.append(path)

    def leave(module: nn.Module, args: Any, y: object) -> None:
        trace.inside.pop()
        if not isinstance(y, Tensor) or not y.is_floating_point():
            return
        output = Output(path, numbers_of(y))
        trace.outputs.append(output)
        if y.requires_grad:
            y.register_hook(lambda gradient: setattr(output, "gradient", numbers_of(gradient)))

    return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
