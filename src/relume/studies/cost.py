"""What an activation costs on this machine, against copying the same memory."""

import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from relume.catalogue import activations
from relume.studies.summary import Cost

ELEMENTS = 1_000_000
ROUNDS = 15
REPEATS = 3  # a round times this many calls; 10^6 floats take 0.2 to 10 ms a call


def measure_costs(names: Sequence[str], *, elements: int = ELEMENTS, rounds: int = ROUNDS) -> list[Cost]:
    """Nanoseconds per float32 element, forward and backward, of each activation, one thread.

    Every round times the copy, then each activation in turn, so that a slow moment of the machine hits
    all alike; the figures are medians over the rounds, the ratios medians of each round's ratio.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(names, elements, rounds)
    finally:
        torch.set_num_threads(threads)


def _measure(names: Sequence[str], elements: int, rounds: int) -> list[Cost]:
    source = torch.randn(elements, generator=torch.Generator().manual_seed(0))
    target, ones = torch.empty_like(source), torch.ones_like(source)
    calls: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        name: _calls(name, source, ones) for name in names
    }
    copy: list[float] = []
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for round_ in range(rounds + 1):
        copied = _nanoseconds(lambda: target.copy_(source), elements)
        timed = {
            name: (_nanoseconds(forward, elements), _nanoseconds(backward, elements))
            for name, (forward, backward) in calls.items()
        }
        if round_:  # the first round warms the caches and is not counted
            copy.append(copied)
            for name in names:
                times[name].append(timed[name])
    return [_cost(name, times[name], copy) for name in names]


def _calls(name: str, source: Tensor, ones: Tensor) -> tuple[Callable[[], object], Callable[[], object]]:
    module = activations[name].module()
    x = source.clone().requires_grad_()
    y = module(x)

    def forward() -> None:
        with torch.no_grad():
            module(source)

    return forward, lambda: torch.autograd.grad(y, x, ones, retain_graph=True)


def _nanoseconds(call: Callable[[], object], elements: int) -> float:
    start = time.perf_counter_ns()
    for _ in range(REPEATS):
        call()
    return (time.perf_counter_ns() - start) / (REPEATS * elements)


def _cost(name: str, times: Sequence[tuple[float, float]], copy: Sequence[float]) -> Cost:
    forward, backward = zip(*times, strict=True)
    return Cost(
        activation=name,
        forward_ns=statistics.median(forward),
        backward_ns=statistics.median(backward),
        copy_ns=statistics.median(copy),
        forward_over_copy=statistics.median(f / c for f, c in zip(forward, copy, strict=True)),
        backward_over_copy=statistics.median(b / c for b, c in zip(backward, copy, strict=True)),
    )
