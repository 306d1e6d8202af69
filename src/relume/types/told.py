"""A finding in words: what is wrong, where, how it is known, why, what to try."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relume.types.findings import Diagnosis, Evidence, Finding

INDENT = 9  # the width of "warning" and two blanks
WIDTH = 110
MOST_NAMES = 3
MOST_EVIDENCE = 3


def text_of(diagnosis: "Diagnosis") -> str:
    """All findings as plain text, as `print` shows them."""
    lines = [line for finding in diagnosis.findings for line in (*finding_lines(finding), "")]
    return "\n".join([*lines, *(line for each in seen(diagnosis) for line in wrap(each, WIDTH))])


def finding_lines(finding: "Finding") -> Iterator[str]:
    """One finding as plain text: a heading, and what is said below it."""
    yield heading(finding)
    for label, said in body(finding):
        told = wrap(label + said, WIDTH - INDENT, break_long_words=False)
        yield from (" " * INDENT + line for line in told)


def heading(finding: "Finding") -> str:
    """How grave, what, and where: by name and by line of code."""
    parts = (finding.problem, where(finding), lines_of_code(finding))
    return f"{finding.severity:<{INDENT}}{'   '.join(part for part in parts if part)}"


def body(finding: "Finding") -> Iterator[tuple[str, str]]:
    """What is said of a finding, with a label each: the evidence has none."""
    for evidence in finding.evidence[:MOST_EVIDENCE]:
        yield "", _shown(evidence)
    yield "Cause: ", finding.cause
    if finding.remedies:
        first, *others = finding.remedies
        yield "Try: ", f"{first}, else {', '.join(others)}" if others else first
    if finding.consequences:
        told = [f"{each.problem} at {where(each) or 'the network'}" for each in finding.consequences]
        yield "Follows from it: ", "; ".join(told)


def seen(diagnosis: "Diagnosis") -> Iterator[str]:
    """On how much a diagnosis rests, and what it leaves open."""
    amount = f"{diagnosis.steps:,} steps, {diagnosis.examples:,} examples"
    yield f"Nothing is wrong, as far as {amount} tell." if diagnosis.is_healthy else f"Rests on {amount}."
    if diagnosis.undecided:
        yield f"Not decided yet: {'; '.join(diagnosis.undecided)}."


def where(finding: "Finding") -> str:
    """The sites of a finding, or else its parameters: all of a few, of many the first and the last."""
    names: Sequence[str] = [str(site) for site in finding.sites] or finding.parameters
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{names[0]} to {names[-1]} ({len(names)} {'sites' if finding.sites else 'parameters'})"


def lines_of_code(finding: "Finding") -> str:
    """Where its sites are applied: all of a few lines, of many the first."""
    lines = list(dict.fromkeys(site.source for site in finding.sites if site.source))
    more = f" and {len(lines) - MOST_NAMES} more lines" if len(lines) > MOST_NAMES else ""
    return ", ".join(lines[:MOST_NAMES]) + more


def _shown(evidence: "Evidence") -> str:
    measured, threshold = evidence.measured, evidence.threshold
    side = "below" if measured < threshold else "above" if measured > threshold else "at"
    unit = "" if evidence.unit in ("1", "share") else f" {evidence.unit}"
    quantity = f"{evidence.quantity[:1].upper()}{evidence.quantity[1:]}"
    return f"{quantity}: {number(measured)}{unit}, {side} {number(threshold)} [{evidence.source}]."


def number(value: float) -> str:
    """Three digits; whole numbers in full.

    >>> number(0.00123456), number(1280.0)
    ('0.00123', '1,280')
    """
    return f"{value:,.0f}" if float(value).is_integer() and 0 < abs(value) < 1e6 else f"{value:.3g}"
