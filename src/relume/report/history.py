"""What every site did over time: a table of sites by windows for each quantity that the report draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from relume.catalogue import activations
from relume.runfile import layout
from relume.runfile.frames import Columns, below_each_other, parameter_columns, site_columns
from relume.runfile.reader import Run
from relume.runfile.windows import Numbered
from relume.types import Counts, PerUnit, Readings, Site

Scale = Literal["log", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Something that is drawn over time."""

    name: str
    title: str
    unit: str  # what stands beside its colours
    scale: Scale  # a positive number of any size, or 0 to 1
    reading: str  # what it is, and what is usual


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        name="gradient",
        title="Gradient scale",
        unit="root mean square of the gradient",
        scale="log",
        reading="How strong the error signal is that arrives at each activation: the root mean square over "
        "its units and examples. Where the first rows are a thousand times weaker than the last, the layers "
        "hardly learn.",
    ),
    Quantity(
        name="zeros",
        title="Zeros",
        unit="values that are exactly 0",
        scale="share",
        reading="The share of an activation's values that are exactly 0. For ReLU about half is usual; at "
        "100 % nothing passes.",
    ),
    Quantity(
        name="dead",
        title="Dead units",
        unit="units that never fired",
        scale="share",
        reading="The share of units that were above 0 on no example of the window, for ReLU and its like "
        "alone. A unit that never fires gets no gradient and does not learn.",
    ),
    Quantity(
        name="flat",
        title="Saturation",
        unit="values on a flat end",
        scale="share",
        reading="The share of values on a flat end of the activation, where its slope is almost 0 and the "
        "error signal ends. For ReLU that is all below 0, so about half is usual; for sigmoid and tanh it "
        "is not.",
    ),
    Quantity(
        name="update",
        title="Update ratio",
        unit="update over weights, a step",
        scale="log",
        reading="How much one step changes the weights of the layer before each activation, over the size of "
        "the weights. About 1e-3 is usual. Below 1e-6 a layer stands still; above 0.1 a few steps "
        "overwrite it.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A run over time; a quantity is nan where it was not seen, inf where it was no finite number."""

    sites: tuple[Site, ...]
    start: Counts  # [windows] first step of each
    stop: Counts  # [windows] behind the last
    quantities: Mapping[str, PerUnit]  # [sites, windows] by name of the quantity

    @property
    def windows(self) -> int:
        """How many windows there are."""
        return len(self.start)

    @property
    def cells(self) -> int:
        """How many numbers each quantity has."""
        return len(self.sites) * self.windows


def history_of_run(run: Run) -> History:
    """The training of a run, all windows that are in the file now."""
    return _history(run.sites, run.columns("sites"), run.columns("parameters"))


def history_of_readings(readings: Readings) -> History:
    """What readings alone tell of time: their first steps and their last window, or all of them as one."""
    windows = [end for end in (readings.opening, readings.closing) if end is not None]
    if len(windows) == 2 and _first(windows[0]) == _first(windows[1]):
        windows = windows[:1]  # so short a training that its first steps are its last
    return _of_windows(readings.sites, windows or [readings])


def halved(history: History) -> History:
    """The same with every two windows as one."""
    starts = np.arange(0, history.windows, 2)
    stops = np.minimum(starts + 1, history.windows - 1)

    def joined(name: str, values: PerUnit) -> PerUnit:
        is_log = next(each for each in QUANTITIES if each.name == name).scale == "log"
        pair = np.stack([values[:, starts], values[:, stops]])
        with np.errstate(all="ignore"):  # squares of what is not finite
            count = np.maximum((~np.isnan(pair)).sum(axis=0), 1)
            mean: PerUnit = np.nansum(pair**2 if is_log else pair, axis=0) / count
        mean[np.isnan(pair).all(axis=0)] = np.nan
        joint: PerUnit = np.sqrt(mean) if is_log else mean
        return joint

    quantities = {name: joined(name, values) for name, values in history.quantities.items()}
    return replace(history, start=history.start[starts], stop=history.stop[stops], quantities=quantities)


def _of_windows(sites: Sequence[Site], windows: Sequence[Readings]) -> History:
    """By way of what a run file keeps of windows, so that all that is drawn is computed in one place."""
    site_ids = {str(site): i for i, site in enumerate(sites)}
    names = dict.fromkeys(name for window in windows for name in window.parameters)
    parameter_ids = {name: i for i, name in enumerate(names)}
    shapes = {
        parameter_ids[name]: (name, parameter.shape)
        for window in windows
        for name, parameter in window.parameters.items()
    }
    numbered = [
        Numbered(i, layout.from_window(window, site_ids=site_ids, parameter_ids=parameter_ids))
        for i, window in enumerate(windows)
    ]
    return _history(
        tuple(sites),
        below_each_other([site_columns(each, dict(enumerate(sites))) for each in numbered]),
        below_each_other([parameter_columns(each, shapes) for each in numbered]),
    )


def _history(sites: tuple[Site, ...], by_site: Columns, by_parameter: Columns) -> History:
    row_of = {str(site): i for i, site in enumerate(sites)}
    rows = np.array([row_of[name] for name in by_site["site"]], dtype=np.int64)
    columns = by_site["window"].astype(np.int64)
    windows = int(columns.max(initial=-1)) + 1

    def placed(values: PerUnit) -> PerUnit:
        table = np.full((len(sites), windows), np.nan)
        table[rows, columns] = values
        return table

    start, stop = np.full(windows, np.iinfo(np.int64).max), np.zeros(windows, dtype=np.int64)
    np.minimum.at(start, columns, by_site["start"])
    np.maximum.at(stop, columns, by_site["stop"])
    stop = np.maximum.accumulate(stop)
    start = np.minimum(start, stop)  # of a window in which no site was met
    gradient = by_site["gradient_rms"]
    # There were gradients, for zeros among them were counted, and their size is no number.
    gradient = np.where(np.isnan(gradient) & ~np.isnan(by_site["gradient_zero_fraction"]), np.inf, gradient)
    rectifies = np.array([_rectifies(name) for name in by_site["activation"]], dtype=bool)
    with np.errstate(all="ignore"):
        dead = np.where(rectifies, by_site["dead_units"] / by_site["units"], np.nan)
    return History(
        sites=sites,
        start=start,
        stop=stop,
        quantities={
            "gradient": placed(gradient),
            "zeros": placed(by_site["value_zero_fraction"]),
            "dead": placed(dead),
            "flat": placed(by_site["value_flat_fraction"]),
            "update": _update_ratios(sites, by_parameter, windows),
        },
    )


def _update_ratios(sites: Sequence[Site], by_parameter: Columns, windows: int) -> PerUnit:
    """Norm of the update over norm of the weights, of all parameters of the layer that feeds each site."""
    layers = list(dict.fromkeys(site.fed_by for site in sites))
    place = {layer: i for i, layer in enumerate(layers)}
    layer_of = [place.get(str(name).rpartition(".")[0], -1) for name in by_parameter["parameter"]]
    rows, columns = np.array(layer_of, dtype=np.int64), by_parameter["window"].astype(np.int64)
    chosen = (rows >= 0) & (columns < windows) & (by_parameter["measured"] > 0)
    sums = np.zeros((2, len(layers), windows))
    with np.errstate(all="ignore"):
        for total, name in zip(sums, ("update_norm", "weight_norm"), strict=True):
            np.add.at(total, (rows[chosen], columns[chosen]), by_parameter[name][chosen] ** 2)
        ratio = np.sqrt(sums[0] / sums[1])
    seen = np.zeros(ratio.shape, dtype=bool)
    seen[rows[chosen], columns[chosen]] = True
    ratio = np.where(np.isfinite(ratio), ratio, np.where(seen & ~np.isfinite(sums[0]), np.inf, np.nan))
    return ratio[[place[site.fed_by] for site in sites]]


def _rectifies(activation: str) -> bool:
    entry = activations.get(activation)
    return entry is not None and entry.zero_region is not None


def _first(readings: Readings) -> int:
    return int(readings.steps.numbers[0]) if len(readings.steps) else 0
