"""What a study found, as tables of text and a few sentences."""

from collections.abc import Callable, Iterable

from relume.report.grid import (
    Column,
    Grid,
    Section,
    number,
    percent,
    percent_interval,
    ratio_interval,
    steps,
)
from relume.studies.summary import Comparison, Row, Summary

Cell = tuple[Column, Callable[[Row], str]]

ACTIVATION = Column(header="activation", meaning="the activation function of all hidden layers", align="left")


def networks(summary: Summary) -> list[str]:
    """List the networks of a study, in its order."""
    return list(dict.fromkeys(row.network for row in summary.rows))


def network_grid(summary: Summary, network: str) -> Grid:
    """Make a row per activation and initialisation, each at the learning rate that trained it best."""
    rows = [row for row in summary.rows if row.network == network]
    cells = [_activation(), *_learning(summary), *_signal()]
    return Grid(
        title=f"{network}: every activation under every initialisation",
        reading="Each row is shown at the learning rate that trained it best.",
        columns=_columns(cells),
        sections=_sections(rows, cells, title=lambda row: f"initialisation: {row.initialisation}"),
    )


def best_grid(summary: Summary) -> Grid:
    """Each activation at its best initialisation and learning rate."""
    initialisation = Column(header="initialisation", meaning="how the weights were drawn", align="left")
    cells = [_activation(), (initialisation, lambda row: row.initialisation), *_learning(summary)]
    cells += [cell for cell in _signal() if cell[0].name in ("gradient start", "zeros, % start > end")]
    return Grid(
        title="Each activation at its best",
        reading="Each row has the initialisation and the learning rate that trained it best. This is fair.",
        columns=_columns(cells),
        sections=_sections(summary.best, cells, title=lambda row: row.network),
    )


def same_setting_grid(summary: Summary) -> Grid:
    """All activations of a network under one initialisation and learning rate."""
    learning = [cell for cell in _learning(summary) if cell[0].name != "learning rate"]
    cells = [_activation(), *learning, *_signal()]
    return Grid(
        title="The same setting for all",
        reading="Only the activation differs. What suits one activation can be wrong for another.",
        columns=_columns(cells),
        sections=_sections(
            summary.same_setting,
            cells,
            title=lambda row: (
                f"{row.network}: {row.initialisation}, learning rate {number(row.learning_rate)}"
            ),
        ),
    )


def comparison_grid(summary: Summary) -> Grid:
    """Who needed fewer steps than whom, a column per training loss."""
    columns = [
        Column(header="activation", meaning=ACTIVATION.meaning, align="left"),
        Column(header="against", meaning="the activation it is compared with", align="left"),
        *(
            Column(
                header=f"speed to\nloss {number(target)}",
                meaning="steps of the other over its own, to this training loss, over paired seeds, "
                "with the 95 % interval. Above 1 is faster; 'faster' is said only if the interval excludes 1",
                align="left",
            )
            for target in summary.targets
        ),
    ]
    together: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in summary.comparisons:
        together.setdefault((comparison.network, comparison.basis), []).append(comparison)
    return Grid(
        title="Who was faster",
        reading="A number of 3 means a third of the steps. It counts steps, not seconds.",
        columns=tuple(columns),
        sections=tuple(
            Section(title=f"{network}, {basis}", rows=_comparison_rows(group, summary.targets))
            for (network, basis), group in together.items()
        ),
    )


def cost_grid(summary: Summary) -> Grid:
    """Show what computing each activation costs, beside a memory copy."""
    columns = (
        Column(header="activation", meaning="the function, on a tensor of its own", align="left"),
        Column(header="forward,\nns", meaning="nanoseconds for one value, median"),
        Column(
            header="forward\n/ copy",
            meaning="forward time over that of a memory copy timed in the same rounds",
        ),
        Column(header="backward,\nns", meaning="nanoseconds for the gradient of one value, median"),
        Column(header="backward\n/ copy", meaning="backward time over that of the copy"),
    )
    rows = tuple(
        (
            cost.activation,
            f"{cost.forward_ns:.3f}",
            f"{cost.forward_over_copy:.2f}",
            f"{cost.backward_ns:.3f}",
            f"{cost.backward_over_copy:.2f}",
        )
        for cost in summary.costs
    )
    return Grid(
        title="What the function itself costs",
        reading=f"Measured on {summary.cost_setting}. Near 1, memory sets the time, not arithmetic.",
        columns=columns,
        sections=(Section(title="", rows=rows),),
    )


def legend(grids: Iterable[Grid]) -> dict[str, str]:
    """Say what the columns of these tables mean, each once."""
    meanings: dict[str, str] = {}
    for column in (column for grid in grids for column in grid.columns):
        meanings.setdefault(column.name, column.meaning)
    merged: dict[str, list[str]] = {}
    for name, meaning in meanings.items():
        merged.setdefault(meaning, []).append(name)
    return {", ".join(names): meaning for meaning, names in merged.items()}


def _activation() -> Cell:
    return ACTIVATION, lambda row: row.activation


def _learning(summary: Summary) -> list[Cell]:
    """How fast and how well it learned."""
    rate = Column(header="learning\nrate", meaning="the step size of the training")
    accuracy = Column(
        header="accuracy, %\n(95 % interval)",
        meaning="share of the test set it got right after training, over seeds, with the 95 % interval",
        align="left",
    )
    diverged = Column(header="diver-\nged", meaning="seeds whose loss became infinite or not a number")
    return [
        (rate, lambda row: number(row.learning_rate)),
        *(_steps_cell(target) for target in summary.targets),
        (accuracy, lambda row: percent_interval(row.accuracy)),
        (diverged, lambda row: f"{row.diverged} of {row.seeds}"),
    ]


def _steps_cell(target: float) -> Cell:
    column = Column(
        header=f"steps\nto {number(target)}",
        meaning="steps until the training loss fell so far, median over seeds; - if most never got there",
    )
    return column, lambda row: steps(row.steps_to.get(target))


def _signal() -> list[Cell]:
    """Show what reached the first layer, and how many values were exactly zero."""
    start = Column(
        header="gradient\nstart",
        meaning="size of the error signal at the first layer over that at the last, before training. "
        "1 is ideal, 0.001 means the first layer hardly learns, 1000 means it explodes",
    )
    theory = Column(
        header="gradient\ntheory",
        meaning="what mean-field theory predicts for the gradient at the start; - where it does not apply",
    )
    end = Column(
        header="gradient\nend", meaning="the same as at the start, but after training; - if training diverged"
    )
    zeros = Column(
        header="zeros, %\nstart > end",
        meaning="share of activations that are exactly 0, before and after training",
    )
    return [
        (start, lambda row: number(row.gradient_ratio_start, digits=2)),
        (theory, lambda row: number(row.gradient_ratio_theory, digits=2)),
        (end, lambda row: number(row.gradient_ratio_end, digits=2)),
        (zeros, lambda row: f"{percent(row.zeros_start)} > {percent(row.zeros_end)}"),
    ]


def _columns(cells: list[Cell]) -> tuple[Column, ...]:
    return tuple(column for column, _ in cells)


def _sections(rows: Iterable[Row], cells: list[Cell], *, title: Callable[[Row], str]) -> tuple[Section, ...]:
    together: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        together.setdefault(title(row), []).append(tuple(show(row) for _, show in cells))
    return tuple(Section(title=name, rows=tuple(lines)) for name, lines in together.items())


def _comparison_rows(
    comparisons: list[Comparison], targets: tuple[float, ...]
) -> tuple[tuple[str, ...], ...]:
    by_pair: dict[tuple[str, str], dict[float, Comparison]] = {}
    for comparison in comparisons:
        by_pair.setdefault((comparison.activation, comparison.baseline), {})[comparison.target] = comparison
    return tuple(
        (*pair, *(_pace(found.get(target)) for target in targets)) for pair, found in by_pair.items()
    )


def _pace(comparison: Comparison | None) -> str:
    if comparison is None:
        return "-"
    if comparison.ratio is None:
        names = {
            "baseline never got there": f"{comparison.baseline} never did",
            "never got there": f"{comparison.activation} never did",
            "neither got there": "neither did",
        }
        return names.get(comparison.pace, comparison.pace)
    return f"{comparison.pace} {ratio_interval(comparison.ratio)}"
