"""What is told of repairs tried on a script: a line each, and the command that gives the best one."""

import shlex
import sys
from collections.abc import Sequence

from relume.diagnosis.diagnose import diagnose
from relume.launch.program import Program
from relume.launch.repair import Tried, best_of, changes_of, tried_repairs
from relume.launch.session import Seen
from relume.launch.verdict import gravity
from relume.remedies.attempts import faults

WIDTH = 52  # of the changes of a run


def prove(program: Program, seen: Sequence[Seen], *, steps: int) -> bool:
    """Try repairs of what is most wrong and tell each; whether one is proved, or none is needed."""
    runs = [Tried(changes=(), readings=e.readings, diagnosis=diagnose(e.readings)) for e in seen]
    before = min(runs, key=lambda run: gravity(run.diagnosis))
    if not faults(before.diagnosis):
        _say("relume: nothing to repair.")
        return True
    if not changes_of(faults(before.diagnosis)):
        _say(
            "relume: no remedy of these findings can be tried from outside the script; in it, "
            "relume.repair(model, batches, loss) tries them all."
        )
        return False
    _say(f"\nrelume: repairs tried on {program.target}, each in a run of {steps} steps of its own")
    _say(_line(before))
    tried = []
    for attempt in tried_repairs(program, before, steps=steps):
        _say(_line(attempt))
        tried.append(attempt)
    best = best_of(before, tried)
    if best is before:
        _say("None of these lowers the loss by a tenth: nothing is proved, and nothing should be changed.")
        return False
    _say(f"Proved: {_command(program, best)}")
    return True


def _line(run: Tried) -> str:
    first, last = run.losses
    told = (f"{finding.problem} ({finding.severity})" for finding in faults(run.diagnosis)[:2])
    found = ", ".join(told) or "nothing wrong"
    what = " ".join(run.changes) or "as it is"
    return f"  {what:<{WIDTH}} loss {first:.3g} -> {last:.3g}   {found}"


def _command(program: Program, best: Tried) -> str:
    words = ["relume", "run", *(word for change in best.changes for word in ("--with", change))]
    words += ["-m"] if program.kind == "module" else []
    return shlex.join([*words, program.target, *program.arguments])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
