"""The interactive figures of a run's report: empty here, filled by the page from its data."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bokeh.models import ColorMapper
    from bokeh.models.annotations import ColorBar

Figure = Any  # of bokeh, whose types do not know what its own figures hold

# Told apart by eyes of every kind, and legible on white and on near black.
COLOURS = {
    "gradient": "#2a8fd6",
    "update": "#2a8fd6",
    "zeros": "#2a8fd6",
    "dead": "#e0533d",
    "flat": "#9a6fdc",
}
LOSS, OTHER = "#2a8fd6", "#e07b1a"
DASHED = [6, 3]  # run B
ZERO, NOT_FINITE = "#e0533d", "#ff3fd8"  # colours that the scale of sizes has not
MARK = "#ff8c1a"
STEPS = "0,0"
SHARES = {"zeros": "zeros", "dead": "dead units", "flat": "on a flat end"}


def figures(*, runs: int, sites: int, has_log_loss: bool) -> list[dict[str, Any]]:
    """All figures, as what BokehJS puts into the elements of their names."""
    from bokeh.embed import json_item

    made = [
        _loss(runs, "log" if has_log_loss else "linear"),
        _heat(sites),
        *(_curve(name, label, runs) for name, label in (("gradient", "gradient rms"), ("update", "ratio"))),
        _shares(runs),
        _histogram("gradient", "gradient rms of a unit", "log", runs),
        *(
            _histogram(name, f"examples on which a unit {said}", "linear", runs)
            for name, said in (("fired", "fired"), ("flat", "was flat"))
        ),
    ]
    return [dict(json_item(each, each.name)) for each in made]


def script() -> str:
    """BokehJS, to stand in a page."""
    from bokeh.resources import INLINE

    return "\n".join(source for source in INLINE.clone(components=["bokeh"]).js_raw)


def as_json(value: object) -> str:
    """JSON that ends no script element it stands in, whatever names it holds."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _figure(name: str, height: int, **options: Any) -> Figure:
    from bokeh.models import NumeralTickFormatter, Range1d
    from bokeh.plotting import figure

    if options.get("x_axis_label") == "step":
        options = {"x_range": Range1d(start=0, end=1), **options}  # the page sets it
    options = {"tools": "", "toolbar_location": None, **options}
    made: Figure = figure(name=name, height=height, sizing_mode="stretch_width", **options)
    made.min_border_right = 12
    if options.get("x_axis_label") == "step":
        made.xaxis.formatter = NumeralTickFormatter(format=STEPS)
        made.xaxis.ticker.desired_num_ticks = 5
    return made


def _sizes(axis: str) -> dict[str, Any]:
    """Options of a figure along one axis of which are sizes; the page sets their range."""
    from bokeh.models import Range1d

    return {f"{axis}_axis_type": "log", f"{axis}_range": Range1d(start=0.1, end=1)}


def _loss(runs: int, scale: str) -> Figure:
    along = _sizes("y") if scale == "log" else {}
    made = _figure("loss", 260, x_axis_label="step", y_axis_label="training loss", **along)
    for run in range(runs):
        _line(made, f"loss{run}", LOSS if run == 0 else OTHER, run)
    _hover(made, "loss")
    return made


def _heat(sites: int) -> Figure:
    from bokeh.models import (
        ColumnDataSource,
        FixedTicker,
        LinearColorMapper,
        LogColorMapper,
        Range1d,
    )

    made = _figure(
        "heat",
        min(max(150 + 16 * sites, 260), 680),
        x_axis_label="step",
        y_axis_label="site, the input's side on top",
        x_range=Range1d(start=0, end=1),
        y_range=Range1d(start=sites, end=0),
        tools="box_zoom,reset,save",
        active_drag=None,  # a finger on the map scrolls the page
        toolbar_location="above",
    )
    made.toolbar.logo = None
    made.grid.visible = False
    made.yaxis.ticker = FixedTicker(ticks=[])
    mappers: dict[str, ColorMapper] = {
        "log": LogColorMapper(palette="Viridis256", low=1e-8, high=1, low_color=ZERO, high_color=NOT_FINITE),
        "share": LinearColorMapper(palette="Viridis256", low=0, high=1, high_color=NOT_FINITE),
    }
    for scale, mapper in mappers.items():
        mapper.name = f"colours-{scale}"
        mapper.nan_color = "rgba(0, 0, 0, 0)"
        source = ColumnDataSource(
            {"image": [_empty_image()], "dw": [1], "dh": [1], "x": [0]}, name=f"heat-{scale}"
        )
        made.image("image", source=source, x="x", y=0, dw="dw", dh="dh", color_mapper=mapper, name=scale)
        made.add_layout(_colour_bar(scale, mapper), "above")
    row = ColumnDataSource({"left": [], "right": [], "top": [], "bottom": []}, name="heat-mark")
    made.quad(source=row, fill_color=None, line_color=MARK, line_width=2)
    return made


def _empty_image() -> Any:
    import numpy as np

    return np.full((1, 1), np.nan, dtype=np.float32)


def _colour_bar(scale: str, mapper: "ColorMapper") -> "ColorBar":
    from bokeh.models import NumeralTickFormatter
    from bokeh.models.annotations import ColorBar

    bar = ColorBar(color_mapper=mapper, name=f"bar-{scale}", height=10, padding=4, title_standoff=4)
    bar.background_fill_color = None
    if scale == "share":
        bar.formatter = NumeralTickFormatter(format="0 %")
    return bar


def _curve(name: str, label: str, runs: int) -> Figure:
    made = _figure(f"curve-{name}", 220, x_axis_label="step", y_axis_label=label, **_sizes("y"))
    for run in range(runs):
        _line(made, f"{name}{run}", COLOURS[name] if run == 0 else OTHER, run)
    _hover(made, label)
    return made


def _shares(runs: int) -> Figure:
    from bokeh.models import NumeralTickFormatter, Range1d

    made = _figure(
        "curve-shares", 220, x_axis_label="step", y_axis_label="share", y_range=Range1d(start=-0.02, end=1.02)
    )
    made.yaxis.formatter = NumeralTickFormatter(format="0 %")
    for run in range(runs):
        for name in SHARES:
            _line(made, f"{name}{run}", COLOURS[name], run)
    return made


def _histogram(name: str, label: str, scale: str, runs: int) -> Figure:
    from bokeh.models import ColumnDataSource, NumeralTickFormatter, Range1d

    along: dict[str, Any] = _sizes("x") if scale == "log" else {"x_range": Range1d(start=0, end=1)}
    made = _figure(f"units-{name}", 200, x_axis_label=label, y_axis_label="units", **along)
    if scale == "linear":
        made.xaxis.formatter = NumeralTickFormatter(format="0 %")
    made.y_range.start = 0
    for run in range(runs):
        source = ColumnDataSource({"left": [], "right": [], "top": []}, name=f"units-{name}{run}")
        colour = LOSS if run == 0 else OTHER
        look: dict[str, Any] = {"fill_alpha": 0.7} if run == 0 else {"fill_alpha": 0, "line_width": 2}
        made.quad("left", "right", "top", 0, source=source, fill_color=colour, line_color=colour, **look)
    return made


def _line(made: Figure, name: str, colour: str, run: int) -> Any:
    from bokeh.models import ColumnDataSource

    source = ColumnDataSource({"x": [], "y": []}, name=name)
    dots = made.scatter(source=source, size=5, color=colour, fill_alpha=0 if run else 1)
    dots.name = f"{name}-dots"
    return made.line(source=source, line_color=colour, line_width=2, line_dash=DASHED if run else "solid")


def _hover(made: Figure, label: str) -> None:
    from bokeh.models import HoverTool

    tips: Sequence[tuple[str, str]] = [("step", "@x{0,0}"), (label, "@y")]
    made.add_tools(HoverTool(tooltips=list(tips), mode="vline", visible=False))
