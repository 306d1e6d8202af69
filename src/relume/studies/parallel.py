"""Runs parts of a study side by side, one thread a core.

A thread a stack beats torch's own threads within a stack: these wait for each other at every product,
and where a neighbour holds a core they wait long (measured on 2 cores, one busy: 4 times slower than
one thread).
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from threading import Event, Lock
from typing import TypeVar

import torch

from relume.studies.protocol import Advance

Part = TypeVar("Part")
Result = TypeVar("Result")


class _StoppedError(Exception):
    """Raised inside a worker to end it between two steps."""


def run_parts(
    work: Callable[[Part, Advance], Result], parts: Iterable[Part], advance: Advance
) -> Iterator[tuple[Part, Result]]:
    """Each part with its result, as they finish; on an error or Ctrl-C the others stop at their next step.

    As many threads as torch was given (`OMP_NUM_THREADS`, `torch.set_num_threads`), each with torch to
    itself on one core.
    """
    workers, stopped, lock = torch.get_num_threads(), Event(), Lock()

    def step(networks: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        with lock:
            advance(networks)

    def run(part: Part) -> tuple[Part, Result]:
        torch.set_num_threads(1)
        return part, work(part, step)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="relume-study")
    try:
        yield from (future.result() for future in as_completed([pool.submit(run, part) for part in parts]))
    finally:
        stopped.set()
        with suppress(_StoppedError):
            pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(workers)
