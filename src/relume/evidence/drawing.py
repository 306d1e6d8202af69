"""How every figure looks: a colour for each activation, labels at the curves, SVG for light and dark."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zlib import crc32

from relume.errors import require
from relume.types import Interval

if TYPE_CHECKING:  # matplotlib is of the extra 'why'; claims are listed and judged without it
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# After Okabe & Ito's palette for every kind of colour vision; each is seen on white and on black.
COLOURS = {
    "sigmoid": "#d55e00",
    "tanh": "#2f7fc1",
    "relu": "#009e73",
    "leaky_relu": "#d99000",
    "softplus": "#c46a9d",
    "elu": "#8a6fd1",
    "gelu": "#3fa9d8",
    "lif": "#8c8c8c",
}
OTHERS = ("#b0792b", "#5f9e3f", "#c4506b", "#6a8caf", "#9a7bb0", "#4aa39a")
DASHES = {
    "sigmoid": "--",
    "tanh": "-.",
    "softplus": ":",
    "leaky_relu": (0, (6, 2)),
    "elu": (0, (3, 1, 1, 1, 1, 1)),
}
INK = "#010203"  # text and axes; in a page it becomes the text's own colour
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "white",  # whatever style is in use where it is drawn
    "axes.titlesize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "grid.color": "#8c8c8c",
    "grid.alpha": 0.25,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "relume",
    "axes.formatter.use_mathtext": False,
}


def colour(activation: str) -> str:
    """Choose the colour of an activation, the same in every figure and every run."""
    return COLOURS.get(activation) or OTHERS[crc32(activation.encode()) % len(OTHERS)]


@contextmanager
def canvas(width: float, height: float, *, gap: float = 0.09) -> Iterator["Figure"]:
    """Make an empty figure; what is drawn within has relume's style, nothing else has. All in inches.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    require("matplotlib", extra="why", purpose="figures")
    import matplotlib as mpl
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from relume.evidence.canvas import Canvas

    with mpl.rc_context(STYLE):
        yield Canvas(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.09, w_pad=gap))


def panels(titles: Sequence[str], *, columns: int, height: float) -> tuple["Figure", list["Axes"]]:
    """Make a figure with a panel for each title; `height` is one row's, in inches."""
    rows = max(1, -(-len(titles) // columns))
    with canvas(3.8 * columns if columns > 1 else 5.6, height * rows) as figure:
        grid = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
        for axes, title in zip(grid, titles, strict=False):
            axes.set_title(title, loc="left")
            axes.grid(visible=True)
            axes.tick_params(labelleft=True)
        for axes in grid[len(titles) :]:
            axes.remove()
    return figure, list(figure.axes)


def label_curves(axes: "Axes", ends: Mapping[str, tuple[float, float]], *, left: bool = False) -> None:
    """Write each name beside the end of its curve at (x, y), apart enough to be read.

    Call it last: it needs the axes' final limits.
    """
    low, high = axes.transData.inverted().transform(axes.transAxes.transform([(0, 0), (1, 1)]))[:, 1]
    to_fraction = (axes.transData + axes.transAxes.inverted()).transform
    places = {name: to_fraction((x, min(max(y, low), high))) for name, (x, y) in ends.items()}
    figure = axes.get_figure(root=True)
    inches = axes.get_position().height * figure.get_figheight() if figure else 2.0
    heights = spread([y for _, y in places.values()], gap=0.16 / inches)
    for (name, (x, y)), height in zip(places.items(), heights, strict=True):
        axes.annotate(
            name,
            xy=(x, y),
            xytext=(x - 0.05 if left else x + 0.05, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="right" if left else "left",
            va="center",
            fontsize=9,
            color=colour(name),
            arrowprops={
                "arrowstyle": "-",
                "color": colour(name),
                "lw": 0.6,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (1 if left else 0, 0.5),
            },
        )


def spread(heights: Sequence[float], *, gap: float) -> list[float]:
    """Move heights apart until neighbours are at least `gap` apart, and into 0 to 1; as little as that takes.

    >>> [round(height, 2) for height in spread([0.5, 0.5, 0.9, 1.0], gap=0.1)]
    [0.45, 0.55, 0.85, 0.95]
    """
    order = sorted(range(len(heights)), key=heights.__getitem__)
    # Labels that touch form a block, centred on the mean of where its labels would be.
    blocks: list[tuple[float, int]] = []  # (centre, labels)
    for index in order:
        centre, size = _inside(heights[index], gap), 1
        while blocks and centre - blocks[-1][0] < gap * (size + blocks[-1][1]) / 2:
            before, many = blocks.pop()
            centre, size = (centre * size + before * many) / (size + many), size + many
            centre = _inside(centre, gap * size)
        blocks.append((centre, size))
    placed = [centre + gap * (i - (size - 1) / 2) for centre, size in blocks for i in range(size)]
    return [place for _, place in sorted(zip(order, placed, strict=True))]


def _inside(centre: float, height: float) -> float:
    return max(min(centre, 1 - height / 2), height / 2)


def svg(figure: "Figure", *, name: str) -> str:
    """Render a figure for a page: no background, the text's own colour, ids that begin with `name`."""
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    return re.sub(
        r'(<svg [^>]*?)width="[^"]*pt"',
        r"\1",
        re.sub(r'(<svg [^>]*?)height="[^"]*pt"', r"\1", text, count=1),
        count=1,
    )


def band(
    axes: "Axes",
    activation: str,
    points: Mapping[float, Interval],
    *,
    label: str | None = None,
    paint: str | None = None,
) -> None:
    """Draw a curve through estimates over x, its 95 % intervals as a band.

    Parameters
    ----------
    activation
        Gives the colour and the dashes; also the label, unless there is another one.
    points
        x -> estimate with its interval; what is not finite leaves a gap.
    paint
        Another colour, of `OTHERS`, where the curves of a figure are of one activation or of none.
    """
    xs = sorted(points)
    estimates, lows, highs = ([getattr(points[x], name) for x in xs] for name in ("estimate", "low", "high"))
    dashes: Any = DASHES.get(activation, "-")
    ink: Any = {"color": paint or colour(activation)}
    axes.plot(xs, estimates, label=label or activation, linestyle=dashes, marker="o", markersize=3, **ink)
    axes.fill_between(xs, lows, highs, alpha=0.18, linewidth=0, **ink)


def interval_bars(axes: "Axes", intervals: Mapping[str, Interval], *, colours: Sequence[str] = ()) -> None:
    """Draw a row for each name: the estimate as a point, its 95 % interval as a bar, the first on top.

    Parameters
    ----------
    colours
        Activations that give the rows' colours; the names themselves, if none.
    """
    for row, (name, activation) in enumerate(zip(intervals, colours or list(intervals), strict=True)):
        found = intervals[name]
        axes.plot([found.low, found.high], [row, row], color=colour(activation), linewidth=3, alpha=0.5)
        axes.plot([found.estimate], [row], color=colour(activation), marker="o", linestyle="")
    axes.set_yticks(range(len(intervals)), list(intervals))
    axes.invert_yaxis()
