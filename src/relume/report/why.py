"""The answer to `relume why`: the study, the claims, and one page of both."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import RenderableType

from relume.errors import PlanError, require
from relume.evidence.claim import Effort, Subject
from relume.evidence.claims import claims
from relume.evidence.results import Results, write
from relume.evidence.run import run_claims
from relume.report import tables
from relume.report.answer import answer
from relume.report.claims import claim_list, claims_grid, limits_grid
from relume.report.claims_answer import claims_answer, in_order, tally
from relume.report.page import write_page
from relume.report.terminal import FittedGrid
from relume.studies.protocol import OptimizerName
from relume.studies.summary import Summary
from relume.studies.why import run_why, scope

STUDY_FILE, CLAIMS_FILE, PAGE = "study.sqlite", "claims.sqlite", "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for on the command line; empty or None where nothing was said."""

    network: str | None
    data: str | None
    claims: tuple[str, ...]
    only: Literal["study", "claims"] | None
    effort: Effort
    activations: tuple[str, ...]
    optimizer: OptimizerName
    steps: int | None
    seeds: int | None
    width: int | None


def effort(*, quick: bool, full: bool) -> Effort:
    """The effort that the two options mean.

    Raises
    ------
    PlanError
        Both were given.
    """
    if quick and full:
        raise PlanError("--quick and --full are two efforts: both were given. Give one of them.")
    return "quick" if quick else "full" if full else "default"


def find_out(asked: Asked, out: Path) -> tuple[Summary | None, Results | None]:
    """Run what was asked for and write the page and the results; `out` keeps what is finished.

    Raises
    ------
    RelumeError
        One sentence on what was wrong and what to do.
    """
    require("jinja2", "matplotlib", "scipy", extra="why", purpose="'relume why'")
    chosen = [claims[name] for name in in_order(dict.fromkeys(asked.claims or claims))]
    _refuse_what_has_no_effect(asked)
    summary = _study(asked, out) if _wants_study(asked) else None
    results = None
    if asked.only != "study":
        subject = Subject(data=asked.data, network=asked.network)
        results = run_claims(chosen, subject, effort=asked.effort, into=out / CLAIMS_FILE, show_progress=True)
        write(results, out)
    write_page(summary, out / PAGE, results=results)
    return summary, results


def told(summary: Summary | None, results: Results | None, out: Path) -> Iterator[RenderableType]:
    """What the terminal shows: the tables, then the answer, for by then the beginning has scrolled away."""
    if summary is not None:
        yield from tables.why_tables(summary)
    if results is not None:
        yield FittedGrid(claims_grid(results, claims))
        if limits_grid(results).sections:
            yield FittedGrid(limits_grid(results))
        yield from (note for each in results.judged.values() for note in each.notes)
    if summary is not None:
        yield "\n".join(answer(summary))
        yield f"Trained with {summary.engine}."
    if results is not None:
        yield "\n".join([*claims_answer(results), tally(results)])
    yield f"Report: {(out / PAGE).resolve()}"


def _wants_study(asked: Asked) -> bool:
    return not asked.claims and asked.only != "claims"


def _refuse_what_has_no_effect(asked: Asked) -> None:
    if asked.claims and asked.only == "study":
        raise PlanError("--claim asks for a claim and --only study for none. Leave one of them out.")
    of_study = {
        "--activation": asked.activations,
        "--steps": asked.steps,
        "--seeds": asked.seeds,
        "--width": asked.width,
    }
    given = [name for name, value in of_study.items() if value]
    if given and not _wants_study(asked):
        raise PlanError(
            f"only claims were asked for, which plan their own networks: {', '.join(given)}. "
            "Leave it out, or add --only study."
        )


def claim_table() -> FittedGrid:
    """All claims, a row each."""
    return FittedGrid(claim_list(claims))


def _study(asked: Asked, out: Path) -> Summary:
    return run_why(
        scope(asked.effort, steps=asked.steps, seeds=asked.seeds, width=asked.width),
        build=asked.network,
        data=asked.data,
        activations=asked.activations or None,
        optimizer=asked.optimizer,
        out=out,
    )
