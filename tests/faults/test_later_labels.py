"""Every label of the later parts is true, by the measurements and limits of the first three."""

import math
import pkgutil
from collections import Counter
from copy import deepcopy
from functools import cache
from importlib import import_module

import pytest
import torch

from tests import faults
from tests.faults.observing import observe
from tests.faults.program import SEED, Job, Program
from tests.faults.symptoms import SYMPTOMS, median
from tests.faults.test_labels import FAMILIES, HELPS, LEARNS, TAIL, Result, sampled
from tests.faults.test_third_labels import LEVEL, STEADY, STEPS

# Where a loss holds a derivative, what `observe` notes of a gradient has a gradient itself.
pytestmark = pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")

STAYS = 1.1  # of what had learned before the last losses are at most this share of the first ones
UNTRAINED = 1.3  # and the first one of the same network, drawn anew, is at least this many times as high

EARLIER = ("report", "third", "drawn")
PARTS = {
    part.name: import_module(f"tests.faults.{part.name}")
    for part in pkgutil.iter_modules(faults.__path__)
    if part.ispkg and part.name not in EARLIER
}
SETTLED = [name for part in PARTS.values() for name in getattr(part, "settled", ())]
PROGRAMS: list[Program] = [program for part in PARTS.values() for program in part.programs]
BY_NAME = {program.name: program for program in PROGRAMS}
FAULTY = [program for program in PROGRAMS if program.fault]
LEARNING = [program for program in PROGRAMS if not program.fault and program.name not in SETTLED]

parts = pytest.mark.parametrize("part", PARTS)


@cache
def observed(name: str) -> tuple[Result, tuple[float, ...]]:
    """What a program came to, and its losses."""
    found = observe(BY_NAME[name].make(), STEPS)
    last = median(found.losses[-TAIL:]) if all(map(math.isfinite, found.losses)) else math.inf
    symptoms = {problem: of(found) for problem, (of, _) in SYMPTOMS.items()}
    return Result(found.losses[0], last, symptoms), tuple(found.losses)


@pytest.mark.parametrize("program", sampled(LEARNING))
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


def trained_for(job: Job, steps: int) -> list[float]:
    torch.manual_seed(SEED)
    losses = []
    for step in range(steps):
        loss = job.loss(job.model, job.batches[step % len(job.batches)])
        losses.append(float(loss.detach()))
        job.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        job.optimizer.step()
    return losses


@pytest.mark.parametrize("program", sampled(PROGRAMS))
def test_a_copy_of_a_program_trains_to_the_same_bits(program: Program) -> None:
    """Two steps of a copy, of the original afterwards, and of one that was made anew."""
    job, again = program.make(), program.make()
    model, optimizer = deepcopy((job.model, job.optimizer))
    copied = trained_for(Job(model, optimizer, job.batches, job.loss), 2)
    assert copied == pytest.approx(trained_for(job, 2), rel=0, abs=0, nan_ok=True)
    assert copied == pytest.approx(trained_for(again, 2), rel=0, abs=0, nan_ok=True)


@parts
def test_there_are_enough_of_every_fault_and_family(part: str) -> None:
    faulty = [program for program in PARTS[part].programs if program.fault]
    healthy = [program for program in PARTS[part].programs if not program.fault]
    assert len(faulty) >= 44
    assert len(healthy) >= 48
    assert {program.family for program in healthy} >= {program.family for program in faulty} >= FAMILIES
    counts = Counter(program.fault for program in faulty)
    assert {fault: counts[fault] >= 4 for fault in SYMPTOMS} == dict.fromkeys(SYMPTOMS, True)


@parts
def test_names_are_new_and_twins_are_healthy_programs_of_the_family_and_part(part: str) -> None:
    mine = {program.name: program for program in PARTS[part].programs}
    assert len(mine) == len(PARTS[part].programs)
    strangers = {p.name: p for name in PARTS.keys() - {part} for p in PARTS[name].programs}
    others = dict(faults.programs) | strangers
    assert not {name for name in mine if name in others and others[name].make is not mine[name].make}
    for program in mine.values():
        if program.fault:
            assert (mine[program.twin].family, mine[program.twin].fault) == (program.family, None)


@parts
def test_half_of_the_healthy_programs_are_no_twin_of_a_fault(part: str) -> None:
    healthy = {program.name for program in PARTS[part].programs if not program.fault}
    assert len(healthy - {program.twin for program in PARTS[part].programs}) >= len(healthy) // 2


@pytest.mark.parametrize("program", sampled(FAULTY))
def test_targets_are_the_same_for_a_program_and_its_twin(program: Program) -> None:
    """A twin takes one mistake back: what is to be learned is never another, nor the number of batches."""
    one, other = program.make().batches, BY_NAME[program.twin].make().batches
    assert len(one) == len(other)
    for mine, its in zip(one, other, strict=True):
        for a, b in zip(mine[1:], its[1:], strict=True):
            assert torch.equal(a, b) or program.fault == "unscaled-input"
