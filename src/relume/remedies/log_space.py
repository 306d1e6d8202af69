"""Exponentials and shares are followed by their logarithms, from which comes what no number holds."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from relume.remedies.anatomy import DIVIDES, MOVES
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Keeping, kept
from relume.trial import Patient
from relume.types import Finding

LEAST = 1e-30  # below, a derivative by 1 / x is about to leave float32, which ends at 3e38


class Logarithms(NamedTuple):
    """Of a number above 0, and of what it lacks of 1, where that is known."""

    own: Tensor
    of_rest: Tensor | None = None


Follow = Callable[..., Logarithms | None]  # called as the function is


class LogSpace(Keeping):
    """Keeps logarithms beside the numbers they are of, and takes what overflows from them."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call; follow it, if it is one of exponentials."""
        keywords, name = kwargs or {}, getattr(func, "__name__", "").strip("_")
        out = func(*args, **keywords)
        if not isinstance(out, Tensor) or not out.is_floating_point():
            return out
        with torch._C.DisableTorchFunction():
            instead = self._instead(name, out, args, keywords)
            if instead is not None and self.notes(name):
                out = instead
            logarithms = _follow(name, func, args, keywords)
            if logarithms is not None:
                out.logarithms = logarithms  # type: ignore[attr-defined]
        return out

    def _instead(self, name: str, out: Tensor, args: Any, keywords: Mapping[str, Any]) -> Tensor | None:
        """The same from logarithms, where numbers have left their range."""
        if name == "binary_cross_entropy" and (known := of(args[0])) and known.of_rest is not None:
            is_at_an_end = bool(((args[0] == 0) | (args[0] == 1)).any())
            if not is_at_an_end or not _is_plain(args, keywords):
                return None
            return _entropy(known.own, known.of_rest, args[1], keywords)
        if name not in ("log", "log1p", *DIVIDES):
            return None
        if all(map(_is_within, args)) and bool(out.isfinite().all()):
            return None
        known = of_quotient(*args[:2]) if name in DIVIDES else of(args[0])
        if known is None or name == "log":
            return known.own if known else None
        return F.softplus(known.own) if name == "log1p" else known.own.exp()


def _is_within(x: Any) -> bool:
    return not isinstance(x, Tensor) or bool(((x >= LEAST) & (x <= 1 / LEAST)).all())


def of(x: Any) -> Logarithms | None:
    """What is kept beside a tensor; of a number above 0, its logarithm."""
    if isinstance(x, int | float) and x > 0:
        return Logarithms(torch.tensor(math.log(x)))
    return getattr(x, "logarithms", None)


def of_sum(x: Any, *axes: Any, keepdim: bool = False, **keywords: Any) -> Logarithms | None:
    """The logarithm of a sum of exponentials, over all axes or some."""
    known = of(x)
    if known is None:
        return None
    dim = keywords.get("dim", keywords.get("axis"))
    if dim is None:
        dim = axes[0] if len(axes) == 1 else axes or tuple(range(x.dim()))
    return Logarithms(known.own.logsumexp(dim, keepdim=keepdim))


def of_mean(x: Any, *axes: Any, **keywords: Any) -> Logarithms | None:
    """The same, less the logarithm of their number."""
    total = of_sum(x, *axes, **keywords)
    return Logarithms(total.own - math.log(x.numel() / total.own.numel())) if total else None


def of_product(x: Any, y: Any, **_: Any) -> Logarithms | None:
    """A sum of logarithms."""
    return _of_both(x, y, torch.add)


def of_quotient(x: Any, y: Any, **_: Any) -> Logarithms | None:
    """A difference of logarithms."""
    return _of_both(x, y, torch.sub)


def of_both_added(x: Any, y: Any, **_: Any) -> Logarithms | None:
    """As of the 1 + exp(x) in a softplus."""
    return _of_both(x, y, torch.logaddexp)


def of_the_rest(x: Any, y: Any, **_: Any) -> Logarithms | None:
    """Of 1 - p, where what p lacks of 1 is known; torch writes rsub(p, 1) and sub(1, p)."""
    share = x if isinstance(x, Tensor) else y
    known, is_of_one = of(share), 1 in [each for each in (x, y) if not isinstance(each, Tensor)]
    if known is None or known.of_rest is None or not is_of_one:
        return None
    return Logarithms(known.of_rest, known.own)


def of_softmax(x: Tensor, dim: Any = None, **_: Any) -> Logarithms | None:
    """A softmax of torch's."""
    return Logarithms(x.log_softmax(dim)) if isinstance(dim, int) else None


def of_sigmoid(x: Tensor, **_: Any) -> Logarithms:
    """A sigmoid, and one less it."""
    return Logarithms(F.logsigmoid(x), F.logsigmoid(-x))


FOLLOWED: Mapping[str, Follow] = {
    "exp": lambda x, **_: Logarithms(x),
    "softmax": of_softmax,
    "sigmoid": of_sigmoid,
    "sum": of_sum,
    "mean": of_mean,
    **dict.fromkeys(("mul", "rmul", "multiply"), of_product),
    **dict.fromkeys(DIVIDES, of_quotient),
    **dict.fromkeys(("add", "radd"), of_both_added),
    "rsub": of_the_rest,
}


def _follow(name: str, func: Callable[..., Any], args: Any, keywords: Mapping[str, Any]) -> Logarithms | None:
    if name in MOVES and (known := of(args[0])):
        moved = (None if each is None else func(each, *args[1:], **keywords) for each in known)
        return Logarithms(*moved)  # type: ignore[arg-type]
    follow = FOLLOWED.get(name)
    return follow(*args, **keywords) if follow else None


def _of_both(x: Any, y: Any, join: Callable[[Tensor, Tensor], Tensor]) -> Logarithms | None:
    one, other = of(x), of(y)
    return Logarithms(join(one.own, other.own)) if one and other else None


def _is_plain(args: Any, keywords: Mapping[str, Any]) -> bool:
    """Whether a cross-entropy has no weights: they stay as they are, and so does it."""
    return len(args) == 2 and keywords.get("weight") is None


def _entropy(own: Tensor, of_rest: Tensor, target: Tensor, keywords: Mapping[str, Any]) -> Tensor:
    each: Tensor = -(target * own + (1 - target) * of_rest)
    reduction = keywords.get("reduction", "mean")
    return each if reduction == "none" else each.sum() if reduction == "sum" else each.mean()


def apply(patient: Patient, finding: Finding) -> str:
    """Follow the exponentials of the loss and the forward; told is where it was needed in the first steps."""
    lines = kept(patient, LogSpace)
    return f"computed from logarithms: {lines}" if lines else ""


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Compute with logarithms near {lines_of(finding)}: F.log_softmax(x, -1) for softmax(x).log(), "
        "x.logsumexp(-1) for x.exp().sum(-1).log(), x.softmax(-1) for x.exp() / x.exp().sum(), "
        "F.logsigmoid(x) for sigmoid(x).log(), F.softplus(x) for (1 + x.exp()).log(), "
        "F.binary_cross_entropy_with_logits(x, y) for F.binary_cross_entropy(sigmoid(x), y)."
    )


log_space = Remedy(
    name="log-space",
    apply=apply,
    changes=frozenset({"loss"}),
    stage="loss",
    meaning="follows exponentials, softmaxes, sigmoids, their sums and quotients by their logarithms, and "
    "takes a logarithm or a quotient from these where the numbers themselves have overflowed or become 0",
    advice=advice,
    citation="Blanchard, Higham & Higham (2021), Accurately computing the log-sum-exp and softmax functions",
)
