"""A claim in a notebook: what is claimed and how it is tested; measured, what it came to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from relume.errors import DrawingError
from relume.evidence.claim import Claim, Effort, Published, Subject
from relume.evidence.claims import claims
from relume.evidence.results import Judged, Results
from relume.notebook.markup import (
    PAINT,
    badge,
    card,
    code,
    facts,
    folded,
    heading,
    paragraph,
    said,
    small,
    table,
)
from relume.report.claims import REMEMBERED, claims_grid, effect_text, numbers_grid, published_grid, title
from relume.report.claims_page import claim_figure, setting
from relume.report.grid import Section
from relume.types import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_ROWS = 24


def html(claim: Claim) -> str:
    """What is claimed, by whom, how it is tested, and what tests it."""
    parts = {effort: len(claim.plan(Subject(), effort)) for effort in get_args(Effort)}
    known = {
        "claimed by": claim.source,
        "method": claim.method,
        "plan": ", ".join(f"{effort}: {count} parts" for effort, count in parts.items()),
        **{f"not on your own {what}": why for what, why in claim.not_on.items()},
    }
    return card(
        heading(title(claim.name)),
        paragraph(claim.statement),
        facts(known),
        small("Published:") if claim.published else "",
        said((f"{each.quantity}: ", _value(each)) for each in claim.published),
        small("To put it to the test, each part some seconds in a process of its own:"),
        code(f"from relume.evidence.run import run_claims\n{_test_of(claim)}"),
    )


def figure(claim: Claim, samples: Sequence[Sample]) -> "Figure":
    """Draw what was measured for a claim.

    Raises
    ------
    DrawingError
        Nothing was.
    """
    if not samples:
        raise DrawingError(
            f"{claim.name} was not measured: nothing to draw. Measure it by relume.evidence.run.run_claims, "
            "and plot what it came to."
        )
    return claim_figure(claim, samples)


def judged_html(judged: Judged) -> str:
    """The verdict, the effect, what is published beside it, and the numbers."""
    verdict = judged.verdict
    claim = claims.get(verdict.claim)  # None of one that somebody else has written
    return card(
        heading(title(verdict.claim), beside=badge(verdict.holds, PAINT[verdict.holds])),
        paragraph(claim.statement) if claim else "",
        facts({"measured": effect_text(verdict)} | ({"limits": verdict.limits} if verdict.limits else {})),
        table(published_grid(claim, judged.samples)) if claim and claim.published else "",
        _numbers(judged.samples) if judged.samples else "",
        *map(small, judged.notes),
    )


def judged_figure(judged: Judged) -> "Figure":
    """Draw what was measured."""
    return figure(claims[judged.verdict.claim], judged.samples)


def results_html(results: Results) -> str:
    """A row for each claim, and on what they were measured."""
    return card(table(claims_grid(results, claims)), small(setting(results)))


def _numbers(samples: Sequence[Sample]) -> str:
    """The first of them: a notebook keeps all that it shows."""
    grid = numbers_grid(samples)
    rows = grid.sections[0].rows
    shown = replace(grid, sections=(Section(title="", rows=rows[:MOST_ROWS]),))
    left_out = small(f"{len(rows) - MOST_ROWS:,} more rows rest on .samples") if rows[MOST_ROWS:] else ""
    return folded("The numbers", table(shown) + left_out)


def _value(published: Published) -> str:
    """Whoever has not been read is marked."""
    mark = f", {REMEMBERED}" if published.provenance == "remembered" else ""
    return f"{published.value} [{published.source}{mark}]"


def _test_of(claim: Claim) -> str:
    return f'run_claims([relume.claims["{claim.name}"]], effort="quick")'
