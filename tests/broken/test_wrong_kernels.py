"""Kernels that are wrong in one way each, which the comparison with the oracle must reject."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.kernels.checks import assert_adds_up
from torch import Tensor

from relume.kernels import reference
from relume.kernels.contract import Accumulators, Alarm, Observe


def wrong(change: Callable[[Accumulators, Alarm, Tensor], object]) -> Any:
    """Make the reference kernel with a mistake after each observation."""

    def observer(into: Accumulators, alarm: Alarm, **site: Any) -> Observe:
        right = reference.observer(into, alarm, **site)

        def observe(x: Tensor) -> None:
            right(x)
            change(into, alarm, x)

        return observe

    return observer


def _open_flat_end(into: Accumulators, alarm: Alarm, **site: Any) -> Observe:
    below, above = site.pop("flat")
    return reference.observer(into, alarm, flat=(below - 1e-9, above), **site)


def _single_precision(into: Accumulators, alarm: Alarm, x: Tensor) -> None:
    into.sums.copy_(into.sums.float())


WRONG = {
    "a flat end left out": _open_flat_end,
    "sums in single precision": wrong(_single_precision),
    "a NaN forgotten": wrong(lambda into, alarm, x: into.largest.nan_to_num_(0)),
    "a zero lost": wrong(lambda into, alarm, x: into.counts[0, 0].sub_(1)),
    "an example too many": wrong(lambda into, alarm, x: into.seen[1].add_(1)),
    "a deaf alarm": wrong(lambda into, alarm, x: alarm.first.fill_(torch.iinfo(torch.int64).max)),
}


@pytest.mark.parametrize("kernel", WRONG.values(), ids=WRONG)
def test_a_wrong_kernel_is_rejected(kernel: Any) -> None:
    x = torch.tensor([[0.0, 1.0], [0.1, math.nan], [-2.0, 3.0]])
    assert_adds_up(reference.observer, [x], unit_axis=1, flat=(0.0, 1.0))
    with pytest.raises(AssertionError):
        assert_adds_up(kernel, [x], unit_axis=1, flat=(0.0, 1.0))
