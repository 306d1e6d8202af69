"""Every label of the unseen part is true, by the measurements and limits of the other parts."""

import math
from collections import Counter
from copy import deepcopy
from functools import cache

import pytest
import torch

from tests.faults import programs as every_program
from tests.faults.observing import observe
from tests.faults.program import SEED, Job, Program
from tests.faults.symptoms import SYMPTOMS, median
from tests.faults.test_fourth_labels import STAYS, UNTRAINED, trained_for
from tests.faults.test_labels import FAMILIES, HELPS, LEARNS, TAIL, Result, sampled
from tests.faults.test_third_labels import LEVEL, STEADY, STEPS
from tests.faults.unseen import programs

# Where a loss holds a derivative, what `observe` notes of a gradient has a gradient itself.
pytestmark = pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")

SETTLED = ("mlp-tuned-again",)  # had learned before: it is to stay as it is

BY_NAME = {program.name: program for program in programs}
FAULTY = [program for program in programs if program.fault]
HEALTHY = [program for program in programs if not program.fault]


@cache
def observed(name: str) -> tuple[Result, tuple[float, ...]]:
    """What a program came to, and its losses."""
    found = observe(BY_NAME[name].make(), STEPS)
    last = median(found.losses[-TAIL:]) if all(map(math.isfinite, found.losses)) else math.inf
    symptoms = {problem: of(found) for problem, (of, _) in SYMPTOMS.items()}
    return Result(found.losses[0], last, symptoms), tuple(found.losses)


@pytest.mark.parametrize("program", sampled([p for p in HEALTHY if p.name not in SETTLED]))
def test_a_healthy_program_learns(program: Program) -> None:
    result, losses = observed(program.name)
    assert LEVEL <= result.last <= LEARNS * result.first, result
    assert median(losses[-2 * TAIL : -TAIL]) <= STEADY * result.last, (losses[-2 * TAIL :], result)


@pytest.mark.parametrize("name", SETTLED)
def test_what_had_learned_before_stays_as_it_is(name: str) -> None:
    result, losses = observed(name)
    assert LEVEL <= result.last <= STAYS * median(losses[:TAIL]), (losses, result)
    job = BY_NAME[name].make()
    torch.manual_seed(SEED)
    for part in job.model.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    assert float(job.loss(job.model, job.batches[0]).detach()) >= UNTRAINED * median(losses[:TAIL])


@pytest.mark.parametrize("program", sampled(FAULTY))
def test_a_fault_costs_and_shows(program: Program) -> None:
    (fault, _), (twin, _) = observed(program.name), observed(program.twin)
    assert program.fault
    limit = SYMPTOMS[program.fault][1]
    shown = fault.symptoms[program.fault], twin.symptoms[program.fault]
    assert twin.last <= HELPS * fault.last, (twin.last, fault.last, shown)
    assert shown[0] >= limit > shown[1], (shown, limit)


@pytest.mark.parametrize("program", programs, ids=lambda program: program.name)
def test_a_copy_of_a_program_trains_to_the_same_bits(program: Program) -> None:
    """Two steps of a copy, of the original afterwards, and of one that was made anew."""
    job, again = program.make(), program.make()
    model, optimizer = deepcopy((job.model, job.optimizer))
    copied = trained_for(Job(model, optimizer, job.batches, job.loss), 2)
    assert copied == pytest.approx(trained_for(job, 2), rel=0, abs=0, nan_ok=True)
    assert copied == pytest.approx(trained_for(again, 2), rel=0, abs=0, nan_ok=True)


def test_there_are_enough_of_every_fault_and_family() -> None:
    assert len(FAULTY) >= 44
    assert len(HEALTHY) >= 48
    assert {program.family for program in FAULTY} <= {program.family for program in HEALTHY}
    assert {program.family for program in FAULTY} >= FAMILIES
    counts = Counter(program.fault for program in FAULTY)
    assert {fault: counts[fault] >= 4 for fault in SYMPTOMS} == dict.fromkeys(SYMPTOMS, True)


def test_names_are_new_and_twins_are_healthy_programs_of_the_family() -> None:
    assert len(BY_NAME) == len(programs)
    assert not {
        name
        for name in BY_NAME
        if name in every_program and every_program[name].make is not BY_NAME[name].make
    }
    for program in FAULTY:
        twin = BY_NAME[program.twin]
        assert (twin.family, twin.fault) == (program.family, None), program.name


def test_half_of_the_healthy_programs_are_no_twin_of_a_fault() -> None:
    alone = {program.name for program in HEALTHY} - {program.twin for program in FAULTY}
    assert len(alone) >= len(HEALTHY) // 2


def test_targets_are_the_same_for_a_program_and_its_twin() -> None:
    """A twin takes one mistake back: what is to be learned is never another, nor the number of batches."""
    for program in FAULTY:
        one, other = program.make().batches, BY_NAME[program.twin].make().batches
        assert len(one) == len(other), program.name
        for mine, its in zip(one, other, strict=True):
            for a, b in zip(mine[1:], its[1:], strict=True):
                assert torch.equal(a, b) or program.fault == "unscaled-input", program.name
