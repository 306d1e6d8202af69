"""Independent work in a few processes of one torch thread each; what fails is told, the rest goes on."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from threading import Thread
from typing import TypeVar

from relume.errors import said

Key = TypeVar("Key")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result, as part of a sentence."""

    reason: str


ENDED = Failure("its process was ended from outside, as a system does that runs out of memory")


def in_processes(
    tasks: Mapping[Key, Callable[[], Result]], *, workers: int | None = None
) -> Iterator[tuple[Key, Result | Failure]]:
    """Each task's key with its result, or with why there is none, as they finish.

    Parameters
    ----------
    tasks
        What can be pickled: `functools.partial` of a function that stands in a module.
    workers
        Processes at a time; as many as there are processors, if None.
    """
    left = dict(tasks)
    for name, result in _pooled(tasks, workers or os.cpu_count() or 1):
        if result is not ENDED:
            del left[name]
            yield name, result
    # A process that is ended takes its whole pool with it: which task it was shows when each has its own.
    for name, task in left.items():
        yield from _pooled({name: task}, 1)


def _pooled(
    tasks: Mapping[Key, Callable[[], Result]], workers: int
) -> Iterator[tuple[Key, Result | Failure]]:
    if not tasks:
        return
    # Spawned, not forked: a fork inherits the locks of torch's threads, but not the threads.
    context = multiprocessing.get_context("spawn")
    before = multiprocessing.active_children()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context, initializer=_begin)
    try:
        running = {pool.submit(_attempt, task): name for name, task in tasks.items()}
        for future in as_completed(running):
            try:
                yield running[future], future.result()
            except BrokenProcessPool:
                yield running[future], ENDED
    finally:  # after Ctrl-C nobody waits for a part to be finished
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - set(before):
            process.terminate()
            process.join()


def _begin() -> None:
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches every process: no traceback from each
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed closes nothing: without this its processes would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _attempt(task: Callable[[], Result]) -> Result | Failure:
    try:
        return task()
    except Exception as error:
        return Failure(said(error))
