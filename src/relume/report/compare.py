"""Two runs side by side: their losses at the same steps, and what each activation did in both."""

import math
from collections.abc import Iterator

import numpy as np
from rich.console import RenderableType

from relume.catalogue import activations
from relume.report.grid import ABSENT, Column, Grid, Section, number
from relume.report.terminal import FittedGrid
from relume.types import Counts, Reading, Readings, Steps

PARTS = 5  # of the common steps: enough to see a curve, few enough to read
ONE, TWO = "A", "B"


def side_by_side(one: Readings, two: Readings, *, titles: tuple[str, str]) -> list[RenderableType]:
    """What `relume compare` prints."""
    return [FittedGrid(grid) for grid in side_by_side_grids(one, two, titles=titles)]


def side_by_side_grids(one: Readings, two: Readings, *, titles: tuple[str, str]) -> list[Grid]:
    """The losses of both at the same steps, and every activation of both."""
    return [loss_grid(one.steps, two.steps, titles=titles), site_grid(one, two)]


def loss_grid(one: Steps, two: Steps, *, titles: tuple[str, str]) -> Grid:
    """The mean loss of both over the same steps, in a few parts of what both have seen."""
    rows = tuple(
        (f"{part[0]} to {part[-1]}", number(mean_loss(one, part)), number(mean_loss(two, part)))
        for part in common_parts(one, two)
    )
    return Grid(
        title=f"{ONE}: {titles[0]}\n{TWO}: {titles[1]}",
        reading=f"{ONE} ran for {len(one)} steps, {TWO} for {len(two)}.",
        columns=(
            Column(header="steps", meaning="of training, counted from 0"),
            *(Column(header=f"loss\n{run}", meaning=f"mean over them, of {run}") for run in (ONE, TWO)),
        ),
        sections=(Section(title="", rows=rows),),
    )


def site_grid(one: Readings, two: Readings) -> Grid:
    """Every activation of both, in the order of execution; '-' where a run has none of that name."""
    names = [*one, *(name for name in two if name not in one)]
    columns = [
        Column(header="site", meaning="where the activation is applied", align="left", widest=32),
        Column(header="activation", meaning=f"of {ONE} > of {TWO}, where they differ", align="left"),
    ]
    for header, meaning in (
        ("rms", "root mean square of the values"),
        ("zeros, %", "share of the values that are exactly 0"),
        ("dead", "units that never fired, of rectifiers"),
        ("gradient\nrms", "root mean square of the gradient that arrives"),
    ):
        columns += [Column(header=f"{header}\n{run}", meaning=f"{meaning}, in {run}") for run in (ONE, TWO)]
    rows = tuple((name, *_cells(one.get(name), two.get(name))) for name in names)
    return Grid(
        title="Activations",
        reading="Over all steps of each run.",
        columns=tuple(columns),
        sections=(Section(title="", rows=rows),),
    )


def common_parts(one: Steps, two: Steps) -> list[Counts]:
    """The steps that both have seen, in a few parts."""
    common = np.intersect1d(one.numbers, two.numbers)
    return [part for part in np.array_split(common, PARTS) if len(part)]


def mean_loss(steps: Steps, numbers: Counts) -> float:
    """The mean loss over some steps; nan if none of them had one."""
    losses = steps.losses[np.isin(steps.numbers, numbers)]
    losses = losses[~np.isnan(losses)]
    return float(losses.mean()) if len(losses) else math.nan


def _cells(one: Reading | None, two: Reading | None) -> Iterator[str]:
    names = dict.fromkeys(reading.site.activation for reading in (one, two) if reading is not None)
    yield " > ".join(names)
    pairs = zip(_of_one(one), _of_one(two), strict=True)
    yield from (cell for pair in pairs for cell in pair)


def _of_one(reading: Reading | None) -> tuple[str, ...]:
    if reading is None:
        return (ABSENT,) * 4
    rectifies = activations[reading.site.activation].zero_region is not None
    dead = int((reading.value.fired == 0).sum())
    zeros = reading.value.zero_fraction
    return (
        number(reading.value.root_mean_square),
        ABSENT if math.isnan(zeros) else f"{100 * zeros:.1f}",
        f"{dead}/{reading.value.units}" if rectifies else ABSENT,
        number(reading.gradient.root_mean_square),
    )
