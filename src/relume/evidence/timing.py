"""Times calls beside each other in interleaved rounds: a slow moment of the machine hits all alike."""

import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from relume.catalogue.activation import Activation

clock = time.process_time_ns  # of this process alone: others on the machine do not count


def rounds(
    calls: Mapping[str, Callable[[], object]], count: int, *, device: str, repeats: int
) -> dict[str, list[float]]:
    """Nanoseconds a call of each, one value a round; the first round warms the caches and is not counted."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(count + 1):
        for name, call in calls.items():
            taken = _nanoseconds(call, repeats, device)
            if number:
                times[name].append(taken)
    return times


def _nanoseconds(call: Callable[[], object], repeats: int, device: str) -> float:
    if device == "cuda":  # a GPU runs behind: the time is that of the wall until it has caught up
        torch.cuda.synchronize()
        began = time.perf_counter_ns()
        for _ in range(repeats):
            call()
        torch.cuda.synchronize()
        return max(time.perf_counter_ns() - began, 1) / repeats
    began = clock()
    for _ in range(repeats):
        call()
    return max(clock() - began, 1) / repeats


def passes(activation: Activation, source: Tensor) -> tuple[Callable[[], object], Callable[[], object]]:
    """The forward pass alone, and the backward pass alone."""
    module = activation.module().to(source.device, source.dtype)
    x, ones = source.clone().requires_grad_(), torch.ones_like(source)
    y = module(x)

    def forward() -> None:
        with torch.no_grad():
            module(source)

    return forward, lambda: torch.autograd.grad(y, x, ones, retain_graph=True)
