"""One page, in one file, that shows what the claims came to and what a study found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from relume.errors import require
from relume.evidence.claim import Claim
from relume.evidence.claims import claims as all_claims
from relume.evidence.results import Results
from relume.report.answer import answer
from relume.report.claims_page import claims_part
from relume.report.findings import (
    best_grid,
    comparison_grid,
    cost_grid,
    legend,
    network_grid,
    networks,
    same_setting_grid,
)
from relume.report.grid import Grid
from relume.report.whole import write_whole
from relume.studies.summary import Summary

DERIVATIVES = (
    "The derivatives of sigmoid, tanh and ReLU. On its way back through the network the error signal is "
    "multiplied by one of these values at every layer. Sigmoid's is at most 0.25; ReLU's is 1 wherever the "
    "unit is active."
)
NEURONS = (
    "Left: the firing rate of a leaky integrate-and-fire neuron (lif), and tanh. The neuron is silent below "
    "its threshold; tanh answers a negative input as strongly as a positive one. Right: the activations "
    "compared most often."
)
CURVES = (
    "Training loss by step, median over seeds. Left: each activation at its best initialisation and learning "
    "rate. Right: one setting for all. Dotted lines are the losses that the tables count steps to. "
    "A curve that stops early or leaves the top has diverged."
)
GRADIENTS = (
    "Size of the error signal at each layer over that at the last, before training. Points are measured, "
    "lines are mean-field theory. A line that falls to the left is a vanishing gradient, one that rises an "
    "exploding one."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in the page."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Part:
    """What the page shows of one network."""

    network: str
    pictures: tuple[Picture, ...]
    grid: Grid


@dataclass(frozen=True, slots=True)
class StudyPart:
    """What the page shows of a study."""

    summary: Summary
    answer: list[str]
    findings: list[Grid]
    parts: list[Part]
    cost: list[Grid]
    derivatives: Picture
    neurons: Picture
    legend: Mapping[str, str]


def write_page(summary: Summary | None, path: Path, *, results: Results | None = None) -> None:
    """Write the page to `path`, whole or not at all.

    Raises
    ------
    TargetError
        Nothing can be written there.
    MissingExtraError
        matplotlib or jinja2 is not installed.
    """
    write_whole(page(summary, results), path)


def page(
    summary: Summary | None, results: Results | None = None, *, claims: Mapping[str, Claim] = all_claims
) -> str:
    """Render the page: HTML with its styles and figures inside, that loads nothing.

    Parameters
    ----------
    summary, results
        Of a study and of claims; what is None is left out.
    """
    require("jinja2", extra="why", purpose="the report")
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("relume.report").joinpath("templates/why.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        study=None if summary is None else _study(summary),
        claims=None if results is None else claims_part(results, claims),
    )


def _study(summary: Summary) -> StudyPart:
    from relume.evidence.drawing import svg
    from relume.report import figures

    parts = [_part(summary, network, index) for index, network in enumerate(networks(summary))]
    findings = [best_grid(summary), same_setting_grid(summary), comparison_grid(summary)]
    cost = cost_grid(summary)
    return StudyPart(
        summary=summary,
        answer=answer(summary),
        findings=_filled(findings),
        parts=parts,
        cost=_filled([cost]),
        legend=legend([*findings, *(part.grid for part in parts), cost]),
        derivatives=Picture(svg(figures.derivatives(), name="derivatives"), DERIVATIVES),
        neurons=Picture(svg(figures.neuron_models(), name="neurons"), NEURONS),
    )


def _part(summary: Summary, network: str, index: int) -> Part:
    from relume.evidence.drawing import svg
    from relume.report import figures

    pictures = [Picture(svg(figures.training_curves(summary, network), name=f"curves{index}"), CURVES)]
    if any(len(row.gradient_by_layer_start) for row in summary.rows if row.network == network):
        gradients = svg(figures.gradient_by_layer(summary, network), name=f"gradients{index}")
        pictures.append(Picture(gradients, GRADIENTS))
    return Part(network, tuple(pictures), network_grid(summary, network))


def _filled(grids: Iterable[Grid]) -> list[Grid]:
    return [grid for grid in grids if any(section.rows for section in grid.sections)]
