"""What a call of one of torch's functions is: an activation, a product with weights, or neither."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, Literal

import torch
import torch.nn.functional as F

from relume.catalogue import activations
from relume.catalogue.recognition import recognise_call

Kind = Literal["activation", "arithmetic", "linear", "convolution"]

# Functions that are activations in some networks and plain arithmetic in most (positions, losses, masks).
ARITHMETIC = ("abs", "arctan", "cosine", "erf", "sine")
CONVOLUTIONS = (F.conv1d, F.conv2d, F.conv3d, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
ANY_TENSOR = object()  # stands for an argument that is no plain number or word


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def kind_of(function: Callable[..., Any]) -> Kind | None:
    """What calls of a function may be; `name_of` says it of one call."""
    return _kinds().get(function)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def name_of(
    function: Callable[..., Any], arguments: tuple[object, ...], keywords: tuple[tuple[str, object], ...]
) -> str | None:
    """The activation that a call computes; None if it is none: torch.clamp(x, -3, 3)."""
    return _name_of(function, arguments, keywords)


@lru_cache(maxsize=4096)
def _name_of(
    function: Callable[..., Any], arguments: tuple[object, ...], keywords: tuple[tuple[str, object], ...]
) -> str | None:
    entry = recognise_call(function, arguments, dict(keywords))
    return entry.name if entry else None


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def ready_to_trace() -> bool:
    """Have torch.compile show a mode what eager code shows it, and let it look into checkpoints.

    It passes over F.tanh, torch.relu_ and others; and to note which module is at work is a side effect, which
    it refuses within torch.utils.checkpoint though the module is left again before the end.
    """
    with suppress(ImportError):  # torch._dynamo keeps this set to itself
        from torch._dynamo.variables.torch import get_overridable_functions

        get_overridable_functions().update(_kinds())
    if hasattr(torch._dynamo.config, "skip_fwd_side_effects_in_bwd_under_checkpoint"):
        torch._dynamo.config.skip_fwd_side_effects_in_bwd_under_checkpoint = True
    return True


def plain(value: object) -> object:
    """An argument as something that can be looked up."""
    return value if value is None or isinstance(value, bool | int | float | str) else ANY_TENSOR


@cache
def _kinds() -> dict[Callable[..., Any], Kind]:
    kinds: dict[Callable[..., Any], Kind] = {F.linear: "linear"}
    kinds.update(dict.fromkeys(CONVOLUTIONS, "convolution"))
    for entry in activations.values():
        kind: Kind = "arithmetic" if entry.name in ARITHMETIC else "activation"
        kinds.update({alias.call: kind for alias in entry.aliases if not alias.is_module})
    return kinds
