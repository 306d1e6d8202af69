"""Every label is true: shown by loss curves and plain measurements, without relume's rules."""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest

from relume.types import Problem
from tests.faults import programs
from tests.faults.observing import observe
from tests.faults.program import Half, Program, halves
from tests.faults.symptoms import SYMPTOMS, median

LEARNS = 0.8  # a healthy program's last losses are at most this share of its first
HELPS = 0.85  # a twin's last losses are at most this share of the faulty program's
TAIL = 10  # steps
STEPS: dict[Half, int] = {"calibration": 100, "report": 60}  # in which a healthy program learns

SEEN = [
    program for program in programs.values() if program.half in ("calibration", "report")
]  # which has its own test
FAULTY = [program for program in SEEN if program.fault]
HEALTHY = [program for program in SEEN if not program.fault]
FAMILIES = {
    "mlp", "cnn", "residual", "transformer", "recurrent", "embedding", "autoencoder", "gan", "siamese"
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a program came to."""

    first: float  # loss
    last: float  # the median of its last losses; infinite where one was not finite
    symptoms: dict[Problem, float]


@cache
def result_of(name: str) -> Result:
    seen = observe(programs[name].make(), STEPS[programs[name].half])
    last = median(seen.losses[-TAIL:]) if all(map(math.isfinite, seen.losses)) else math.inf
    return Result(seen.losses[0], last, {problem: of(seen) for problem, (of, _) in SYMPTOMS.items()})


def sampled(all_programs: list[Program]) -> list[object]:
    """One in eight is run always, the others by `-m slow`: it takes minutes."""
    return [
        pytest.param(program, id=program.name, marks=[] if place % 8 == 0 else [pytest.mark.slow])
        for place, program in enumerate(all_programs)
    ]


@pytest.mark.parametrize("program", sampled(HEALTHY))
def test_a_healthy_program_learns(program: Program) -> None:
    result = result_of(program.name)
    assert result.last <= LEARNS * result.first, result


@pytest.mark.parametrize("program", sampled(FAULTY))
def test_a_fault_costs_and_shows(program: Program) -> None:
    fault, twin = result_of(program.name), result_of(program.twin)
    assert program.fault
    limit = SYMPTOMS[program.fault][1]
    shown = fault.symptoms[program.fault], twin.symptoms[program.fault]
    assert twin.last <= HELPS * fault.last, (twin.last, fault.last, shown)
    assert shown[0] >= limit > shown[1], (shown, limit)


def test_half_are_healthy_and_every_family_is_there() -> None:
    assert len(programs) >= 80
    assert 0.45 <= len(FAULTY) / len(SEEN) <= 0.55
    assert {program.family for program in FAULTY} == {program.family for program in HEALTHY} == FAMILIES


def test_the_report_half_is_large_enough() -> None:
    report = Counter(bool(program.fault) for program in programs.values() if program.half == "report")
    assert report[True] >= 40
    assert report[False] >= 44


def test_a_twin_is_a_healthy_program_of_the_family() -> None:
    for program in FAULTY:
        twin = programs[program.twin]
        assert (twin.family, twin.fault, twin.half) == (program.family, None, program.half), program.name


def test_both_halves_have_every_fault() -> None:
    half = halves(programs.values())
    found = Counter((program.fault, half[program.name]) for program in FAULTY)
    assert {key: count >= 2 for key, count in found.items()} == {
        (fault, which): True for fault in SYMPTOMS for which in ("calibration", "report")
    }


@pytest.mark.parametrize("name", ["mlp-relu", "gan-paired", "recurrent-chaotic"])
def test_a_program_is_the_same_at_every_call(name: str) -> None:
    one, two = programs[name].make(), programs[name].make()
    for (_, p), (_, q) in zip(one.model.named_parameters(), two.model.named_parameters(), strict=True):
        assert p.equal(q)
