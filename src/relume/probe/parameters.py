"""The norms of each parameter's gradient, weights and update, measured around the optimiser's step."""

import math
from collections import deque
from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from relume.probe.alarms import Alarms
from relume.probe.meters import Meter, take
from relume.types import ParameterReading

# The weights before a step have to be kept to tell the update from them. A share of them a step, in turn,
# costs no memory and no time that anybody notices; below a quarter of a megabyte, all of them do not.
PARAMETER_SHARE = 1 / 32
ALWAYS_BYTES = 1 << 18


class ParameterMeters:
    """Measures some parameters at every step, in turn; all of them where that is little."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], *, share: float) -> None:
        self._meters = {name: _Meters(name, parameter) for name, parameter in parameters.items()}
        self._turn = deque(self._meters.values())
        sizes = [each.bytes for each in self._turn]
        self._budget = max(math.ceil(share * sum(sizes)), ALWAYS_BYTES)
        self._most = max(self._budget, *sizes, 0)
        self._credit = (
            self._most
        )  # bytes that may be kept at this step; what is not spent is saved for a large one
        self._measured: list[tuple[_Meters, Tensor]] = []

    @torch.no_grad()
    def before_step(self, scale: Tensor | None, *, has_gradients: bool) -> None:
        """Measure gradients and weights; keep the weights of the parameters whose turn it is."""
        self._measured.clear()
        for _ in range(len(self._turn)):
            each = self._turn[0]
            if each.bytes > self._credit:
                break
            self._credit -= each.bytes
            self._turn.rotate(-1)
            if not each.parameter.requires_grad:
                continue
            gradient = each.parameter.grad
            if gradient is None and has_gradients:
                each.unused += 1
                continue
            if gradient is not None and has_gradients:
                each.gradient(_own_part(gradient if scale is None else gradient / scale))
            weights = _own_part(each.parameter.detach())
            each.weight(weights)
            self._measured.append((each, weights.clone()))
        self._credit = min(self._credit + self._budget, self._most)

    @torch.no_grad()
    def after_step(self, *, has_gradients: bool) -> None:
        """Measure the updates; and the gradients, of an optimiser that made them within its step."""
        for each, weights_before in self._measured:
            if not has_gradients and each.parameter.grad is not None:
                each.gradient(_own_part(each.parameter.grad))
            weights = _own_part(each.parameter.detach())
            each.update(torch.sub(weights, weights_before, out=weights_before))
            each.measured += 1
        self._measured.clear()

    def read(self, rates: Mapping[int, float], left_out: Collection[int]) -> dict[str, ParameterReading]:
        """What was measured since the last reading.

        `rates` are the learning rates of parameters by id, `left_out` the ids of those that came in place of
        others that an optimiser holds.
        """
        meters = list(self._meters.values())
        taken = take([meter for each in meters for meter in (each.gradient, each.weight, each.update)])
        readings: dict[str, ParameterReading] = {}
        for place, each in enumerate(meters):
            squares = [
                float(sums[0].sum_of_squares[0]) if sums else 0.0 for sums in taken[3 * place : 3 * place + 3]
            ]
            readings[each.name] = ParameterReading(
                name=each.name,
                shape=tuple(each.parameter.shape),
                measured=each.measured,
                unused=each.unused,
                gradient=squares[0],
                weight=squares[1],
                update=squares[2],
                learning_rate=rates.get(id(each.parameter)),
                is_replacement=id(each.parameter) in left_out,
            )
            each.unused = each.measured = 0
        return readings


class _Meters:
    """What is measured of one parameter."""

    def __init__(self, name: str, parameter: nn.Parameter) -> None:
        self.name, self.parameter = name, parameter
        self.bytes = parameter.numel() * parameter.element_size()
        self.unused = self.measured = 0
        alarms = Alarms()  # nobody asks: the site where a value is not finite comes before its parameter
        self.gradient, self.weight, self.update = (
            Meter(alarms, position=0, unit_axis=None) for _ in range(3)
        )


def _own_part(tensor: Tensor) -> Tensor:
    """What lies in memory here: the values of a sparse gradient, this rank's shard of a distributed one."""
    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    return tensor.coalesce().values() if tensor.is_sparse else tensor
