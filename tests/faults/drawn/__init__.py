"""What eight writers wrote apart, who knew no rule; a draw makes two parts of what each four wrote.

The nineteenth and the twentieth part are of the first four, the two that follow of the others. Earlier parts
are each one writer's own. Here thresholds may be set on one half of what every writer wrote, and the other
half tells how right they are. The draw is by name, fixed before any program was written.
"""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from types import ModuleType

from tests.faults.drawn import alder, birch, cedar, dogwood, elder, fir, hazel, juniper
from tests.faults.program import Program

Part = tuple[Program, ...]


def _halves(*writers: ModuleType) -> tuple[Part, Part]:
    """Both halves: a twin goes with its faults, and each writer's groups of a fault are shared evenly."""
    halves: tuple[list[Program], list[Program]] = [], []
    for writer in writers:
        groups: dict[str, list[Program]] = defaultdict(list)
        for program in writer.programs:
            groups[program.twin or program.name].append(program)
        for side, group in enumerate(sorted(groups.values(), key=_draw)):
            halves[side % 2].extend(group)
    return tuple(halves[0]), tuple(halves[1])


def _draw(group: Sequence[Program]) -> tuple[str, str]:
    """Groups of one problem lie side by side, in the order of a digest of their names."""
    problems = sorted({program.fault for program in group if program.fault})
    twin = next(program.twin or program.name for program in group)
    return next(iter(problems), ""), sha256(twin.encode()).hexdigest()


nineteenth, twentieth = _halves(alder, birch, cedar, dogwood)
twenty_first, twenty_second = _halves(elder, fir, hazel, juniper)
