"""Terminal tables: what a study found, all activations, and one activation."""

from collections.abc import Iterable

import torch
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Kink
from relume.report.answer import answer
from relume.report.findings import (
    best_grid,
    comparison_grid,
    cost_grid,
    legend,
    network_grid,
    networks,
    same_setting_grid,
)
from relume.report.grid import Column, Grid, Section, number
from relume.report.sampling import inputs, sample
from relume.report.terminal import Curve, FittedGrid
from relume.studies.summary import Summary

NAMESPACES = (("nn", nn), ("torch", torch), ("F", F), ("Tensor", Tensor))
CHOSEN = {
    "jump": "value jumps",
    "vertical": "slope is infinite",
    "corner": "slope jumps",
    "curvature": "curvature jumps",
}


def why_tables(summary: Summary) -> list[RenderableType]:
    """Everything a study found, the answer first."""
    detail = [network_grid(summary, network) for network in networks(summary)]
    middle = [best_grid(summary), same_setting_grid(summary), comparison_grid(summary)]
    return _report(summary, [*middle, *detail, cost_grid(summary)])


def activation_table(activations: Iterable[Activation]) -> FittedGrid:
    """All activations, a row each."""
    columns = (
        Column(header="name", meaning="as in relume.activations", align="left"),
        Column(header="formula", meaning="of the value", align="left", widest=40),
        Column(header="range", meaning="infimum and supremum", align="left"),
        Column(header="flat\nends", meaning="where the derivative tends to 0", align="left"),
        Column(header="sym-\nmetry", meaning="odd, even or none", align="left"),
        Column(header="monotone", meaning="whether it ever falls", align="left"),
        Column(header="zeros", meaning="the inputs whose value is exactly 0", align="left"),
        Column(header="kinks", meaning="the points where it is not smooth"),
        Column(header="learn-\nable", meaning="parameters that are trained"),
        Column(header="year", meaning="of the source"),
    )
    rows = tuple(_activation_row(activation) for activation in activations)
    return FittedGrid(Grid(title="", reading="", columns=columns, sections=(Section(title="", rows=rows),)))


def activation_entry(activation: Activation) -> Group:
    """One activation: formula, what is true of it, its gains, its source and its curves."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, fact in facts_of(activation).items():
        facts.add_row(Text(name), Text(fact))
    x = inputs(activation, points=401)
    titles = {"gated": " with v = 1", "concatenated": ", both parts"}
    suffix = titles.get(activation.form, "")
    return Group(
        Text.assemble((activation.name, "bold"), "  ", activation.formula),
        Text(""),
        facts,
        Text(""),
        Curve(f"value{suffix}", x, sample(activation, x, "value")),
        Text(""),
        Curve(f"derivative{suffix}", x, sample(activation, x, "derivative"), rows=6),
    )


def _report(summary: Summary, grids: list[Grid]) -> list[RenderableType]:
    columns = Table.grid(padding=(0, 2, 0, 0))
    columns.add_column(max_width=36, overflow="fold")
    columns.add_column(overflow="fold")
    for name, meaning in legend(grids).items():
        columns.add_row(Text(name), Text(meaning))
    return [
        *(Text(sentence) for sentence in answer(summary)),
        Text(""),
        Text(f"{summary.data}. {summary.training}.", style="dim"),
        Text(""),
        *(FittedGrid(grid) for grid in grids if any(section.rows for section in grid.sections)),
        Text("The columns", style="bold"),
        Padding(columns, (0, 0, 1, 0)),
    ]


def _activation_row(activation: Activation) -> tuple[str, ...]:
    return (
        activation.name,
        activation.formula,
        _between(activation.range),
        activation.flat_ends,
        activation.symmetry,
        {"non-monotone": "no", "non-decreasing": "yes, flat"}.get(activation.monotonicity, "yes"),
        _zeros(activation),
        str(len(activation.kinks) or "-"),
        str(len(activation.parameters) or "-"),
        str(activation.citation.year),
    )


def facts_of(activation: Activation) -> dict[str, str]:
    """What is true of an activation, by what it is called."""
    facts = {
        "range": _between(activation.range),
        "limits": f"{_limit(activation.limits[0])} at -inf, {_limit(activation.limits[1])} at inf",
        "flat ends": activation.flat_ends,
        "symmetry": activation.symmetry,
        "monotone": activation.monotonicity,
        "exact zeros": "at points only" if activation.zero_region is None else f"for {_zeros(activation)}",
        "kinks": "; ".join(_kink(kink) for kink in activation.kinks) or "none, it is smooth",
        "learnable": ", ".join(f"{k} (starts at {number(v)})" for k, v in activation.parameters.items())
        or "nothing",
        "in torch": ", ".join(map(alias_name, activation.aliases)) or "no function of its own",
    }
    return facts | _gains(activation) | {"source": str(activation.citation)}


def _gains(activation: Activation) -> dict[str, str]:
    from relume.theory.gain import backward_gain, forward_gain

    forward = number(forward_gain(activation).value, digits=4)
    backward = number(backward_gain(activation).value, digits=4)
    return {
        "forward gain": f"{forward}  (fan-in x weight variance that keeps the signal's size)",
        "backward gain": f"{backward}  (fan-out x weight variance that keeps the gradient's size)",
    }


def alias_name(alias: Alias) -> str:
    """Name the alias as one writes it.

    >>> alias_name(Alias(F.relu)), alias_name(Alias(Tensor.relu_)), alias_name(Alias(torch.clamp, {"min": 0}))
    ('F.relu', 'Tensor.relu_', 'torch.clamp(min=0)')
    """
    # torch keeps some under a private name too: F.threshold calls itself _threshold.
    name = getattr(alias.call, "__name__", repr(alias.call)).removeprefix("_")
    home = next((prefix for prefix, space in NAMESPACES if getattr(space, name, None) is alias.call), None)
    arguments = ", ".join(f"{key}={value!r}" for key, value in alias.arguments.items())
    return (f"{home}.{name}" if home else name) + (f"({arguments})" if arguments else "")


def _between(bounds: tuple[float, float]) -> str:
    return f"{number(bounds[0])} to {number(bounds[1])}"


def _limit(limit: float) -> str:
    return "none" if limit != limit else number(limit)


def _zeros(activation: Activation) -> str:
    if activation.zero_region is None:
        return "-"
    low, high = activation.zero_region
    if low == -float("inf"):
        return f"x <= {number(high)}"
    return f"x >= {number(low)}" if high == float("inf") else f"x from {_between((low, high))}"


def _kink(kink: Kink) -> str:
    return f"at {number(kink.at)} the {CHOSEN[kink.kind]}, the derivative there is {number(kink.derivative)}"
