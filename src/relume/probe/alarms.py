"""When the first value that is not finite was seen, over all sites, directions and devices."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from relume.kernels.contract import NEVER, Alarm, new_alarm
from relume.types import Direction, NonFinite

STRIDE = 1 << 20  # orders a step has: positions below it, forward ones first


class Alarms:
    """One alarm a device; a step moves all their clocks."""

    def __init__(self) -> None:
        self._by_device: dict[torch.device, Alarm] = {}
        self._set_clocks: list[Callable[[int], object]] = []
        self._step = 0

    def on(self, device: torch.device) -> Alarm:
        """The alarm of a device."""
        if device not in self._by_device:
            alarm = new_alarm(device)
            alarm.clock.fill_(self._step * STRIDE)
            self._by_device[device] = alarm
            # In main memory an entry of an array is set twenty times faster than one of a tensor.
            in_memory = alarm.clock.numpy() if device.type == "cpu" else None
            self._set_clocks.append(alarm.clock.fill_ if in_memory is None else in_memory.fill)
        return self._by_device[device]

    def start_step(self, step: int) -> None:
        """Set all clocks to a step."""
        self._step = step
        for set_clock in self._set_clocks:
            set_clock(step * STRIDE)

    def first(self) -> int:
        """The order of the first value that was not finite, over all devices; `NEVER` if there is none."""
        return min((int(alarm.first.item()) for alarm in self._by_device.values()), default=NEVER)

    def settle(self, other: "Alarms", kept: Tensor | None = None) -> None:
        """Take over what `other` has seen, unless `kept` is false, and let it start again; on the device."""
        for device, alarm in other._by_device.items():
            own = self.on(device)
            first = alarm.first if kept is None else torch.where(kept.to(device), alarm.first, NEVER)
            own.first.copy_(torch.minimum(own.first, first))
        other.forget()

    def forget(self) -> None:
        """Start again as if every value had been finite."""
        for alarm in self._by_device.values():
            alarm.first.fill_(NEVER)


def position_of(index: int, direction: Direction) -> int:
    """The place in a step of the site discovered as number `index`: the backward pass runs the other way."""
    return index if direction == "forward" else STRIDE - 1 - index


def named(order: int, sites: Mapping[int, str]) -> NonFinite | None:
    """Say which site, step and direction an order stands for; `sites` are names by their index."""
    if order == NEVER:
        return None
    step, position = divmod(order, STRIDE)
    if position in sites:
        return NonFinite(site=sites[position], step=step, direction="forward")
    return NonFinite(site=sites[STRIDE - 1 - position], step=step, direction="backward")
