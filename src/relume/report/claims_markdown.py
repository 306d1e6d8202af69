"""The results of a run of claims as a document in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from relume.evidence.claim import Claim
from relume.evidence.results import Judged, Results
from relume.report.claims import effect_text, published_grid, published_text, title
from relume.report.claims_answer import claims_answer, disagreements, tally
from relume.report.claims_page import command, setting
from relume.report.grid import ABSENT, Grid

FEWEST_LISTED = 4  # cases; fewer are a line


def markdown(results: Results, claims: Mapping[str, Claim], *, images: str, made_by: str) -> str:
    """The document: answer, table, a part for each claim, and where the literature says something else.

    Parameters
    ----------
    images
        The folder of the figures as seen from the document; `<claim>.png` each.
    made_by
        The command that writes it, for whoever wants to change it.
    """
    lines = [
        f"<!-- Written by `{made_by}`: change the claims, not this file. -->",
        "",
        "# Why ReLU instead of sigmoid or tanh?",
        "",
        *(f"- {sentence}" for sentence in claims_answer(results)),
        "",
        f"{tally(results)} {setting(results)}",
        "",
        "A verdict is computed from the measurements. “Holds” needs a 95 % interval over seeds on the right",
        "side of a threshold, “not decided” is an interval too wide to tell; [how](why.md). All samples:",
        "[samples.csv](why-relu/samples.csv), verdicts: [claims.json](why-relu/claims.json).",
        "",
        *_summary(results, claims),
        "",
        *(
            line
            for name, each in results.judged.items()
            for line in _part(claims[name], each, results, images)
        ),
        *_literature(results, claims),
    ]
    return "\n".join(lines) + "\n"


def _summary(results: Results, claims: Mapping[str, Claim]) -> Iterator[str]:
    rows = [
        (
            f"[{title(name)}](#{anchor(name)})",
            each.verdict.holds,
            effect_text(each.verdict),
            next((published_text(p) for p in claims[name].published), ABSENT),
        )
        for name, each in results.judged.items()
    ]
    return _table(("claim", "verdict", "measured here, 95 % interval", "published"), rows)


def anchor(name: str) -> str:
    """Where a link finds the heading of a claim.

    >>> anchor("dying-relu")
    'dying-relu'
    """
    return title(name).lower().replace(" ", "-")


def _part(claim: Claim, judged: Judged, results: Results, images: str) -> Iterator[str]:
    verdict, effect = judged.verdict, effect_text(judged.verdict)
    yield from (f"## {title(claim.name)}", "", f"> {claim.statement}", ">", f"> {claim.source}", "")
    yield f"**{_capital(verdict.holds)}.** {_capital(effect)}." if verdict.effect else "**Not decided.**"
    yield ""
    if verdict.limits:
        yield from (*(line for limit in verdict.limits.split("; ") for line in _limit(limit)), "")
    for note in judged.notes:
        yield from (note, "")
    if judged.samples:
        yield from (f"![{title(claim.name)}]({images}/{claim.name}.png)", "")
    yield from (claim.method, "")
    if claim.published:
        yield from (*_grid(published_grid(claim, judged.samples)), "")
    yield from ("```sh", command(judged, results.effort), "```", "")


def _literature(results: Results, claims: Mapping[str, Claim]) -> Iterator[str]:
    yield from ("## Where this differs from the literature", "")
    found = disagreements(results, claims)
    yield from (f"- {sentence}" for sentence in found or ["Nowhere."])


def _grid(grid: Grid) -> Iterator[str]:
    return _table([column.name for column in grid.columns], grid.sections[0].rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _limit(limit: str) -> Iterator[str]:
    """One kind of limits: a line, or a list where there are many."""
    kind, _, where = limit.partition(" at ")
    cases = where.split(" / ")
    if len(cases) < FEWEST_LISTED:
        yield f"- {_capital(limit)}"
        return
    yield f"- {_capital(kind)} at"
    yield from (f"    - {case}" for case in cases)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
