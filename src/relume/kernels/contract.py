"""What every kernel adds up, and where: the sums of one quantity at one site, on the tensor's own device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

NEVER = torch.iinfo(torch.int64).max  # `Alarm.first` as long as every value was finite

Observe = Callable[[Tensor], None]


@dataclass(frozen=True, slots=True)
class Alarm:
    """When the first value that is not finite was seen; one for all sites of a device and direction.

    The order of an observation is `clock` plus the position of its site. A kernel lowers `first` to that
    order where a value is NaN or infinite, on the device, so that nobody has to wait for it during a step.
    """

    clock: Tensor  # [1] int64; whoever owns the alarm adds to it between steps
    first: Tensor  # [1] int64


@dataclass(frozen=True, slots=True)
class Accumulators:
    """The running sums of one quantity at one site. Kernels add to them in place; they start at 0."""

    sums: Tensor  # [2, units] float64: of the values, of their squares
    largest: Tensor  # [units] float64: greatest absolute value; NaN once a value was NaN
    counts: Tensor  # [3, units] int64: values that are exactly 0, above 0, on a flat end
    seen: Tensor  # [2] int64: values a unit, examples

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.largest)


class Observer(Protocol):
    """Every kernel is one function of this type: it plans once, and what it returns runs at every step.

    The function returned reads x once and adds to `into`, with no transfer to the host and no wait for the
    device. x is detached by the kernel, may have any strides, any shape that has `units` entries along
    `unit_axis`, and is float64, float32, bfloat16 or float16; squares are taken and sums are kept in float64.

    Parameters
    ----------
    unit_axis
        The axis of x along which the units lie; None pools all values into one unit (so does a 0-d x).
    flat
        A value v is on a flat end if v <= flat[0] or v >= flat[1]; NaN where there is no such end.
    position
        The place of the site in the order of execution within a step.

    A call of the returned function counts `len(x)` examples; 1 if x has fewer than two dimensions.
    """

    def __call__(
        self,
        into: Accumulators,
        alarm: Alarm,
        *,
        unit_axis: int | None,
        flat: tuple[float, float],
        position: int,
    ) -> Observe:
        """Plan the observation of one site."""
        ...


def new_accumulators(units: int, device: torch.device) -> Accumulators:
    """Accumulators of nothing seen yet."""
    return Accumulators(
        sums=torch.zeros(2, units, dtype=torch.float64, device=device),
        largest=torch.zeros(units, dtype=torch.float64, device=device),
        counts=torch.zeros(3, units, dtype=torch.int64, device=device),
        seen=torch.zeros(2, dtype=torch.int64, device=device),
    )


def new_alarm(device: torch.device) -> Alarm:
    """An alarm that has not gone off."""
    return Alarm(
        clock=torch.zeros(1, dtype=torch.int64, device=device),
        first=torch.full((1,), NEVER, dtype=torch.int64, device=device),
    )
