"""Claims whose truth is known; their functions stand in a module, for they go to other processes."""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.verdicts import above, verdict
from relume.studies.intervals import mean_interval
from relume.types import Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS: dict[Effort, int] = {"quick": 3, "default": 4, "full": 6}


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    return [{"seed": seed} for seed in range(SEEDS[effort])]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """About 2, by the seed alone."""
    generator = torch.Generator().manual_seed(int(part["seed"]))
    value = 2 + 0.01 * float(torch.randn((), generator=generator))
    yield Sample(quantity="half", series="relu", seed=int(part["seed"]), value=value)


def judge(samples: Sequence[Sample]) -> Verdict:
    found = mean_interval([s.value for s in samples])
    return verdict("two-is-more-than-one", "the planted number", found, {"everywhere": above(found, 1.0)})


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    axes = figure.subplots()
    axes.plot([s.seed for s in samples], [s.value for s in samples], "o")
    axes.set(xlabel="seed", ylabel="value")


TRUE = Claim(
    name="two-is-more-than-one",
    statement="The planted number is above 1.",
    source="A test",
    method="The number is drawn around 2. Its mean over the seeds is compared with 1.",
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(Published(quantity="the number", value="2", source="A test", provenance="derived"),),
    not_on={"network": "It is about a number: no network enters."},
)


def measure_with_accident(subject: Subject, part: Part) -> Iterable[Sample]:
    if part["seed"] == 1:
        raise ZeroDivisionError("an accident\nin two lines")
    return measure(subject, part)


def measure_until_killed(subject: Subject, part: Part) -> Iterable[Sample]:
    if part["seed"] == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(subject, part)


def measure_slowly(subject: Subject, part: Part) -> Iterable[Sample]:
    if part["seed"] >= 2:
        time.sleep(300)
    return measure(subject, part)


def never_measured(subject: Subject, part: Part) -> Iterable[Sample]:
    raise AssertionError("measured, though it was kept")


def plan_with_accident(subject: Subject, effort: Effort) -> Sequence[Part]:
    raise ZeroDivisionError("no plan")


def judge_with_accident(samples: Sequence[Sample]) -> Verdict:
    raise ZeroDivisionError("no verdict")


FAILING = replace(TRUE, name="failing", measure=measure_with_accident)
KILLED = replace(TRUE, name="killed", measure=measure_until_killed)
SLOW = replace(TRUE, name="slow", measure=measure_slowly)


def measure_nothing(subject: Subject, part: Part) -> Sequence[Sample]:
    """Fails in every part, as where the data do not suit a claim."""
    raise ValueError("the data are not sparse")


UNSUITED = replace(TRUE, name="unsuited", measure=measure_nothing)
