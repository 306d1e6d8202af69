"""Where the run files of a script go: beside each other, numbered, and never over an older one."""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from relume.errors import LaunchError

FOLDER = "relume-run"


class RunFiles:
    """The paths of one run's files: one of each model, and of each process of a distributed run."""

    def __init__(self, name: str, into: Path | None) -> None:
        self.rank = rank()
        self._first = (into or _free(name, self.rank)).absolute()  # a script may change the folder
        if into is not None:
            self._first = self._with(self._of_rank()).absolute()
            if self._first.is_dir():
                raise LaunchError(f"{into} is a folder. Give the path of a file in it.")
            if self._first.exists():
                raise LaunchError(f"{into} exists already. Give another path with --into.")
        self._taken: set[Path] = set()

    def path_for(self, model: str) -> Path:
        """The next one that is free, for a model of a class; the first is not named after it."""
        word = re.sub(r"\W+", "-", model)
        names = itertools.chain(["", f"-{word}"], (f"-{word}-{n}" for n in itertools.count(2)))
        for path in (self._with(name) for name in names):
            if path not in self._taken and not path.exists():
                self._taken.add(path)
                return path
        raise AssertionError("there are infinitely many names")

    def _with(self, suffix: str) -> Path:
        return self._first.with_name(f"{self._first.stem}{suffix}{self._first.suffix}")

    def _of_rank(self) -> str:
        return "" if self.rank is None else f"-rank{self.rank}"


def rank() -> int | None:
    """The number of this process among those that torchrun started; None if there is one alone."""
    number, processes = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    return int(number) if number.isdigit() and processes.isdigit() and int(processes) > 1 else None


def of_all_ranks(path: Path) -> Iterator[Path]:
    """The paths of the same run's files of all ranks, given that of one."""
    for each in range(int(os.environ["WORLD_SIZE"])):
        yield path.with_name(re.sub(r"-rank\d+", f"-rank{each}", path.name, count=1))


def _free(name: str, rank: int | None) -> Path:
    suffix = "" if rank is None else f"-rank{rank}"
    # Files of other ranks are of this very run: they chose the same number a moment ago.
    paths = (Path(FOLDER, f"{name}-{number}{suffix}.sqlite") for number in itertools.count(1))
    return next(path for path in paths if not path.exists())
