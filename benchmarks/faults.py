"""Diagnosis and repair of programs whose faults are known, beside the verdicts of other tools.

    python -m benchmarks.faults                     # all, with repairs: half an hour
    python -m benchmarks.faults --half calibration --no-repairs --list

For every program of tests/faults: a trial of a few steps, and what is found in its readings. The thresholds
were set part by part: each part after the first two was run once when all were settled, and learnt from then.

named        the planted fault is among the findings of severity error or warning, by its name
alarm        there is any such finding
false        healthy programs with such a finding
cause        of the faults, those whose finding states the cause that was planted
repaired     of the faults, those whose loss after the repair is within 10 % of the fixed twin's
at random    the same, of as many remedies as the repair tried, drawn from all of them
tried        trials that a repair made, on average
needed       of these, those until one first ended within 10 % of the twin's; and of as many at random
"""

import argparse
import re
import statistics
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import get_args

import torch
from benchmarks.fault_peers import MEANS, PEERS
from benchmarks.fault_repairs import Proof, prove
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tests.faults import programs
from tests.faults.observing import observe
from tests.faults.program import Half, Program, halves

from relume.diagnosis.diagnose import diagnose
from relume.trial import admit, run_trial

OWN = "relume"
STEPS = 50


@dataclass(frozen=True)
class Said:
    """What one tool said of one program: problems, worst first, and the cause it gave for the planted one."""

    problems: tuple[str, ...]
    causes: tuple[str, ...] = ()
    is_alarm: bool = False


@dataclass(frozen=True)
class Case:
    """All that was measured of one program."""

    name: str
    half: str
    said: dict[str, Said] = field(default_factory=dict)
    proof: Proof | None = None
    broke: str = ""  # what the repair raised, if it did

    @property
    def program(self) -> Program:
        """The program itself."""
        return programs[self.name]

    def is_named(self, tool: str) -> bool:
        """Whether the planted fault is among what was said."""
        return bool(wanted(self.program) & set(self.said[tool].problems))

    def is_cause_right(self, tool: str) -> bool:
        """Whether a finding of the planted fault tells the planted cause."""
        pattern = re.compile(self.program.cause, re.IGNORECASE)
        return any(pattern.search(cause) for cause in self.said[tool].causes)


def wanted(program: Program) -> set[str]:
    return {*([program.fault] if program.fault else []), *program.also}


def own_verdict(program: Program, steps: int) -> Said:
    job = program.make()
    patient = admit(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=steps)
    findings = [
        f for f in diagnose(run_trial(patient, steps=steps).readings).findings if f.severity != "info"
    ]
    causes = tuple(finding.cause for finding in findings if finding.problem in wanted(program))
    return Said(tuple(finding.problem for finding in findings), causes, bool(findings))


def peers_verdicts(program: Program, steps: int) -> dict[str, Said]:
    observed = observe(program.make(), steps)
    found = {name: list(dict.fromkeys(rule(observed))) for name, rule in PEERS.items()}
    return {
        name: Said(tuple(problem for one in fired for problem in MEANS[one]), is_alarm=bool(fired))
        for name, fired in found.items()
    }


def examine(name: str, half: str, *, steps: int, repairs: bool) -> Case:
    """Measure one program; in a process of its own thread."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # what torch says of a training that breaks
    program = programs[name]
    said = {OWN: own_verdict(program, steps), **peers_verdicts(program, steps)}
    if not repairs or not program.fault:
        return Case(name, half, said)
    try:
        return Case(name, half, said, prove(program))
    except Exception as error:
        return Case(name, half, said, broke=f"{type(error).__name__}: {error}")


def share(values: Iterable[bool]) -> str:
    found = list(values)
    return f"{sum(found)}/{len(found)} {statistics.fmean(found):.0%}" if found else "-"


def row(tool: str, cases: Sequence[Case]) -> list[str]:
    faults = [case for case in cases if case.program.fault]
    proofs = [case.proof for case in faults if case.proof]
    broken = [False for case in faults if case.broke]
    own = tool == OWN
    return [
        tool,
        share(case.is_named(tool) for case in faults),
        share(case.said[tool].is_alarm for case in faults),
        share(case.said[tool].is_alarm for case in cases if not case.program.fault),
        share(case.is_cause_right(tool) for case in faults) if own else "",
        share([proof.is_repaired for proof in proofs] + broken) if own else "",
        share(proof.is_repaired_at_random for proof in proofs) if own else "",
        f"{statistics.fmean(proof.tried for proof in proofs):.1f}" if own and proofs else "",
        needed(proofs) if own and proofs else "",
    ]


def needed(proofs: Sequence[Proof]) -> str:
    """Trials until one was near the twin, on average: of the repairs, and of remedies drawn at random."""
    ours = statistics.fmean(proof.needed for proof in proofs)
    return f"{ours:.1f}, {statistics.fmean(proof.needed_at_random for proof in proofs):.1f}"


def show(half: str, cases: Sequence[Case], steps: int) -> None:
    faults = sum(bool(case.program.fault) for case in cases)
    headings = ("tool", "named", "alarm", "false", "cause", "repaired", "at random", "tried", "needed")
    table = Table(
        title=f"{half}: {faults} faults, {len(cases) - faults} healthy programs, {steps} steps",
        caption=f"torch {torch.__version__}",
    )
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for tool in (OWN, *PEERS):
        table.add_row(*row(tool, cases))
    Console(width=110).print(table)


def complaints(case: Case) -> Iterable[str]:
    """What relume got wrong of one program."""
    said, program = case.said[OWN], case.program
    if not program.fault:
        if said.is_alarm:
            yield f"false alarm   {case.name}: {', '.join(said.problems)}"
        return
    if not case.is_named(OWN):
        yield f"missed        {case.name}: {program.fault}; said {', '.join(said.problems) or 'nothing'}"
    elif not case.is_cause_right(OWN):
        yield f"cause         {case.name}: not /{program.cause}/ but {' | '.join(said.causes)}"
    if case.broke:
        yield f"broke         {case.name}: {case.broke}"
    if case.proof and not case.proof.is_repaired:
        proof = case.proof
        numbers = f"{proof.before:.3g} before, {proof.after:.3g} after, the twin {proof.twin:.3g}"
        yield f"not repaired  {case.name}: {numbers}; {', '.join(proof.remedies) or 'no remedy'}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=get_args(Half))
    parser.add_argument("--only", default="", help="programs whose name has this in it")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--no-repairs", action="store_true")
    parser.add_argument(
        "--list", action="store_true", help="what was missed, falsely alarmed or not repaired"
    )
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    half = halves(programs.values())
    chosen = [n for n in programs if options.half in (None, half[n]) and options.only in n]
    measure = partial(examine, steps=options.steps, repairs=not options.no_repairs)
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        measured = pool.map(measure, chosen, [half[name] for name in chosen])
        cases = []
        for case in track(measured, "measuring", total=len(chosen), console=Console(stderr=True)):
            cases.append(case)
            if options.list:
                print("".join(f"{complaint}\n" for complaint in complaints(case)), end="", flush=True)
    for which in dict.fromkeys(half[name] for name in chosen):
        show(which, [case for case in cases if case.half == which], options.steps)


if __name__ == "__main__":
    main()
