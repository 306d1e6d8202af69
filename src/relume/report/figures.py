"""The figures: each function returns one, and changes nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.evidence.drawing import DASHES, INK, colour, label_curves, panels
from relume.report.sampling import Order, inputs, sample
from relume.studies.summary import Row, Summary
from relume.types import PerUnit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDERS: Mapping[Order, str] = {"value": "f(x)", "derivative": "f'(x)", "second_derivative": "f''(x)"}
TALLEST = 6.0  # steeper derivatives than this are cut off


def derivatives(names: Sequence[str] = ("sigmoid", "tanh", "relu")) -> "Figure":
    """Draw the derivatives of activations over one another."""
    figure, (axes,) = panels([""], columns=1, height=3.4)
    _curves(axes, names, "derivative")
    axes.set(xlabel="x", ylabel="f'(x)")
    _label_inside(figure, axes)
    return figure


def neuron_models() -> "Figure":
    """Draw models of neurons (left: LIF, tanh) beside activations in use (right: sigmoid, tanh, ReLU)."""
    figure, (left, right) = panels(["Models of neurons", "Activations in use"], columns=2, height=3.2)
    for axes, names in ((left, ("lif", "tanh")), (right, ("sigmoid", "tanh", "relu"))):
        _curves(axes, names, "value")
        axes.set(xlabel="input", ylim=(-1.3, 2.3))
    left.set_ylabel("output")
    for axes in (left, right):
        _label_inside(figure, axes)
    return figure


def activation(activation: Activation) -> "Figure":
    """Draw the value, the first and the second derivative of one activation, with its kinks marked."""
    figure, all_axes = panels(list(ORDERS.values()), columns=3, height=3.0)
    x = inputs(activation)
    for axes, order in zip(all_axes, ORDERS, strict=True):
        y = np.where(np.abs(drawn := sample(activation, x, order)) > TALLEST, np.nan, drawn)
        axes.plot(x, y, color=colour(activation.name))
        for kink in activation.kinks:
            axes.axvline(kink.at, color="#8c8c8c", linewidth=1, linestyle=":")
        axes.set_xlabel("x")
    for kink in activation.kinks:
        all_axes[1].plot([kink.at], [kink.derivative], "o", color=colour(activation.name), markersize=5)
    figure.suptitle(f"{activation.name}: {activation.formula}", x=0.01, ha="left", color=INK)
    return figure


def gradient_by_layer(summary: Summary, network: str) -> "Figure":
    """Draw each layer's gradient over the last layer's, before training: points measured, lines theory."""
    rows = [row for row in summary.rows if row.network == network and len(row.gradient_by_layer_start)]
    initialisations = list(dict.fromkeys(row.initialisation for row in rows))
    figure, all_axes = panels([f"initialisation: {name}" for name in initialisations], columns=2, height=3.2)
    layers = max((len(row.gradient_by_layer_start) for row in rows), default=1)
    for axes, initialisation in zip(all_axes, initialisations, strict=True):
        chosen = [row for row in rows if row.initialisation == initialisation]
        for row in chosen:
            _gradients(axes, row)
        axes.set(yscale="log", xlabel="layer", xlim=(1 - 0.45 * layers, layers + 0.5))
        axes.set_xticks(
            [layer for layer in axes.get_xticks() if 1 <= layer <= layers and layer == int(layer)]
        )
    _finish(figure, all_axes, initialisations, rows)
    return figure


def training_curves(summary: Summary, network: str) -> "Figure":
    """Draw the training loss by step: each activation at its best, and all under the same setting."""
    figure, all_axes = panels(["Each at its best", "The same setting for all"], columns=2, height=3.4)
    for axes, rows in zip(all_axes, (summary.best, summary.same_setting), strict=True):
        chosen = [row for row in rows if row.network == network]
        longest = max((len(row.curve) for row in chosen), default=1)
        for row in chosen:
            axes.plot(np.arange(1, len(row.curve) + 1), row.curve, **_line(row.activation))
        for target in summary.targets:
            axes.hlines(target, 0, longest, color="#8c8c8c", linewidth=0.8, linestyle=":")
        axes.set(xlabel="step", xlim=(0, 1.45 * longest), ylim=(0, _ceiling(chosen)))
        axes.set_xticks([tick for tick in axes.get_xticks() if tick <= longest])
    all_axes[0].set_ylabel("training loss")
    _settle(figure)
    for axes, rows in zip(all_axes, (summary.best, summary.same_setting), strict=True):
        label_curves(axes, {row.activation: _last(row.curve) for row in rows if row.network == network})
    return figure


def _curves(axes: "Axes", names: Iterable[str], order: Order) -> None:
    for name in names:
        x = inputs(activations[name])
        axes.plot(x, sample(activations[name], x, order), label=name, **_line(name))


def _label_inside(figure: "Figure", axes: "Axes") -> None:
    """Write the names to the right of the curves' ends."""
    low, high = axes.get_xlim()
    ticks = axes.get_xticks()
    axes.set_xlim(low, high + 0.3 * (high - low))
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    _settle(figure)
    lines = {
        str(line.get_label()): np.column_stack([line.get_xdata(), line.get_ydata()])
        for line in axes.get_lines()
    }
    lowest, highest = axes.get_ylim()
    inside = {name: line[(line[:, 1] >= lowest) & (line[:, 1] <= highest)] for name, line in lines.items()}
    label_curves(axes, {name: (float(line[-1, 0]), float(line[-1, 1])) for name, line in inside.items()})


def _gradients(axes: "Axes", row: Row) -> None:
    layers = np.arange(1, len(row.gradient_by_layer_start) + 1)
    axes.plot(layers, _positive(row.gradient_by_layer_theory), **_line(row.activation) | {"linewidth": 1.2})
    axes.plot(
        layers, _positive(row.gradient_by_layer_start), "o", color=colour(row.activation), markersize=3.5
    )


def _finish(
    figure: "Figure", all_axes: list["Axes"], initialisations: Sequence[str], rows: Sequence[Row]
) -> None:
    """Name the curves at the first layer, where they are furthest apart."""
    for axes in all_axes[::2]:
        axes.set_ylabel("gradient / that at the last layer")
    _settle(figure)
    for axes, initialisation in zip(all_axes, initialisations, strict=True):
        firsts = {
            r.activation: _positive(r.gradient_by_layer_start)[0]
            for r in rows
            if r.initialisation == initialisation
        }
        ends = {name: (1.0, float(first)) for name, first in firsts.items() if np.isfinite(first)}
        label_curves(axes, ends, left=True)


def _settle(figure: "Figure") -> None:
    """Lay the figure out, so that labels can be put where the curves will be."""
    figure.draw_without_rendering()


def _line(activation: str) -> dict[str, Any]:
    return {"color": colour(activation), "linestyle": DASHES.get(activation, "-")}


def _positive(values: PerUnit) -> PerUnit:
    return np.where(values > 0, values, np.nan)


def _ceiling(rows: Sequence[Row]) -> float:
    """Twice the first loss: beyond that a diverging curve says no more."""
    firsts = [row.curve[0] for row in rows if len(row.curve) and np.isfinite(row.curve[0])]
    return 1.25 * max(firsts, default=1.0)


def _last(curve: PerUnit) -> tuple[float, float]:
    finite = np.flatnonzero(np.isfinite(curve))
    return (float(finite[-1]) + 1, float(curve[finite[-1]])) if len(finite) else (1.0, 0.0)
