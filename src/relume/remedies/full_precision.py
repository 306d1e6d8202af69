"""What a forward turns into 16 bits by itself stays in 32: float16 ends at 65,504."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from relume.remedies.lines import shown
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Mending, mended
from relume.trial import Patient
from relume.types import Finding

HALVES = (torch.float16, torch.bfloat16)
CASTS = ("half", "bfloat16", "to", "type")


def apply(patient: Patient, finding: Finding) -> str:
    """Find the lines that turn numbers into 16 bits, and keep them in 32."""
    lines = mended(patient, Full)
    return f"kept in 32 bits at {', '.join(sorted(map(shown, lines)))}" if lines else ""


class Full(Mending):
    """Notes the lines that make numbers of 16 bits of longer ones, and keeps them as they are at some."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in CASTS or not _is_shortened(args, out):
            return out
        if not self.is_to_be_mended():
            return out
        with torch._C.DisableTorchFunction():
            return args[0].to(out.device)


def _is_shortened(args: Any, out: Any) -> bool:
    return (
        isinstance(out, Tensor)
        and out.dtype in HALVES
        and isinstance(args[0], Tensor)
        and args[0].dtype in (torch.float32, torch.float64)
    )


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Take away half() or to(torch.float16) near {lines_of(finding)}. For speed use torch.autocast, "
        "which keeps sums, softmax and losses in 32 bits, with a GradScaler."
    )


full_precision = Remedy(
    name="full-precision",
    apply=apply,
    changes=frozenset({"model", "loss"}),
    stage="structure",
    meaning="keeps in 32 bits what the forward or the loss turns into 16 bits by itself, for the trial and "
    "until the lines are edited",
    advice=advice,
    citation="Micikevicius et al. (2018), Mixed precision training, section 3",
)
