"""Every label of the third part is true, by the measurements and limits of the other parts."""

import math
from collections import Counter
from functools import cache

import pytest

from tests.faults import programs as every_program
from tests.faults.observing import observe
from tests.faults.program import Program
from tests.faults.symptoms import SYMPTOMS, median
from tests.faults.test_labels import FAMILIES, HELPS, LEARNS, TAIL, Result, sampled
from tests.faults.third import programs

seen = {program.name for program in every_program.values() if program.half in ("calibration", "report")}
STEPS = 60  # in which a healthy program learns
LEVEL = 0.05  # a healthy program's last losses are above it, so that a share of them means something
STEADY = 1.35  # and the losses before are at most this many times as high: one step does not decide

BY_NAME = {program.name: program for program in programs}
FAULTY = [program for program in programs if program.fault]
HEALTHY = [program for program in programs if not program.fault]


@cache
def result_of(name: str) -> tuple[Result, float]:
    """What a program came to, and the median of its losses before the last ones."""
    found = observe(BY_NAME[name].make(), STEPS)
    last = median(found.losses[-TAIL:]) if all(map(math.isfinite, found.losses)) else math.inf
    symptoms = {problem: of(found) for problem, (of, _) in SYMPTOMS.items()}
    return Result(found.losses[0], last, symptoms), median(found.losses[-2 * TAIL : -TAIL])


@pytest.mark.parametrize("program", sampled(HEALTHY))
def test_a_healthy_program_learns(program: Program) -> None:
    result, before = result_of(program.name)
    assert LEVEL <= result.last <= LEARNS * result.first, result
    assert before <= STEADY * result.last, (before, result)


@pytest.mark.parametrize("program", sampled(FAULTY))
def test_a_fault_costs_and_shows(program: Program) -> None:
    (fault, _), (twin, _) = result_of(program.name), result_of(program.twin)
    assert program.fault
    limit = SYMPTOMS[program.fault][1]
    shown = fault.symptoms[program.fault], twin.symptoms[program.fault]
    assert twin.last <= HELPS * fault.last, (twin.last, fault.last, shown)
    assert shown[0] >= limit > shown[1], (shown, limit)


def test_there_are_enough_of_every_fault_and_family() -> None:
    assert len(FAULTY) >= 42
    assert len(HEALTHY) >= 46
    assert {program.family for program in FAULTY} == {program.family for program in HEALTHY} == FAMILIES
    counts = Counter(program.fault for program in FAULTY)
    assert {fault: counts[fault] >= 3 for fault in SYMPTOMS} == dict.fromkeys(SYMPTOMS, True)


def test_names_are_new_and_twins_are_healthy_programs_of_the_family() -> None:
    assert len(BY_NAME) == len(programs)
    assert not {name for name in BY_NAME if name in seen and seen[name].make is not BY_NAME[name].make}
    for program in FAULTY:
        twin = BY_NAME[program.twin]
        assert (twin.family, twin.fault) == (program.family, None), program.name


def test_twelve_healthy_programs_are_no_twin_of_a_fault() -> None:
    assert len({program.name for program in HEALTHY} - {program.twin for program in FAULTY}) >= 12
