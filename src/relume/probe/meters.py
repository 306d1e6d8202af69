"""Adds up one quantity at one site, step by step, wherever its tensors lie."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from relume.catalogue.flatness import NO_FLAT_ENDS
from relume.kernels import observer_for
from relume.kernels.contract import Accumulators, Alarm, Observe, new_accumulators
from relume.probe.alarms import Alarms
from relume.types import Sums


class Meter:
    """Called with a tensor, it adds the tensor's values to its sums; also a tensor hook.

    The sums lie on the tensor's device. They are allocated by the first tensor, and anew by one from another
    device. If the number of units changes (a feature axis of varying length), all units become one.

    Gradients that a GradScaler scaled are settled at the end of their step, when the factor is known:
    `settled` then holds all that counts, and the accumulators only the step at work.
    """

    __slots__ = (
        "accumulators",
        "alarms",
        "device",
        "flat",
        "kept",
        "observe",
        "position",
        "settled",
        "unit_axis",
        "units",
    )

    def __init__(
        self,
        alarms: Alarms,
        *,
        position: int,
        unit_axis: int | None,
        flat: tuple[float, float] = NO_FLAT_ENDS,
    ) -> None:
        self.alarms, self.position, self.unit_axis, self.flat = alarms, position, unit_axis, flat
        self.accumulators: Accumulators | None = None
        self.settled: Accumulators | None = None
        self.device: torch.device | None = None
        self.units = 0
        self.observe: Observe = _unprepared
        self.kept: list[tuple[Sums, int]] = []  # what was taken from accumulators given up since

    def __call__(self, x: Tensor) -> None:
        """Add the values of x."""
        try:
            self.observe(x)
        except (
            ValueError,
            RuntimeError,
        ):  # cheaper than to ask every time: another device or number of units
            if self._fits(x):
                raise
            self._prepare(x)
            self.observe(x)

    def _fits(self, x: Tensor) -> bool:
        units = 1 if self.unit_axis is None else x.shape[self.unit_axis]
        return x.device == self.device and units == self.units

    def _prepare(self, x: Tensor) -> None:
        if x.dim() == 0:
            self.unit_axis = None
        units = 1 if self.unit_axis is None else x.shape[self.unit_axis]
        if (given_up := self.settled or self.accumulators) is not None:
            self.kept.append(read([given_up])[0])
            self.settled = None
            if units != self.units:
                units, self.unit_axis = 1, None
        self.accumulators = new_accumulators(units, x.device)
        alarm: Alarm = self.alarms.on(x.device)
        self.observe = observer_for(x.device)(
            self.accumulators, alarm, unit_axis=self.unit_axis, flat=self.flat, position=self.position
        )
        self.units, self.device = units, x.device  # last: from here on another thread would observe

    @torch.no_grad()
    def settle(self, scale: Tensor, kept: Tensor | None) -> None:
        """Count the step at work with its factor taken out; not at all where `kept` is false."""
        if self.accumulators is None:
            return
        if self.settled is None:
            self.settled = new_accumulators(self.units, self.accumulators.sums.device)
        _add_unscaled(self.accumulators, self.settled, scale.to(self.settled.sums.device), kept)
        reset([self.accumulators])


def _add_unscaled(step: Accumulators, settled: Accumulators, scale: Tensor, kept: Tensor | None) -> None:
    factor = 1 / scale.to(torch.float64)
    sums = step.sums * torch.stack([factor, factor * factor]).reshape(2, 1)
    largest, counts, seen = step.largest * factor, step.counts, step.seen
    if kept is not None:  # chosen, not multiplied by 0: a step that overflowed holds infinities
        is_kept = kept.to(sums.device)
        sums, largest, counts, seen = (
            torch.where(is_kept, part, torch.zeros_like(part)) for part in (sums, largest, counts, seen)
        )
    settled.sums.add_(sums)
    settled.largest.copy_(torch.maximum(settled.largest, largest))
    settled.counts.add_(counts)
    settled.seen.add_(seen)


def _unprepared(x: Tensor) -> None:
    raise ValueError("a meter observes only after it has been prepared")


def take(meters: Sequence[Meter]) -> list[tuple[Sums, int] | None]:
    """What each meter has added up, with its number of examples; they start again from 0.

    One transfer a device, however many meters there are. None for a meter that was never called.
    """
    used = [meter for meter in meters if meter.accumulators is not None]
    taken: dict[int, tuple[Sums, int]] = {}
    for device in {meter.device for meter in used}:
        here = [meter for meter in used if meter.device == device]
        counting = [counted for meter in here if (counted := meter.settled or meter.accumulators)]
        for meter, sums in zip(here, read(counting), strict=True):
            for kept in meter.kept:
                sums = _together(kept, sums)
            taken[id(meter)] = sums
            meter.kept.clear()
        reset(counting)
    return [taken.get(id(meter)) for meter in meters]


def reset(accumulators: Sequence[Accumulators]) -> None:
    """Start again from 0."""
    for each in accumulators:
        for tensor in _tensors(each):
            tensor.zero_()


def read(accumulators: Sequence[Accumulators]) -> list[tuple[Sums, int]]:
    """Copy accumulators of one device to the host, in one transfer."""
    parts = [tensor.reshape(-1).view(torch.int64) for each in accumulators for tensor in _tensors(each)]
    host = torch.cat(parts).cpu().numpy()
    sums, place = [], 0
    for each in accumulators:
        units = each.units
        end = place + 6 * units + 2
        floats = host[place : place + 3 * units].view(np.float64).reshape(3, units)
        counts = host[place + 3 * units : end - 2].reshape(3, units)
        sums.append((_sums(floats, counts, values=int(host[end - 2])), int(host[end - 1])))
        place = end
    return sums


def _tensors(accumulators: Accumulators) -> tuple[Tensor, ...]:
    return accumulators.sums, accumulators.largest, accumulators.counts, accumulators.seen


def _sums(floats: np.ndarray, counts: np.ndarray, *, values: int) -> Sums:
    return Sums(
        count=np.full(floats.shape[1], values, dtype=np.int64),
        sum=floats[0].copy(),
        sum_of_squares=floats[1].copy(),
        zeros=counts[0].copy(),
        fired=counts[1].copy(),
        flat=counts[2].copy(),
        largest=floats[2].copy(),
    )


def _together(one: tuple[Sums, int], two: tuple[Sums, int]) -> tuple[Sums, int]:
    same = one[0].units == two[0].units
    sums = one[0] + two[0] if same else one[0].pooled() + two[0].pooled()
    return sums, one[1] + two[1]


def nothing_seen(units: int) -> Sums:
    """Sums of no values."""
    return _sums(np.zeros((3, units)), np.zeros((3, units), dtype=np.int64), values=0)
