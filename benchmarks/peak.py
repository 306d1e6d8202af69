"""The memory that one training needs in a process of its own: how much it held at most, in bytes.

    python benchmarks/peak.py mlp watched

Twice for every job. As it is: glibc's allocator leaves holes that depend on the order in which blocks of all
sizes come and go, so that runs differ by percents. Exact: every larger block is mapped and unmapped by
itself, so that the peak is the sum of what was held at one moment.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

import torch
from jobs import CPU_JOBS
from pairs import Look, Training, nothing, unwatched

import relume

STEPS = 20  # parameters are measured in turn, each at one of sixteen steps
HOW = ("unwatched", "imported", "watched")
ALLOCATORS = {"as it is": {}, "exact": {"MALLOC_MMAP_THRESHOLD_": str(1 << 16)}}
HEADINGS = (
    "job",
    "allocator",
    "unwatched, MiB",
    "import relume",
    "watch",
    "spread of runs",
    "units",
    "accumulators, bytes a unit",
)


@contextmanager
def imported(training: Training) -> Iterator[Look]:
    """Import what watches, and do nothing with it."""
    import_module("relume.probe.begin")  # not before: relume imports its parts when they are asked for
    yield nothing


@contextmanager
def watched(training: Training) -> Iterator[Look]:
    """Watch, and read what was seen."""
    with relume.watch(training.model) as watch:
        yield nothing
        watch.readings()


def own_peak() -> int:
    """The most memory this process has held.

    On Linux from its own pages: there getrusage begins with what the process that started this one held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def rows(job: str, runs: int, threads: int) -> list[tuple[str, ...]]:
    """The rows of a job: medians of several runs."""
    units, accumulated = accumulators(job)
    found: list[tuple[str, ...]] = []
    for allocator, environment in ALLOCATORS.items():
        peaks: dict[str, list[int]] = {how: [] for how in HOW}
        for _ in range(runs):
            for how, values in peaks.items():
                values.append(_peak(job, how, threads, environment))
        medians = {how: statistics.median(values) for how, values in peaks.items()}
        base = medians["unwatched"]
        spread = max(max(values) - min(values) for values in peaks.values())
        found.append(
            (
                job,
                allocator,
                f"{base / 2**20:,.1f}",
                f"{medians['imported'] / base - 1:+.2%}",
                f"{(medians['watched'] - medians['imported']) / base:+.2%}",
                f"{spread / base:.2%}",
                f"{units:,}",
                f"{accumulated / units:.1f}",
            )
        )
    return found


def _peak(job: str, how: str, threads: int, environment: dict[str, str]) -> int:
    command = [sys.executable, __file__, job, how, "--threads", str(threads)]
    ended = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    return int(ended.stdout)


def accumulators(job: str) -> tuple[int, int]:
    """The units of a watched model, and the bytes of all that is added up of them; counted, not measured."""
    training = Training(CPU_JOBS[job], torch.device("cpu"))
    with relume.watch(training.model) as watch:
        training.step()
        slots = watch._slots.of_phase("training")
        meters = [meter for slot in slots for meter in (slot.value, slot.gradient, slot.passed)]
        units = sum(slot.value.units for slot in slots)
    kept = [meter.accumulators for meter in meters if meter.accumulators is not None]
    tensors = [tensor for each in kept for tensor in (each.sums, each.largest, each.counts, each.seen)]
    return units, sum(tensor.nbytes for tensor in tensors)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", choices=CPU_JOBS)
    parser.add_argument("how", choices=HOW)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    training = Training(CPU_JOBS[options.job], torch.device("cpu"))
    put = {"unwatched": unwatched, "imported": imported, "watched": watched}[options.how]
    with ExitStack() as stack:
        training.look = stack.enter_context(put(training))
        for _ in range(STEPS):
            training.step()
    print(own_peak())


if __name__ == "__main__":
    main()
