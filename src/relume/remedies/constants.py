"""The numbers that a model's own code computes with, and another in their place."""

import math
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.remedies.lines import Line, calling_line
from relume.remedies.within import LossUnder

Kind = Literal["factor", "summand", "exponent", "bound", "temperature", "share", "axis", "sum"]

LEAST_ADDED = 1e-3  # below, a summand keeps a quotient or a root from 0
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


class Argument(NamedTuple):
    """Where a function takes a number, and what it is to it."""

    place: int
    keyword: str
    kind: Kind
    shown: str  # a call with it, for people


_FACTOR, _SUMMAND = Argument(1, "other", "factor", "x * {}"), Argument(1, "other", "summand", "x + {}")
ARGUMENTS: Mapping[str, tuple[Argument, ...]] = {
    **dict.fromkeys(("mul", "imul", "multiply"), (_FACTOR,)),
    **dict.fromkeys(("div", "truediv", "idiv", "itruediv", "divide"), (_FACTOR._replace(shown="x / {}"),)),
    **dict.fromkeys(("rdiv", "rtruediv"), (_FACTOR._replace(shown="{} / x"),)),
    **dict.fromkeys(("add", "iadd"), (_SUMMAND,)),
    **dict.fromkeys(("sub", "isub"), (_SUMMAND._replace(shown="x - {}"),)),
    "pow": (Argument(1, "exponent", "exponent", "x ** {}"),),
    "lerp": (Argument(2, "weight", "share", "lerp(x, y, {})"),),
    "dropout": (Argument(1, "p", "share", "dropout(x, p={})"),),
    "softshrink": (Argument(1, "lambd", "bound", "softshrink(x, {})"),),
    "hardshrink": (Argument(1, "lambd", "bound", "hardshrink(x, {})"),),
    "threshold": (Argument(1, "threshold", "bound", "threshold(x, {})"),),
    **dict.fromkeys(
        ("clamp", "clip"),
        (Argument(1, "min", "bound", "clamp(x, min={})"), Argument(2, "max", "bound", "clamp(x, max={})")),
    ),
    "softmax": (Argument(1, "dim", "axis", "softmax(x, {})"),),
    "log_softmax": (Argument(1, "dim", "axis", "log_softmax(x, {})"),),
    "gumbel_softmax": (Argument(1, "tau", "temperature", "gumbel_softmax(x, tau={})"),),
    "scaled_dot_product_attention": (
        Argument(6, "scale", "temperature", "scaled_dot_product_attention(..., scale={})"),
    ),
}
SUMS = ("add", "iadd")
OF_SUM = "(x + y) * {}"


class Constant(NamedTuple):
    """A number of the user's code: where it is, and what is done with it."""

    line: Line
    shown: str
    kind: Kind
    number: float

    def __str__(self) -> str:
        """The call with it, for people: "x * 40"."""
        return self.shown.format(f"{self.number:.3g}")

    @property
    def weight(self) -> float:
        """How much it does to what it meets: 0 for a factor of 1 and a summand of 0."""
        if self.kind in ("factor", "temperature"):
            return abs(math.log(abs(self.number))) if self.number else math.inf
        return abs(self.number - 1) if self.kind == "exponent" else math.log1p(abs(self.number))


class Constants(TorchFunctionMode):
    """Computes with other numbers where it was given some; notes those that the model's own code holds."""

    def __init__(self, instead: Mapping[Constant, float]) -> None:
        super().__init__()
        self.instead = instead
        self.found: Counter[Constant] = Counter()  # by how often each was met

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call, with another number if there is one for it."""
        keywords, name = kwargs or {}, getattr(func, "__name__", "").strip("_")
        for argument in ARGUMENTS.get(name, ()):
            with torch._C.DisableTorchFunction():
                constant = _constant(argument, args, keywords)
            if constant is None:
                continue
            self.found[constant] += 1
            if constant in self.instead:
                args, keywords = _with(self.instead[constant], argument, args, keywords)
        result = func(*args, **keywords)
        return self._scaled(result, args) if name in SUMS else result

    def _scaled(self, result: Any, args: Any) -> Any:
        """A sum of two tensors, times a number if there is one for it: what is written is 1."""
        with torch._C.DisableTorchFunction():
            is_of_two = all(isinstance(each, Tensor) and each.dim() for each in args[:2])
            line = _line_of_the_model() if is_of_two and result.is_floating_point() else None
        if line is None:
            return result
        constant = Constant(line, OF_SUM, "sum", 1.0)
        self.found[constant] += 1
        return result * self.instead[constant] if constant in self.instead else result


def _with(number: float, argument: Argument, args: Any, keywords: Mapping[str, Any]) -> tuple[Any, Any]:
    number = int(number) if argument.kind == "axis" else number
    if len(args) > argument.place:
        return (*args[: argument.place], number, *args[argument.place + 1 :]), keywords
    return args, {**keywords, argument.keyword: number}


def _constant(argument: Argument, args: Any, keywords: Mapping[str, Any]) -> Constant | None:
    """The number that the model's own code gives a function here; None where it gives none.

    Not of a tensor without axes: that is a loss, or a part of it.
    """
    x = args[0] if args else keywords.get("input")
    number = args[argument.place] if len(args) > argument.place else keywords.get(argument.keyword)
    if not isinstance(x, Tensor) or not x.dim() or not x.is_floating_point():
        return None
    if isinstance(number, Tensor) and not number.dim() and not number.requires_grad:
        number = number.item()
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if not _does_something(argument.kind, number):
        return None
    line = _line_of_the_model()
    return None if line is None else Constant(line, argument.shown, argument.kind, float(number))


def _does_something(kind: Kind, number: float) -> bool:
    """Whether a number may be a mistake: not a share that drops less than it keeps, nor an epsilon."""
    if kind == "share":
        return 0.5 < number < 1
    return math.isfinite(number) and (kind != "summand" or abs(number) >= LEAST_ADDED)


def _line_of_the_model() -> Line | None:
    """The line at work, if it is the user's own and of the model; None otherwise."""
    line = calling_line()
    is_own = line is not None and not line[0].startswith(_INSTALLED) and _is_in_the_model()
    return line if is_own else None


def _is_in_the_model() -> bool:
    """Whether code of the model is at work: what the loss does outside is how it is measured."""
    at_work: list[nn.Module] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not LossUnder.__call__.__code__:
        if isinstance(owner := frame.f_locals.get("self"), nn.Module):
            at_work.append(owner)
        frame = frame.f_back
    if frame is None or not at_work:
        return False
    own = {id(module) for module in frame.f_locals["model"].modules()}
    return any(id(module) in own for module in at_work)
