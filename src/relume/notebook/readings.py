"""Readings in a notebook: a row a site, and every quantity over the depth of the network."""

from typing import TYPE_CHECKING

from relume.notebook.markup import card, small, table
from relume.notebook.panels import panels_of
from relume.notebook.profile import profile
from relume.probe.summary import COLUMNS, as_text, cells_of, lines_of, readings_table
from relume.report.grid import Column, Grid, Section
from relume.types import Readings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEANINGS = (
    "features, or channels after a convolution",
    "root mean square of the values",
    "share of the values that are exactly 0",
    "share of the values on a flat end of the activation",
    "units of a rectifier that were above 0 on no example",
    "root mean square of the gradient that arrives",
)


def html(readings: Readings) -> str:
    """The table that `print(watch)` shows."""
    columns = (
        Column(header="site", meaning="where the activation is applied", align="left"),
        Column(header="activation", meaning="its name in relume.activations", align="left"),
        *(Column(header=name, meaning=said) for name, said in zip(COLUMNS, MEANINGS, strict=True)),
    )
    rows = tuple((name, each.site.activation, *cells_of(each)) for name, each in readings.items())
    grid = Grid(title="", reading="", columns=columns, sections=(Section(title="", rows=rows),))
    return card(table(grid) if rows else "", *map(small, lines_of(readings)))


def text(readings: Readings) -> str:
    """The same for a terminal."""
    return as_text(readings_table(readings))


def figure(readings: Readings) -> "Figure":
    """Draw values, gradients and shares by site, and updates by weight."""
    steps, sites = len(readings.steps), len(readings)
    return profile(panels_of(readings), title=f"{sites} sites over {steps:,} steps")
