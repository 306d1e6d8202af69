"""The table that a watch prints."""

from collections.abc import Mapping

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from relume.catalogue import activations
from relume.probe.statistics import statistics
from relume.types import Reading, Readings

# Over all units of a site; "silent" counts rectifier units that never were above 0.
COLUMNS = ("units", "rms", "zero", "flat", "silent", "gradient rms")


def readings_table(readings: Readings) -> RenderableType:
    """A row a site in the order of execution, then what else is known."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("site", overflow="fold")
    table.add_column("activation")
    for header in COLUMNS:
        table.add_column(header, justify="right")
    for name, reading in readings.items():
        table.add_row(name, reading.site.activation, *cells_of(reading))
    return Group(table, *(Text(line) for line in lines_of(readings)))


def as_text(renderable: RenderableType, *, width: int = 110) -> str:
    """What a terminal of a width would show, without colours."""
    console = Console(width=width, color_system=None, force_terminal=False, force_jupyter=False)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def cells_of(reading: Reading) -> list[str]:
    """One site in the order of `COLUMNS`."""
    pooled = reading.pooled()
    share = {
        name: statistics[name].of(pooled)[0]
        for name in ("zero_fraction", "flat_fraction", "root_mean_square")
    }
    rectifies = activations[reading.site.activation].zero_region is not None
    silent = int((reading.value.fired == 0).sum()) if rectifies else 0
    return [
        str(reading.value.units),
        _number(share["root_mean_square"]),
        _percent(share["zero_fraction"]),
        _percent(share["flat_fraction"]),
        str(silent) if silent else "-",
        _number(statistics["gradient_root_mean_square"].of(pooled)[0]),
    ]


def lines_of(readings: Readings) -> list[str]:
    """What is told below the table: how much was seen, and what was not."""
    lines = [_what_passed(readings)]
    if fault := readings.non_finite:
        lines.append(f"NaN or infinity first at {fault.site}, step {fault.step}, {fault.direction} pass")
    unused = [
        name for name, parameter in readings.parameters.items() if parameter.unused and not parameter.is_used
    ]
    if unused:
        lines.append(f"no gradient reached: {', '.join(unused)}")
    return lines + [f"not seen: {path}, {reason}" for path, reason in _grouped(readings.not_seen).items()]


def _what_passed(readings: Readings) -> str:
    steps = readings.steps
    said = [f"{len(steps)} steps"]
    if len(steps):
        said.append(f"{int(steps.examples.sum())} examples")
    if np.isfinite(steps.seconds).any():
        said.append(f"{1e3 * float(np.nanmedian(steps.seconds)):.1f} ms a step")
    if np.isfinite(steps.losses).any():
        given = steps.losses[~np.isnan(steps.losses)]
        said.append(f"loss {given[0]:.4g} to {given[-1]:.4g}")
    return ", ".join(said)


def _grouped(not_seen: Mapping[str, str]) -> dict[str, str]:
    """Paths of one reason on one line."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in not_seen.items():
        by_reason.setdefault(reason, []).append(path or "(model)")
    return {", ".join(paths): reason for reason, paths in by_reason.items()}


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"


def _percent(value: float) -> str:
    return "-" if np.isnan(value) or value == 0 else f"{100 * value:.1f} %"
