"""`relume repair`: remedies tried on a script itself, each in a run of its own, and told with their proof."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from relume.diagnosis.diagnose import diagnose
from relume.errors import RunFileError
from relume.launch.program import Program
from relume.remedies.attempts import faults
from relume.remedies.replace_activation import SATURATING
from relume.runfile.reader import open_run
from relume.types import Diagnosis, Finding, Readings

# Which change of a run a remedy is; those that are none have to be made in the script.
CHANGES: Mapping[str, str] = {
    "variance-preserving-initialisation": "init=variance-preserving",
    "layer-sequential-unit-variance": "init=lsuv",
    "break-symmetry": "init=variance-preserving",
    "clip-gradients": "clip=auto",
    "lower-learning-rate": "lr=x0.1",
    "leaky-slope": "activation.relu=leaky_relu",
}
MATERIAL = 0.1  # of the loss: what each further change has to bring
MOST_CHANGES, MOST_TRIED, MOST_PROMISING = 3, 5, 3  # together; of so many; tried on from so many
COMMAND = "from relume.cli import main; main()"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A run of the script with some changes, and what was found in it."""

    changes: tuple[str, ...]
    readings: Readings
    diagnosis: Diagnosis

    @property
    def losses(self) -> tuple[float, float]:
        """The first, and the median of the last tenth; infinite where one is not finite."""
        known = self.readings.steps.losses[~np.isnan(self.readings.steps.losses)]
        if not len(known) or not np.isfinite(known).all():
            return (float(known[0]) if len(known) else np.inf), np.inf
        return float(known[0]), float(np.median(known[-max(len(known) // 10, 1) :]))


def tried_repairs(program: Program, before: Tried, *, steps: int) -> Iterator[Tried]:
    """Runs with one change, then with another one beside the best, as long as that brings the loss down.

    Where no change does by itself, the most promising ones are tried together: weights that keep the signal
    help only where the activation passes it, and show then that the steps are too large for it.
    """
    best, frontier, seen = before, [before], set[frozenset[str]]()
    for _ in range(MOST_CHANGES):
        found = []
        wanted = (_with(run, change) for run in frontier for change in _among(run, before))
        for changes in islice(_unseen(wanted, seen), MOST_TRIED):
            if (attempt := _run(program, changes, steps)) is not None:
                yield attempt
                found.append(attempt)
        better = [attempt for attempt in found if is_better(attempt, best)]
        if not better and best is not before:
            return
        frontier = sorted(better or found, key=_promise)[: 1 if better else MOST_PROMISING]
        best = frontier[0] if better else best


def _with(run: Tried, change: str) -> tuple[str, ...]:
    return *run.changes, change


def _unseen(wanted: Iterable[tuple[str, ...]], seen: set[frozenset[str]]) -> Iterator[tuple[str, ...]]:
    for changes in wanted:
        if frozenset(changes) not in seen:
            seen.add(frozenset(changes))
            yield changes


def _promise(run: Tried) -> tuple[int, float]:
    """The least wrong first, then the lowest."""
    severities = [finding.severity for finding in run.diagnosis.findings]
    return 2 * severities.count("error") + severities.count("warning"), run.losses[1]


def is_better(one: Tried, than: Tried) -> bool:
    """Whether a run ended materially lower."""
    after, found = one.losses[1], than.losses[1]
    return bool(np.isfinite(after) and (np.isinf(found) or found - after > MATERIAL * abs(found)))


def best_of(before: Tried, tried: Sequence[Tried]) -> Tried:
    """The run that ended lowest, if any did materially; of those as low, the one with the fewest changes."""
    lower = [each for each in tried if is_better(each, before)]
    if not lower:
        return before
    least = min(each.losses[1] for each in lower)
    near = [each for each in lower if each.losses[1] - least <= MATERIAL * abs(least)]
    return min(near, key=lambda each: (len(each.changes), each.losses[1]))


def changes_of(findings: Iterable[Finding]) -> list[str]:
    """The changes of a run that the remedies of some findings are, best first."""
    found: dict[str, None] = {}
    for finding in findings:
        for each in (finding, *finding.consequences):
            for remedy in each.remedies:
                if remedy == "replace-activation":
                    there = {site.activation for site in finding.sites} & set(SATURATING)
                    found |= dict.fromkeys(f"activation.{name}=relu" for name in sorted(there))
                elif remedy in CHANGES:
                    found[CHANGES[remedy]] = None
    return list(found)


def _among(run: Tried, before: Tried) -> list[str]:
    """What may be changed beside what a run has changed: by its own findings first."""
    found = [finding for each in (run, before) for finding in faults(each.diagnosis)]
    kinds = {change.partition("=")[0] for change in run.changes}
    wanted = [*changes_of(found), *(["lr=x0.1"] if run.changes else [])]
    return [change for change in dict.fromkeys(wanted) if change.partition("=")[0] not in kinds]


def _run(program: Program, changes: Sequence[str], steps: int) -> Tried | None:
    """The script once more, in a process of its own, its output left aside; None if it trained nothing."""
    with TemporaryDirectory(prefix="relume-") as folder:
        path = Path(folder, "run.sqlite")
        options = [word for change in changes for word in ("--with", change)]
        options += ["-m"] if program.kind == "module" else []
        command = [sys.executable, "-c", COMMAND, "check", "--steps", str(steps), "--into", str(path)]
        subprocess.run(
            [*command, *options, program.target, *program.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MPLBACKEND": "Agg"},
            check=False,
        )
        try:
            with open_run(path) as run:
                readings = run.readings()
        except RunFileError:
            return None
    return Tried(changes=tuple(changes), readings=readings, diagnosis=diagnose(readings))
