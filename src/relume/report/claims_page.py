"""What the page shows of each claim: its verdict, figure, numbers, method and the command that repeats it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relume.errors import said
from relume.evidence.claim import Claim
from relume.evidence.drawing import canvas, svg
from relume.evidence.results import Judged, Results
from relume.report.claims import effect_text, numbers_grid, published_grid, published_text, title
from relume.report.claims_answer import claims_answer, disagreements, tally
from relume.report.grid import Grid
from relume.types import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_INCHES, HEIGHT_INCHES = 7.6, 3.4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPart:
    """One claim as the page shows it."""

    name: str
    title: str
    statement: str
    source: str
    method: str
    holds: str
    effect: str
    limits: str
    svg: str  # empty where nothing was measured
    published: Grid
    first_published: str
    numbers: Grid
    notes: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPart:
    """All claims as the page shows them."""

    answer: list[str]
    tally: str
    parts: list[ClaimPart]
    disagreements: list[str]
    setting: str


def claims_part(results: Results, claims: Mapping[str, Claim]) -> ClaimsPart:
    """From results to what stands in the page."""
    return ClaimsPart(
        answer=claims_answer(results),
        tally=tally(results),
        parts=[_part(claims[name], each, results) for name, each in results.judged.items()],
        disagreements=disagreements(results, claims),
        setting=setting(results),
    )


def setting(results: Results) -> str:
    """On what, where and when it was measured, in one line."""
    first, last = results.dates
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    minutes = sum(each.cpu_seconds for each in results.judged.values()) / 60
    when = first if first == last else f"{first} to {last}"
    machines = "; ".join(results.machines) or "no machine"
    return (
        f"{results.data}. Effort: {results.effort}, {minutes:.1f} minutes of one processor core. "
        f"Measured {when} on {machines}, with {versions}."
    )


def command(judged: Judged, effort: str) -> str:
    """What repeats the measurement."""
    subject = judged.subject
    words = [
        "relume",
        "why",
        *([subject.network] if subject.network else []),
        "--claim",
        judged.verdict.claim,
    ]
    words += ["--data", subject.data] if subject.data else []
    return shlex.join(words + ([f"--{effort}"] if effort != "default" else []))


def claim_figure(claim: Claim, samples: Sequence[Sample]) -> "Figure":
    """Draw the figure of a claim, as it is to be saved."""
    with canvas(WIDTH_INCHES, HEIGHT_INCHES) as figure:
        claim.draw(samples, figure)
    return figure


def _part(claim: Claim, judged: Judged, results: Results) -> ClaimPart:
    drawn, trouble = _drawn(claim, judged)
    return ClaimPart(
        name=claim.name,
        title=title(claim.name),
        statement=claim.statement,
        source=claim.source,
        method=claim.method,
        holds=judged.verdict.holds,
        effect=effect_text(judged.verdict),
        limits=judged.verdict.limits,
        svg=drawn,
        published=published_grid(claim, judged.samples),
        first_published=next((published_text(p) for p in claim.published), ""),
        numbers=numbers_grid(judged.samples),
        notes=(*judged.notes, *trouble),
        command=command(judged, results.effort),
    )


def _drawn(claim: Claim, judged: Judged) -> tuple[str, tuple[str, ...]]:
    """The figure, or why there is none: half of the samples may be missing."""
    if not judged.samples:
        return "", ()
    try:
        return svg(claim_figure(claim, judged.samples), name=claim.name), ()
    except Exception as error:
        return "", (f"The figure could not be drawn: {said(error)}.",)
