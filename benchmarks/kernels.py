"""Time of the CPU kernel against the reference, one bare read (`x.sum()`) and numba, where it is installed.

    python benchmarks/kernels.py
    python benchmarks/kernels.py --threads 1 --rounds 200

Each round times every way once, one after the other, so that a slow moment of the machine hits all. The
figures are medians over the rounds, the ratios medians of the ratios of a round; "read" is `x.sum()`, and
GB/s is what the kernel reads.
"""

import argparse
import math
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from relume.kernels import cpu, reference
from relume.kernels.contract import new_accumulators, new_alarm

FLAT = (0.0, math.nan)  # ReLU's


def inputs() -> dict[str, Tensor]:
    images = torch.randn(64, 64, 32, 32)
    return {
        "[8, 8] float32": torch.randn(8, 8),
        "[256, 512] float32": torch.randn(256, 512),
        "[64, 64, 32, 32] float32": images,
        "[64, 64, 32, 32] float32, channels last": images.contiguous(memory_format=torch.channels_last),
        "[2048, 1024] bfloat16": torch.randn(2048, 1024).bfloat16(),
        "[256, 512] float64": torch.randn(256, 512).double(),
    }


def numba_observer(x: Tensor) -> Callable[[], object] | None:
    """The same sums by numba, for [rows, units] in single and double precision only."""
    try:
        import numba
        import numpy as np
    except ImportError:
        return None
    if x.dim() != 2 or x.dtype == torch.bfloat16:
        return None

    @numba.njit(fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
    def add(values: Any, sums: Any, largest: Any, counts: Any) -> None:
        rows, units = values.shape
        for i in range(rows):
            for j in range(units):
                v = np.float64(values[i, j])
                sums[0, j] += v
                sums[1, j] += v * v
                largest[j] = max(largest[j], abs(v))
                counts[0, j] += v == 0
                counts[1, j] += v > 0
                counts[2, j] += v <= 0

    into = new_accumulators(x.shape[1], x.device)
    arrays = (x.numpy(), into.sums.numpy(), into.largest.numpy(), into.counts.numpy())
    return lambda: add(*arrays)


def ways(x: Tensor) -> dict[str, Callable[[], object]]:
    sites = {}
    for name, kernel in {"kernel": cpu.observer, "reference": reference.observer}.items():
        into, alarm = new_accumulators(x.shape[1], x.device), new_alarm(x.device)
        observe = kernel(into, alarm, unit_axis=1, flat=FLAT, position=0)
        sites[name] = lambda observe=observe: observe(x)
    by_numba = numba_observer(x)
    return {**sites, "read": lambda: x.sum(), **({"numba": by_numba} if by_numba else {})}


def measure(x: Tensor, rounds: int) -> dict[str, list[float]]:
    """Seconds a call, by way and round."""
    seconds: dict[str, list[float]] = {}
    compared = ways(x)
    for turn in range(rounds + 2):
        for name, way in compared.items():
            way()  # brings x into the caches, as the layer that made it does
            start = time.perf_counter()
            way()
            if turn >= 2:
                seconds.setdefault(name, []).append(time.perf_counter() - start)
    return seconds


def row(x: Tensor, rounds: int) -> list[str]:
    seconds = measure(x, rounds)
    kernel = seconds["kernel"]
    ratios = {
        name: statistics.median(theirs / own for theirs, own in zip(times, kernel, strict=True))
        for name, times in seconds.items()
    }
    middle = statistics.median(kernel)
    return [
        f"{middle * 1e6:.1f}",
        f"{x.nbytes / middle / 1e9:.1f}",
        f"{1 / ratios['read']:.2f}",
        f"{ratios['reference']:.0f}",
        f"{ratios['numba']:.1f}" if "numba" in ratios else "-",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    table = Table(
        "tensor",
        "threads",
        "microseconds",
        "GB/s",
        "kernel / read",
        "reference / kernel",
        "numba / kernel",
        title=f"torch {torch.__version__}, {platform.machine()}, extension built: {cpu.is_available()}",
    )
    for name, x in inputs().items():
        for threads in chosen.threads:
            torch.set_num_threads(threads)
            table.add_row(name, str(threads), *row(x, chosen.rounds))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
