"""Figures hold what they claim to."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from relume import activations
from relume.evidence.drawing import COLOURS, INK, colour, spread, svg
from relume.report import figures
from relume.report.sampling import inputs, sample
from relume.studies.summary import Summary


def names(axes: Axes) -> set[str]:
    return {text.get_text() for text in axes.texts if isinstance(text, Annotation)}


def test_derivatives() -> None:
    (axes,) = figures.derivatives().axes
    assert names(axes) == {"sigmoid", "tanh", "relu"}
    peaks = [np.nanmax(np.asarray(line.get_ydata())) for line in axes.get_lines()]
    assert peaks == pytest.approx([0.25, 1, 1])


def test_neuron_models() -> None:
    left, right = figures.neuron_models().axes
    assert names(left) == {"lif", "tanh"}
    assert names(right) == {"sigmoid", "tanh", "relu"}


def test_gradient_by_layer_has_points_and_theory(summary: Summary) -> None:
    figure = figures.gradient_by_layer(summary, "mlp 20x32")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        f"initialisation: {name}" for name in ("pytorch", "xavier", "he", "variance-preserving")
    ]
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
        assert names(axes) == set(COLOURS) - {"lif"}
        assert len(axes.get_lines()) == 2 * 7


def test_training_curves(summary: Summary) -> None:
    for axes in figures.training_curves(summary, "mlp 20x32").axes:
        assert len(axes.get_lines()) == 7
        assert names(axes) == set(COLOURS) - {"lif"}


@pytest.mark.parametrize("name", activations)
def test_every_activation(name: str) -> None:
    figure = figures.activation(activations[name])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["f(x)", "f'(x)", "f''(x)"]
    dots = [line for line in figure.axes[1].get_lines() if line.get_marker() == "o"]
    assert [float(np.asarray(dot.get_xdata())[0]) for dot in dots] == [k.at for k in activations[name].kinks]


def test_curves_break_at_a_kink() -> None:
    x = inputs(activations["relu"])
    y = sample(activations["relu"], x, "derivative")[:, 0]
    (gap,) = np.flatnonzero(np.isnan(x))
    assert np.all(np.diff(x[~np.isnan(x)]) > 0)
    assert (y[gap - 1], y[gap + 1]) == (0, 1)


def test_an_activation_keeps_its_colour() -> None:
    assert colour("relu") == COLOURS["relu"]
    assert colour("mine") == colour("mine")


def test_labels_stay_apart_and_inside() -> None:
    heights = spread([0.99, 0.98, 0.5, 0.0, 1.0], gap=0.1)
    assert min(np.diff(sorted(heights))) >= 0.1 - 1e-9
    assert min(heights) >= 0.05 - 1e-9
    assert max(heights) <= 0.95 + 1e-9


def test_svg_is_the_same_each_time_and_takes_the_pages_colour() -> None:
    first, second = (svg(figures.derivatives(), name="a") for _ in range(2))
    assert first == second
    assert INK not in first
    assert "currentColor" in first
    assert 'id="a-' in first
    assert isinstance(figures.derivatives(), Figure)
