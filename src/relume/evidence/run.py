"""Puts claims to the test: their parts measured side by side, kept as they finish, judged at the end."""

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from math import nan
from pathlib import Path
from time import process_time

from relume.errors import said
from relume.evidence.claim import Claim, Effort, Part, Subject
from relume.evidence.code import checksum as code_checksum
from relume.evidence.processes import Failure, in_processes
from relume.evidence.progress import progress_bar
from relume.evidence.results import Judged, Results
from relume.evidence.store import PARTS, Measured, key
from relume.evidence.subjects import check
from relume.evidence.subjects import checksum as data_checksum
from relume.studies.database import open_store
from relume.types import Interval, Sample, Verdict


@dataclass(frozen=True, slots=True)
class Work:
    """One part of a claim, and the key under which it is kept."""

    claim: Claim
    subject: Subject
    part: Part
    key: str


def run_claims(
    claims: Sequence[Claim],
    subject: Subject | None = None,
    *,
    effort: Effort = "default",
    into: Path | None = None,
    workers: int | None = None,
    show_progress: bool = False,
) -> Results:
    """Measure what each claim plans, and judge it.

    Parameters
    ----------
    claims
        In the order of the results.
    subject
        The data and the network to test them on; the embedded data and the claims' own networks, if None.
    effort
        How much is measured: "quick", "default" or "full".
    into
        A file that keeps what is finished: the same call goes on from there after an interruption.
    workers
        Processes at a time, one torch thread each; as many as there are processors, if None.
    show_progress
        Draw a bar on stderr.

    Raises
    ------
    DataError, BuildError, TargetError
        The data or the network cannot be used at all. What fails in one claim leaves that one undecided.
    """
    subject = subject or Subject()
    description = check(subject)
    planned = {claim.name: _planned(claim, subject, effort) for claim in claims}
    work = [each for found in planned.values() if not isinstance(found, Failure) for each in found]
    with open_store(into, PARTS) as store:
        measured: dict[str, Measured | Failure] = {**store.finished([each.key for each in work])}
        names = {each.key: each.claim.name for each in work}
        bar = progress_bar(names, finished=set(measured), is_shown=show_progress)
        tasks = {
            each.key: partial(_measure, each.claim.measure, each.subject, each.part)
            for each in work
            if each.key not in measured
        }
        with bar as tell:
            for name, result in in_processes(tasks, workers=workers):
                if isinstance(result, Measured):
                    store.add({name: result})
                measured[name] = result
                tell(name)
    judged = {claim.name: _judged(claim, subject, planned[claim.name], measured) for claim in claims}
    return _results(judged, effort, description, [m for m in measured.values() if isinstance(m, Measured)])


def narrowed(claim: Claim, subject: Subject) -> tuple[Subject, tuple[str, ...]]:
    """The part of a subject that a claim can be tested on, and why not on the rest."""
    asked = {"data": subject.data, "network": subject.network}
    notes = tuple(reason for what, reason in claim.not_on.items() if asked[what] is not None)
    return replace(subject, **dict.fromkeys(claim.not_on, None)), notes


def _planned(claim: Claim, subject: Subject, effort: Effort) -> list[Work] | Failure:
    own, _ = narrowed(claim, subject)
    try:
        parts = claim.plan(own, effort)
        data, code = data_checksum(own), code_checksum(claim.measure.__module__)
    except Exception as error:
        return Failure(said(error))
    return [Work(claim, own, part, key(claim.name, part, own, data=data, code=code)) for part in parts]


def _measure(measure: Callable[[Subject, Part], Iterable[Sample]], subject: Subject, part: Part) -> Measured:
    """Measure one part, in a process of its own."""
    began = process_time()
    samples = tuple(
        replace(s, x=float(s.x), seed=int(s.seed), value=float(s.value)) for s in measure(subject, part)
    )
    return Measured(
        samples=samples,
        cpu_seconds=process_time() - began,
        machine=machine(),
        date=datetime.now(UTC).date().isoformat(),
    )


def _judged(
    claim: Claim,
    subject: Subject,
    planned: list[Work] | Failure,
    measured: Mapping[str, Measured | Failure],
) -> Judged:
    """Judge one claim by its samples; where a part of it failed, it is not decided."""
    own, notes = narrowed(claim, subject)
    if isinstance(planned, Failure):
        return _undecided(claim, own, (), 0.0, (*notes, f"It could not be planned: {planned.reason}."))
    found = [measured[each.key] for each in planned]
    done = [each for each in found if isinstance(each, Measured)]
    samples = tuple(sample for each in done for sample in each.samples)
    seconds = sum(each.cpu_seconds for each in done)
    failed = _failures(planned, found)
    if failed:
        return _undecided(claim, own, samples, seconds, (*notes, *failed))
    try:
        verdict = claim.judge(samples)
    except Exception as error:
        return _undecided(claim, own, samples, seconds, (*notes, f"It could not be judged: {said(error)}."))
    return Judged(verdict=verdict, samples=samples, subject=own, cpu_seconds=seconds, notes=notes)


def _failures(planned: Sequence[Work], found: Sequence[Measured | Failure]) -> list[str]:
    """What failed, a sentence for each reason: data that do not suit a claim fail all of its parts."""
    parts: dict[str, list[Part]] = {}
    for each, result in zip(planned, found, strict=True):
        if isinstance(result, Failure):
            parts.setdefault(result.reason, []).append(each.part)
    return [
        f"Part {_setting(of[0])} failed: {reason}." if len(of) == 1 else f"{len(of)} parts failed: {reason}."
        for reason, of in parts.items()
    ]


def _undecided(
    claim: Claim, subject: Subject, samples: tuple[Sample, ...], seconds: float, notes: tuple[str, ...]
) -> Judged:
    verdict = Verdict(
        claim=claim.name, holds="not decided", effect="", interval=Interval(nan, nan, nan, 0), limits=""
    )
    return Judged(verdict=verdict, samples=samples, subject=subject, cpu_seconds=seconds, notes=notes)


def _results(
    judged: Mapping[str, Judged], effort: Effort, data: str, measured: Sequence[Measured]
) -> Results:
    dates = sorted(each.date for each in measured) or [""]
    versions = {name: version(name) for name in ("relume", "torch")} | {"python": platform.python_version()}
    return Results(
        judged=judged,
        effort=effort,
        data=data,
        machines=tuple(dict.fromkeys(each.machine for each in measured)),
        dates=(dates[0], dates[-1]),
        versions=versions,
    )


def machine() -> str:
    """The processor, in a few words."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {platform.system()}"


def _setting(part: Part) -> str:
    return "(" + ", ".join(f"{name} {value}" for name, value in part.items()) + ")"
