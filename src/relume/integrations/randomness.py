"""The random numbers of a training are its own: what a tracker draws for the name of a run is taken back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Leave the generators of Python, NumPy and torch as they were found; trackers draw on the host alone.

    >>> random.seed(0)
    >>> with random_numbers_kept():
    ...     first = random.random()
    >>> random.random() == first
    True
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the program may use it
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
