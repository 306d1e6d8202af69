"""A context for a loop of one's own over what accelerate has prepared."""

from collections.abc import Mapping
from pathlib import Path

from relume.errors import require

require("accelerate", extra="accelerate", purpose="relume.integrations.accelerate")

from accelerate import Accelerator
from torch import nn

from relume.integrations.exporters.exporter import Write
from relume.integrations.training import Training, Wanted

TRACKERS = "accelerate"  # `to`: the Accelerator's own trackers


def watching(
    accelerator: Accelerator,
    model: nn.Module,
    *,
    into: Path | str | None = None,
    every: int = 1,
    to: str | None = None,
    target: Path | str | None = None,
) -> Training:
    """Watch a prepared model within a `with` block; its `diagnosis` is there when the block ends.

    Every process enters and leaves the block. Each writes a run file of its own; the diagnosis is of what all
    of them saw.

    Parameters
    ----------
    into, every
        As in `relume.watch`.
    to
        "accelerate" writes the series to the Accelerator's own trackers; the name of a tracker, to that one.
    target
        What that tracker writes to, as in `relume.export`.
    """
    is_own = to == TRACKERS
    wanted = Wanted(into=into, every=every, to=None if is_own else to, target=target)
    inner = accelerator.unwrap_model(model, keep_fp32_wrapper=True)
    return Training(inner, wanted, write=_to_trackers(accelerator) if is_own else None)


def _to_trackers(accelerator: Accelerator) -> Write:
    def write(step: int, series: Mapping[str, float]) -> None:
        accelerator.log(dict(series), step=step)

    return write
