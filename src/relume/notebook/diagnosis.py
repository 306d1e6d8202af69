"""A diagnosis in a notebook: what is wrong, on which evidence, and a picture of where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from relume.errors import DrawingError
from relume.notebook.markup import HEALTHY, PAINT, badge, card, heading, rows, said, small, stacked
from relume.notebook.panels import least_ratio_of, marks_of, panels_of
from relume.notebook.profile import profile
from relume.report.run_view import verdict
from relume.types import Diagnosis, Finding
from relume.types.told import body, lines_of_code, seen, where

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def html(diagnosis: Diagnosis) -> str:
    """All findings with their evidence, the gravest first."""
    title, *rest = _sentences(diagnosis)
    is_seen = diagnosis.steps or diagnosis.examples
    return card(
        heading(title, beside=badge("healthy", HEALTHY) if diagnosis.is_healthy and is_seen else ""),
        rows(map(_cells, diagnosis.findings)) if diagnosis.findings else "",
        *map(small, rest),
    )


def figure(diagnosis: Diagnosis) -> "Figure":
    """Draw what was measured at every site, with the thresholds, and the sites of findings in colour.

    Raises
    ------
    DrawingError
        The readings are not at hand: `relume.diagnose` keeps them.
    """
    if diagnosis.readings is None:
        raise DrawingError(
            "a diagnosis without its readings: nothing to draw. Use relume.diagnose(readings)."
        )
    marks = marks_of(diagnosis, diagnosis.readings)
    panels = panels_of(diagnosis.readings, least_ratio=least_ratio_of(diagnosis))
    return profile(panels, title=verdict(diagnosis), marks=marks)


def _sentences(diagnosis: Diagnosis) -> list[str]:
    """The verdict, and on how much it rests: of a healthy network one sentence says both."""
    if diagnosis.is_healthy and (diagnosis.steps or diagnosis.examples):
        return list(seen(diagnosis))
    return [verdict(diagnosis), *seen(diagnosis)]


def _cells(finding: Finding) -> Iterator[str]:
    yield stacked(badge(finding.severity, PAINT[finding.severity]), finding.problem)
    yield said([("", where(finding)), ("", lines_of_code(finding))])
    yield said(body(finding))
