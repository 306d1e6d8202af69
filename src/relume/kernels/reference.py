"""The sums by plain torch operations: on any device, under torch.compile, and what others must equal."""

import torch
from torch import Tensor

from relume.kernels.contract import NEVER, Accumulators, Alarm, Observe


def observer(
    into: Accumulators,
    alarm: Alarm,
    *,
    unit_axis: int | None,
    flat: tuple[float, float],
    position: int,
) -> Observe:
    """See `relume.kernels.contract.Observer`."""
    below, above = flat

    @torch.no_grad()
    def observe(x: Tensor) -> None:
        values = _by_unit(x.detach(), unit_axis).double()
        if values.shape[1] != into.units:
            raise ValueError(
                f"a tensor of shape {tuple(x.shape)} has {values.shape[1]} units, not {into.units}"
            )
        squares = values.square().sum(0)
        into.sums.add_(torch.stack([values.sum(0), squares]))
        if len(values):
            into.largest.copy_(torch.maximum(into.largest, values.abs().amax(0)))
        flat_ends = (values <= below) | (values >= above)
        into.counts.add_(torch.stack([(values == 0).sum(0), (values > 0).sum(0), flat_ends.sum(0)]))
        into.seen[0].add_(len(values))
        into.seen[1].add_(len(x) if x.dim() > 1 else 1)
        order = torch.where(torch.isfinite(values).all(), NEVER, alarm.clock + position)
        alarm.first.copy_(torch.minimum(alarm.first, order))

    return observe


def _by_unit(x: Tensor, unit_axis: int | None) -> Tensor:
    """Bring x into the shape [values, units]."""
    if unit_axis is None or x.dim() == 0:
        return x.reshape(-1, 1)
    units = x.shape[unit_axis]
    return x.movedim(unit_axis, -1).reshape(x.numel() // units if units else 0, units)
