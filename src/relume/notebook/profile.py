"""Draws panels side by side, a row a site, from the input at the top to the output: what is wrong where."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relume.errors import DrawingError
from relume.evidence.drawing import INK, canvas
from relume.notebook.panels import Mark, Panel, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2DBase

    from relume.types import PerUnit, Severity

PAINT: dict["Severity", str] = {"error": "#d1373f", "warning": "#d08a00", "info": "#2f7fc1"}
HEALTHY = "#5d6d7e"
MARKERS = {"zeros": "o", "silent units": "s", "flat values": "D"}
HOLLOW = {"zeros"}  # and larger: where all zeros are those of silent units, both are seen
ROW, TALLEST = 0.25, 9.0  # inches: of a row, and of all of them
MOST_NAMES = 32  # that can be read on one axis
GAP = 0.14  # inches beside each panel: neighbouring axes have numbers at their ends
LETTER = 0.024  # of the axis' length, in small print
BELOW = 0.32  # inches from the axis to what is below its numbers
LONGEST_NAME = 26  # characters; of a longer one the end tells more


def profile(panels: Sequence[Panel], *, title: str, marks: Sequence[Mark] = ()) -> "Figure":
    """Draw panels, with the rows that a mark is about in its colour.

    Raises
    ------
    DrawingError
        There is none.
    """
    if not panels:
        raise DrawingError("no site was seen: nothing to draw. Watch some steps of training first.")
    height = min(TALLEST, ROW * rows_of(panels)) + 1.5
    with canvas(2.4 * len(panels) + 1.2, height, gap=GAP) as figure:
        inches = figure.dpi_scale_trans
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
        first: Axes | None = None
        for place, panel in enumerate(panels):
            shared = first if first is not None and panel.rows == panels[0].rows else None
            axes = figure.add_subplot(1, len(panels), place + 1, sharey=shared)
            _draw(axes, panel, [mark for mark in marks if mark.problem in panel.problems], inches)
            if shared is None:
                _name_rows(axes, panel)
                first = first or axes
            else:
                axes.tick_params(axis="y", labelleft=False, length=0)
    return figure


def _draw(axes: "Axes", panel: Panel, marks: Sequence[Mark], inches: "Affine2DBase") -> None:
    axes.grid(visible=True, axis="x")
    axes.set_title(panel.title, loc="left", fontsize=10, pad=16)
    axes.set_ylim(len(panel.rows) - 0.4, -0.6)
    paints = _paints(panel, marks)
    for row, paint in paints.items():
        axes.axhspan(row - 0.5, row + 0.5, color=paint, alpha=0.13, linewidth=0)
    _scale(axes, panel)
    for said, at in panel.thresholds.items():
        axes.axvline(at, color=INK, linewidth=1, linestyle=(0, (4, 3)), alpha=0.6)
        _say(axes, said, at)
    for name, values in panel.series.items():
        _series(axes, name, values, paints)
    _legend(axes, panel, marks, inches)


def _paints(panel: Panel, marks: Sequence[Mark]) -> dict[int, str]:
    """By row the colour of the gravest mark: marks come in that order."""
    return {
        row: PAINT[mark.severity]
        for mark in reversed(marks)
        for row, name in enumerate(panel.rows)
        if name in mark.rows
    }


def _scale(axes: "Axes", panel: Panel) -> None:
    if panel.scale == "share":
        from matplotlib.ticker import PercentFormatter

        axes.set_xlim(-0.04, 1.04)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        return
    drawn = np.concatenate([*panel.series.values(), list(panel.thresholds.values())])
    known = drawn[np.isfinite(drawn) & (drawn > 0)]
    low, high = (known.min(), known.max()) if len(known) else (0.1, 10.0)
    axes.set_xscale("log")
    # Whole decades: an axis with one number on it tells no sizes. And room for what lies on neither end.
    axes.set_xlim(10.0 ** np.floor(np.log10(low / 1.5)), 10.0 ** np.ceil(np.log10(high * 1.5)))
    axes.minorticks_off()


def _series(axes: "Axes", name: str, values: "PerUnit", paints: dict[int, str]) -> None:
    rows = np.arange(len(values))
    low, high = axes.get_xlim()
    is_log = axes.get_xscale() == "log"
    shown = np.where(np.isposinf(values), high, np.where(is_log & (values == 0), low, values))
    axes.plot(shown, rows, color=HEALTHY, linewidth=1, alpha=0.45, zorder=1)
    for row, (value, at) in enumerate(zip(values, shown, strict=True)):
        paint = paints.get(row, HEALTHY)
        marker: Any = MARKERS.get(name, "o")
        if not np.isfinite(value) or (is_log and value == 0):
            marker = "x" if np.isposinf(value) else "<"
        face = "white" if name in HOLLOW else paint
        axes.plot(
            [at],
            [row],
            marker=marker,
            markersize=5,
            color=paint,
            markerfacecolor=face,
            clip_on=False,
            zorder=3,
        )


def _say(axes: "Axes", text: str, at: float) -> None:
    """Write above the line, on the side of the nearer end where there is room: another may be near."""
    place, _ = axes.transAxes.inverted().transform(axes.transData.transform((at, 0)))
    is_left = place < 0.55
    has_room = min(place, 1 - place) > LETTER * len(text)
    side: Any = "right" if is_left == has_room else "left"
    axes.annotate(
        text, (at, 1), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points",
        fontsize=8, color=INK, alpha=0.8, va="bottom", ha=side,
    )  # fmt: skip


def _legend(axes: "Axes", panel: Panel, marks: Sequence[Mark], inches: "Affine2DBase") -> None:
    """What the colours and the shapes stand for, below the panel."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    look: dict[str, Any] = {"linestyle": "", "color": HEALTHY, "markersize": 5}
    names = panel.series if len(panel.series) > 1 else ()
    handles: list[Any] = [
        Line2D([], [], marker=MARKERS[n], markerfacecolor="none" if n in HOLLOW else HEALTHY, label=n, **look)
        for n in names
    ]
    for mark in marks:
        said = f"{mark.severity}: {mark.problem}" if not mark.follows else f"follows: {mark.problem}"
        handles.append(Patch(facecolor=PAINT[mark.severity], alpha=0.6, label=said))
    values = np.concatenate(list(panel.series.values()))
    if panel.scale == "log" and (values == 0).any():
        handles.append(Line2D([], [], marker="<", label="exactly 0", **look))
    if np.isposinf(values).any():
        handles.append(Line2D([], [], marker="x", label="not finite", **look))
    below = ScaledTranslation(0, -BELOW, inches)
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=axes.transAxes + below,
        frameon=False, fontsize=8.5, borderaxespad=0, borderpad=0, handletextpad=0.5,
    )  # fmt: skip


def _name_rows(axes: "Axes", panel: Panel) -> None:
    """All names, or of many so many that they can be read."""
    shown = range(0, len(panel.rows), -(-len(panel.rows) // MOST_NAMES))
    names = [panel.names[row] for row in shown]
    short = [name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}" for name in names]
    axes.set_yticks(list(shown), short, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
