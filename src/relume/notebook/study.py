"""A study in a notebook: who learned how fast, and the figures of `relume why`."""

from typing import TYPE_CHECKING, Literal

from relume.errors import unknown_name
from relume.notebook.markup import card, folded, heading, paragraph, small, table
from relume.report import figures
from relume.report.answer import answer
from relume.report.findings import best_grid, comparison_grid, network_grid, networks, same_setting_grid
from relume.studies.study import Study
from relume.studies.summarise import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Literal["training", "gradients"]


def html(study: Study) -> str:
    """The answer, each activation at its best, and folded all that it rests on."""
    summary = summarise(study)
    rest = [same_setting_grid(summary), comparison_grid(summary)]
    rest += [network_grid(summary, network) for network in networks(summary)]
    return card(
        heading(f"{len(study.outcomes):,} networks"),
        *map(paragraph, answer(summary)),
        table(best_grid(summary)),
        *(folded(grid.title, table(grid)) for grid in rest if any(s.rows for s in grid.sections)),
        small(f"{summary.data}. {summary.training}."),
    )


def text(study: Study) -> str:
    """The answer alone, for a terminal."""
    return "\n".join([f"{len(study.outcomes):,} networks", *answer(summarise(study))])


def figure(study: Study, curves: Curves, *, network: str | None = None) -> "Figure":
    """Draw the training curves, or each layer's gradient before training; of the first network, if None.

    Raises
    ------
    UnknownNameError
        The study has no such network.
    """
    summary = summarise(study)
    known = networks(summary)
    chosen = known[0] if network is None else network
    if chosen not in known:
        raise unknown_name("network", chosen, known, listing="study.outcomes")
    draw = figures.training_curves if curves == "training" else figures.gradient_by_layer
    return draw(summary, chosen)
