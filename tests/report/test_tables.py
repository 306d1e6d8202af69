"""The terminal's tables, against golden files."""

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from relume import activations
from relume.report.grid import Column, Grid, Section
from relume.report.tables import activation_entry, activation_table, why_tables
from relume.report.terminal import FittedGrid, fitting_groups
from relume.studies.summary import Summary

GOLDEN = Path(__file__).parent / "golden"


def drawn(renderables: list[RenderableType], width: int) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, no_color=True, color_system=None, force_terminal=False, legacy_windows=False
    )
    console.print(*renderables, sep="\n")
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def assert_golden(request: pytest.FixtureRequest, name: str, text: str) -> None:
    path = GOLDEN / name
    if request.config.getoption("--golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
def test_study(request: pytest.FixtureRequest, summary: Summary, width: int) -> None:
    text = drawn(why_tables(summary), width)
    assert max(map(len, text.splitlines())) <= width
    assert " ".join(text.split()).startswith("Each at its best setting, relu ")
    assert_golden(request, f"why_{width}.txt", text)


@pytest.mark.parametrize("width", [80, 120])
def test_activations(request: pytest.FixtureRequest, width: int) -> None:
    chosen = [activations[name] for name in ("gelu", "leaky_relu", "relu", "sigmoid", "softplus", "tanh")]
    text = drawn([activation_table(chosen)], width)
    assert max(map(len, text.splitlines())) <= width
    assert_golden(request, f"activations_{width}.txt", text)


def test_one_activation(request: pytest.FixtureRequest) -> None:
    assert_golden(request, "relu.txt", drawn([activation_entry(activations["relu"])], 80))


@pytest.mark.parametrize("name", activations)
def test_every_activation_can_be_drawn(name: str) -> None:
    text = drawn([activation_entry(activations[name])], 80)
    assert name in text
    assert "nan" not in text


def test_markup_in_a_name_is_only_text() -> None:
    column = Column(header="[red]", meaning="")
    grid = Grid(
        title="[bold]x", reading="", columns=(column,), sections=(Section(title="[i]", rows=(("[/b]",),)),)
    )
    text = drawn([FittedGrid(grid)], 80)
    assert all(name in text for name in ("[red]", "[bold]x", "[i]", "[/b]"))


def test_columns_that_do_not_fit_go_below_with_the_first_again() -> None:
    assert list(fitting_groups([10, 20, 30, 40], 70)) == [{0: 10, 1: 20, 2: 30}, {0: 10, 3: 40}]
    # A name is read whole, and what stands beside it is wrapped.
    assert list(fitting_groups([10, 200], 70)) == [{0: 10, 1: 58}]
    assert list(fitting_groups([65, 200], 70)) == [{0: 65, 1: 12}]
