"""Operations are kept within where they and their derivatives are defined: no log, root or quotient of 0."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from relume.remedies.anatomy import MOVES
from relume.remedies.attention_masks import unmasked
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Keeping, kept
from relume.trial import Patient
from relume.types import Finding

SMALLEST = 1e-6  # ten times what float32 rounds 1 to; the slope of a root there is 500
LOWEST, MOST_SORTED = 0.05, 1_000_000  # of the data; numbers of it, which torch can sort
LARGEST = 20.0  # of an exponent: exp(20) is 5e8, and its square still a number

Guard = Callable[..., tuple[Any, ...] | None]  # called as the function is; what to give it instead


class Guards(Keeping):
    """Moves arguments to where a function is defined."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call, guarded if it is one of a guarded function."""
        keywords, name = kwargs or {}, getattr(func, "__name__", "")
        if name in AROUND:
            return AROUND[name](self, func, args, keywords)
        guard = GUARDS.get(name)
        if guard is None or keywords.get("out") is not None:
            return func(*args, **keywords)
        with torch._C.DisableTorchFunction():
            moved = guard(*args, **keywords)
            if moved is None or not self.notes(name):
                return func(*args, **keywords)
            return func(*map(_softened, moved, args), **keywords)

    def _rectified(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        """What a rectifier was given stays beside what it says: a softplus of it is never 0."""
        out = func(*args, **keywords)
        if isinstance(out, Tensor) and out.requires_grad and args:
            out.rectified = args[0]  # type: ignore[attr-defined]
        return out

    def _moved(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        """The same of what is only moved about."""
        out = func(*args, **keywords)
        if isinstance(out, Tensor) and args and hasattr(args[0], "rectified"):
            with torch._C.DisableTorchFunction():
                out.rectified = func(args[0].rectified, *args[1:], **keywords)  # type: ignore[attr-defined]
        return out

    def _attended(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        """No query of an attention is masked throughout."""
        with torch._C.DisableTorchFunction():
            seen = unmasked(args, keywords)
        return func(*args, **(keywords if seen is None or not self.notes(func.__name__) else seen))

    def _alignable(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        """A sequence with fewer frames than its target has no alignment: it counts as 0, not as infinite."""
        loss = func(*args, **keywords)
        with torch._C.DisableTorchFunction():
            if bool(torch.as_tensor(loss).isfinite().all()) or not self.notes("ctc_loss"):
                return loss
        named = dict(zip(CTC, args, strict=False)) | keywords
        return func(**{**named, "zero_infinity": True})

    def _spread(self, func: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        """The spread of a single value is 0, not 0 / 0; and a root of 0 has no slope."""
        with torch._C.DisableTorchFunction():
            spread = func(*args, **keywords)
            is_well = not isinstance(spread, Tensor) or bool((spread > SMALLEST).all())
            if is_well or not self.notes(func.__name__):
                return spread
            kept = {key: value for key, value in keywords.items() if key in ("dim", "keepdim")}
            axes = {"dim": args[1]} if len(args) > 1 and not isinstance(args[1], bool) else {}
            variance: Tensor = torch.var(args[0], **axes, **kept, correction=0)
            return variance if func.__name__ == "var" else variance.clamp(min=SMALLEST**2).sqrt()


def _softened(moved: Any, given: Any) -> Any:
    """A guarded argument; a softplus in its place, if it was a rectifier that had come to 0."""
    if moved is given or not hasattr(given, "rectified"):
        return moved
    return F.softplus(given.rectified) + SMALLEST


def at_least(bound: float) -> Guard:
    """A guard for functions of what is above a bound."""

    def guard(x: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
        least = bound + SMALLEST
        if not _is_below(x, least):
            return None
        if not x.requires_grad:
            return _held_among(x, least), *rest
        # Not held at the bound, but nearer to it the further below: a gradient still leads back.
        kept: Tensor = x.where(x >= least, bound + SMALLEST / (1 + (least - x).clamp(min=0)))
        return kept, *rest

    return guard


def within_one(x: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """A cosine, or a sine, at which the angle still has a slope."""
    if not (isinstance(x, Tensor) and x.is_floating_point() and bool((x.abs() > 1 - SMALLEST).any())):
        return None
    return x.clamp(-1 + SMALLEST, 1 - SMALLEST), *rest


def not_infinite(x: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """An exponent of about 20 at most; beyond, a slight slope is left, by which a gradient brings it back."""
    if not (isinstance(x, Tensor) and x.is_floating_point() and bool((x > LARGEST).any())):
        return None
    return x.where(x <= LARGEST, LARGEST + (x - LARGEST).clamp(max=1e6) * 1e-2 / (1 + x.abs())), *rest


def not_by_zero(x: Any, divisor: Any = None, *rest: Any, **keywords: Any) -> tuple[Any, ...] | None:
    """A divisor that is not about 0."""
    divisor = keywords.get("other", divisor)
    if isinstance(divisor, int | float) and divisor == 0 and isinstance(x, Tensor):
        return x, SMALLEST, *rest
    if "other" in keywords or not isinstance(divisor, Tensor):
        return None
    if not divisor.is_floating_point():  # a count: the mean of nothing is nothing
        return (x, divisor.where(divisor != 0, 1), *rest) if bool((divisor == 0).any()) else None
    away = _away_from_zero(divisor)
    return None if away is None else (x, away, *rest)


def itself_not_zero(x: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """What is divided by, where the function is called on it: reciprocal, 1 / x."""
    away = _away_from_zero(x) if isinstance(x, Tensor) and x.is_floating_point() else None
    return None if away is None else (away, *rest)


def not_all_masked(x: Any, *rest: Any, **keywords: Any) -> tuple[Any, ...] | None:
    """A row of a softmax that is not minus infinity throughout."""
    axis = keywords.get("dim", rest[0] if rest else None)
    if not isinstance(x, Tensor) or not isinstance(axis, int):
        return None
    masked = (x == -math.inf).all(axis, keepdim=True)
    return (x.masked_fill(masked, 0.0), *rest) if bool(masked.any()) else None


def not_endless_by_zero(x: Any, y: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """Factors of which none is infinite where the other is 0: a mask of 0 and 1, times minus infinity."""
    one, other = _ended_beside(x, y), _ended_beside(y, x)
    if one is None and other is None:
        return None
    return x if one is None else one, y if other is None else other, *rest


def not_of_nothing(x: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """A mean of at least one number: that of none is 0 / 0."""
    if not isinstance(x, Tensor) or x.numel() or any(isinstance(axis, int | tuple) for axis in rest):
        return None
    return tuple(each.sum().reshape(1) if isinstance(each, Tensor) else each for each in (x, *rest))


def root_of_positive(x: Any, exponent: Any, *rest: Any, **_: Any) -> tuple[Any, ...] | None:
    """A base above 0, where the exponent is no whole number above 0."""
    if isinstance(exponent, Tensor):  # a learned one, perhaps: it is no whole number for long
        is_whole = exponent.numel() > 1 or bool((x < 0).any())
    else:
        is_whole = not isinstance(exponent, float | int) or (float(exponent).is_integer() and exponent >= 1)
    if is_whole:
        return None
    return at_least(0.0)(x, exponent, *rest)


def _held_among(x: Tensor, least: float) -> Tensor:
    """Data; what is below a bound becomes one of the lowest above it: at the bound it would lie far out."""
    above = x[x >= least][:MOST_SORTED].float()
    return x.clamp(min=float(above.quantile(LOWEST)) if len(above) else least)


def rate_above_zero(x: Any, *rest: Any, **keywords: Any) -> tuple[Any, ...] | None:
    """A rate whose logarithm a Poisson loss takes; where it is given that itself, anything will do."""
    is_logarithm = rest[1] if len(rest) > 1 else keywords.get("log_input", True)
    return None if is_logarithm else at_least(0.0)(x, *rest)


def _is_below(x: Any, bound: float) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point() and bool((x < bound).any())


def _away_from_zero(x: Tensor) -> Tensor | None:
    near = x.abs() < SMALLEST
    if not bool(near.any()):
        return None
    # Of data no derivative is asked for: what is usual there makes no loss of millions.
    usual = x[~near].abs()
    least = SMALLEST if x.requires_grad or not len(usual) else float(usual.median())
    return x.where(~near, torch.where(x < 0, -least, least).to(x.dtype))


def _ended_beside(x: Any, factor: Any) -> Tensor | None:
    """A factor with 1 for what is infinite beside a 0; None where nothing is."""
    if isinstance(x, float) and math.isinf(x) and isinstance(factor, Tensor):
        x = torch.tensor(x, device=factor.device)
    if not isinstance(x, Tensor) or not x.is_floating_point() or not bool(x.isinf().any()):
        return None
    wrong = x.isinf() & (factor == 0)
    return torch.where(wrong, 1.0, x) if bool(wrong.any()) else None


CTC = ("log_probs", "targets", "input_lengths", "target_lengths", "blank", "reduction")
# What is not mended by other arguments alone.
AROUND: dict[str, Callable[..., Any]] = {
    **dict.fromkeys((*MOVES, "__getitem__"), Guards._moved),
    "relu": Guards._rectified,
    **dict.fromkeys(("std", "var"), Guards._spread),
    "ctc_loss": Guards._alignable,
    "multi_head_attention_forward": Guards._attended,
}
GUARDS: dict[str, Guard] = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt"), at_least(0.0)),
    "log1p": at_least(-1.0),
    "poisson_nll_loss": rate_above_zero,
    **dict.fromkeys(("acos", "arccos", "asin", "arcsin", "atanh", "arctanh"), within_one),
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh"), not_infinite),
    **dict.fromkeys(("div", "divide", "true_divide", "__truediv__", "truediv"), not_by_zero),
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), not_endless_by_zero),
    **dict.fromkeys(("reciprocal", "__rtruediv__", "__rdiv__"), itself_not_zero),
    **dict.fromkeys(("pow", "__pow__"), root_of_positive),
    **dict.fromkeys(("softmax", "log_softmax"), not_all_masked),
    **dict.fromkeys(("mean", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"), not_of_nothing),
}


def apply(patient: Patient, finding: Finding) -> str:
    """Guard the loss and the forward; told is where it was needed in the first steps."""
    lines = kept(patient, Guards)
    return f"kept where they are defined: {lines}" if lines else ""


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Keep arguments away from where the function ends, in the loss and near {lines_of(finding)}: "
        f"x.clamp(min={SMALLEST:g}).log(), (x + {SMALLEST:g}).sqrt(), a / (b + {SMALLEST:g}), "
        "F.softplus(x) for a deviation that F.relu(x) takes to 0, and no row of a softmax that is masked "
        "throughout. F.cross_entropy and F.log_softmax do so by themselves."
    )


guard_operations = Remedy(
    name="guard-operations",
    apply=apply,
    changes=frozenset({"loss"}),
    stage="loss",
    meaning="keeps the arguments of logarithms, roots, powers, arcs, quotients, exponentials and masked "
    "softmaxes within where value and derivative are numbers; queries that are masked throughout see "
    "all keys, a sequence too short for its target counts nothing, and a rectifier whose 0 comes there says "
    "what a softplus would",
    advice=advice,
    citation="Goodfellow, Bengio & Courville (2016), Deep Learning, section 4.1, Overflow and underflow",
)
