"""What a program of the suite is: a small training whose fault, or health, is known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from relume.types import Problem

Half = Literal[
    "calibration",
    "report",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty_first",
    "twenty_second",
]
Batch = tuple[Any, ...]

SEED = 0


@dataclass(frozen=True)
class Job:
    """A training, ready to start; what `relume.trial.admit` takes."""

    model: nn.Module
    optimizer: Optimizer
    batches: Sequence[Batch]
    loss: Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True)
class Program:
    """A training of a known fault, or of none."""

    name: str
    family: str
    fault: Problem | None
    cause: str  # a pattern that the sentence of the right cause matches; "" if healthy
    twin: str  # the program of the same family without the fault; "" if healthy
    make: Callable[[], Job]  # the same job at every call
    also: tuple[Problem, ...] = ()  # names of the same fault that are as right
    half: Half = "calibration"


def healthy(name: str, make: Callable[[], Job]) -> Program:
    """A program that trains as it should; its family is the first word of its name."""
    return Program(name, name.partition("-")[0], None, "", "", seeded(make))


def faulty(
    name: str,
    fault: Problem,
    make: Callable[[], Job],
    *,
    cause: str,
    twin: str,
    also: tuple[Problem, ...] = (),
) -> Program:
    """A program with one planted fault; its family is the first word of its name."""
    return Program(name, name.partition("-")[0], fault, cause, twin, seeded(make), also)


def seeded(make: Callable[[], Job]) -> Callable[[], Job]:
    """The same with the random numbers of one seed; the generator is left as it was found."""

    @wraps(make)
    def made() -> Job:
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            return make()

    return made


def halves(programs: Iterable[Program]) -> Mapping[str, Half]:
    """The part of the suite each program is in.

    Thresholds were set on "calibration", then on each later part too, once it had been run.
    """
    return {program.name: program.half for program in programs}
