"""Repairs of programs whose fixed twins are known, and remedies drawn at random beside them.

Judged by its own loss or by the twin's, on the batches that the treated program trains on, whichever is less:
where the fault is in the loss, one of them is a number of another kind (a sum for a mean; of a rate that is
taken for its logarithm). For all others they are the same.
"""

import copy
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from tests.faults import programs
from tests.faults.observing import observe
from tests.faults.program import Program
from torch import Tensor, nn

from relume.diagnosis.diagnose import diagnose
from relume.remedies import attempts, remedies
from relume.remedies import repair as repairing
from relume.remedies.attempts import Attempt, Search
from relume.remedies.repair import STEPS, repair
from relume.remedies.search import search
from relume.remedies.within import LossUnder
from relume.trial import Batch, Loss, Patient, admit, run_trial, trained
from relume.types import Finding, PerUnit, Trial

NEAR = 1.1  # a repaired program ends within this factor of its fixed twin
TAIL = 10  # steps whose median is what a training came to


@dataclass(frozen=True)
class Proof:
    """What became of one program's loss."""

    before: float
    after: float
    at_random: float  # the least loss of as many trials with remedies drawn at random
    twin: float
    tried: int  # trials of treated copies
    remedies: tuple[str, ...]
    needed: int  # of these, until one ended near the twin; all of them, if none did
    needed_at_random: int

    @property
    def is_repaired(self) -> bool:
        """Whether the repair helped as the known fix does."""
        return self.after <= NEAR * self.twin

    @property
    def is_repaired_at_random(self) -> bool:
        """Whether any remedy drawn at random did."""
        return self.at_random <= NEAR * self.twin


def final(losses: Sequence[float] | PerUnit) -> float:
    """The median of the last losses; infinite where one is not finite."""
    last = [float(loss) for loss in losses[-TAIL:]]
    return float(np.median(last)) if all(map(math.isfinite, last)) else math.inf


class Judged:
    """A loss, and beside it the one that was meant, of a copy: the training is the same to the bit."""

    def __init__(self, loss: Loss, meant: Loss) -> None:
        self.loss, self.meant = loss, meant
        self.found: list[float] = []

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        """The loss itself; the other is kept."""
        with torch.random.fork_rng():
            self.found.append(float(self.meant(copy.deepcopy(model), batch).detach()))
        return self.loss(model, batch)


def judged(program: Program, own: Loss, treated: Patient) -> float:
    """Train a treated program; what it comes to by its own loss or by the twin's."""
    treated.loss = both = Judged(
        treated.loss, _in_place_of(own, programs[program.twin].make().loss, treated.loss)
    )
    losses = trained(treated, steps=STEPS)
    return min(final(losses), final(both.found)) if math.isfinite(losses[-1]) else math.inf


def _in_place_of(own: Loss, meant: Loss, loss: Any) -> Loss:
    """The loss that was meant, under what remedies have laid around a program's own; without penalties."""
    if loss is own:
        return meant
    within = _in_place_of(own, meant, loss.loss)
    return LossUnder(within, loss.mode) if isinstance(loss, LossUnder) else within


def prove(program: Program) -> Proof:
    """Repair a program, and try as many remedies drawn at random."""
    job, ends = program.make(), list[float]()

    def noted(patient: Patient, *, steps: int) -> Trial:
        ends.append(math.inf)  # where it cannot be trained
        trial = run_trial(patient, steps=steps)
        ends[-1] = final(trial.losses)
        return trial

    with patch.object(attempts, "run_trial", noted), _searched() as of:
        found = repair(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=STEPS)
    tried = len(ends) - 1  # the first is of the program as it is
    plan, best = of()
    twin = final(observe(programs[program.twin].make(), STEPS).losses)
    drawn = [with_random_remedies(program, turn) for turn in range(tried)]
    return Proof(
        before=final(found.before.losses),
        after=judged(program, plan.patient.loss, plan.treated(best.treatment)[0]),
        at_random=min(drawn, default=math.inf),
        twin=twin,
        tried=tried,
        remedies=found.remedies,
        needed=until_near(ends[1:], twin),
        needed_at_random=until_near(drawn, twin),
    )


def until_near(ends: Sequence[float], twin: float) -> int:
    """How many trials it took until one ended near the twin; all, if none did."""
    return next((place for place, end in enumerate(ends, 1) if end <= NEAR * twin), len(ends))


@contextmanager
def _searched() -> Iterator[Callable[[], tuple[Search, Attempt]]]:
    """The search that a repair makes, and what it finds best."""
    made: list[tuple[Search, Attempt]] = []

    def searching(plan: Search) -> tuple[Attempt, Attempt]:
        before, best = search(plan)
        made.append((plan, best))
        return before, best

    with patch.object(repairing, "search", searching):
        yield lambda: made[0]


def with_random_remedies(program: Program, turn: int) -> float:
    """What a trial comes to with one or two remedies drawn by a seed; infinite where they do not apply."""
    draw = random.Random(f"{program.name} {turn}")
    job = program.make()
    patient = admit(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=STEPS)
    trial = run_trial(patient.copied(), steps=STEPS)
    found = diagnose(trial.readings).findings
    finding = draw.choice(found) if found else everywhere(trial.readings.sites)
    own = patient.loss
    try:
        for name in draw.sample(sorted(remedies), draw.choice((1, 2))):
            remedies[name].apply(patient, finding)
        return judged(program, own, patient)
    except Exception:
        return math.inf


def everywhere(sites: tuple[object, ...]) -> Finding:
    """A finding that concerns every site, where there was none to draw from."""
    return Finding(
        problem="vanishing-gradient",
        severity="error",
        sites=sites,  # type: ignore[arg-type]
        evidence=(),
        cause="",
        remedies=(),
    )
