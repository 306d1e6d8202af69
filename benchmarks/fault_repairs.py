"""Repairs of programs whose fixed twins are known, and remedies drawn at random beside them."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from tests.faults import programs
from tests.faults.observing import observe
from tests.faults.program import Program

from relume.diagnosis.diagnose import diagnose
from relume.remedies import attempts, remedies
from relume.remedies.repair import STEPS, repair
from relume.trial import admit, run_trial, trained
from relume.types import Finding

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

    @property
    def is_repaired(self) -> bool:
        """Whether the repair helped as the known fix does."""
        return self.after <= NEAR * self.twin

    @property
    def is_repaired_at_random(self) -> bool:
        """Whether any remedy drawn at random did."""
        return self.at_random <= NEAR * self.twin


def final(losses: Sequence[float]) -> float:
    """The median of the last losses; infinite where one is not finite."""
    last = [float(loss) for loss in losses[-TAIL:]]
    return float(np.median(last)) if all(map(math.isfinite, last)) else math.inf


def prove(program: Program) -> Proof:
    """Repair a program, and try as many remedies drawn at random."""
    job = program.make()
    with patch.object(attempts, "run_trial", wraps=run_trial) as trials:
        found = repair(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=STEPS)
    tried = trials.call_count - 1  # the first is of the program as it is
    return Proof(
        before=final(found.before.losses),
        after=final(found.after.losses),
        at_random=min((with_random_remedies(program, turn) for turn in range(tried)), default=math.inf),
        twin=final(observe(programs[program.twin].make(), STEPS).losses),
        tried=tried,
        remedies=found.remedies,
    )


def with_random_remedies(program: Program, turn: int) -> float:
    """What a trial comes to with one or two remedies drawn by a seed; infinite where they do not apply."""
    draw = random.Random(f"{program.name} {turn}")
    job = program.make()
    patient = admit(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=STEPS)
    trial = run_trial(patient.copied(), steps=STEPS)
    found = diagnose(trial.readings).findings
    finding = draw.choice(found) if found else everywhere(trial.readings.sites)
    try:
        for name in draw.sample(sorted(remedies), draw.choice((1, 2))):
            remedies[name].apply(patient, finding)
        return final(trained(patient, steps=STEPS))
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
