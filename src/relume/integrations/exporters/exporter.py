"""What a tracker is to relume: something that takes rows of named numbers."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from relume.errors import TargetError

Write = Callable[[int, Mapping[str, float]], None]  # a step, and finite numbers by name

PROJECT = "relume"  # of runs that relume begins, where a tracker has projects


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """A tracker. Its package is imported when it is opened, not before."""

    name: str
    open: Callable[[str | None], AbstractContextManager[Write]]  # closes what it began itself, and no more
    package: str  # to import
    needs: str  # to install: "relume[tensorboard]"
    target: str  # what it names
    without_target: str  # what is written to where none is given
    citation: str


def no_target(name: str, meaning: str) -> TargetError:
    """Say that a tracker has nothing to write to."""
    return TargetError(f"{name} has no run at work in this process: no target was given. Give {meaning}.")
