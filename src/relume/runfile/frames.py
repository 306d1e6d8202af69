"""Windows as a table: one row a window and site, a window and parameter, or a step."""

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relume.errors import require
from relume.runfile import layout
from relume.runfile.kept_sums import sums_of_pooled
from relume.runfile.windows import Numbered
from relume.types import Counts, PerUnit, Shape, Site, Sums

Table = Literal["sites", "parameters", "steps"]
Columns = dict[str, NDArray[Any]]


def new_frame(make: Callable[[], Columns]) -> Any:
    """A frame of the columns that `make` gives; told before they are made if no package for frames is there.

    Raises
    ------
    MissingExtraError
        Neither pandas nor polars is installed.
    """
    package = next((name for name in ("pandas", "polars") if find_spec(name)), "pandas")
    require(package, extra="frame", purpose="a frame of readings")
    return import_module(package).DataFrame(make())


def site_columns(numbered: Numbered, sites: Mapping[int, Site]) -> Columns:
    """One row a window and site, in the order of execution within a window."""
    segment = numbered.segment
    columns, windows = _rows(segment.site_counts[0])
    counts = dict(zip(layout.SITE_COUNTS, segment.site_counts[:, columns, windows], strict=True))
    value, gradient, passed = np.split(segment.site_sums[:, columns, windows], 3)
    of_row = [sites[site] for site in segment.site_ids[columns].tolist()]
    return {
        "window": windows + numbered.first,
        "start": counts["start"],
        "stop": counts["stop"],
        "site": _texts([str(site) for site in of_row]),
        "activation": _texts([site.activation for site in of_row]),
        "examples": counts["examples"],
        "units": counts["units"],
        "dead_units": counts["dead"],
        "flat_units": counts["flat"],
        **_statistics("value", sums_of_pooled(counts["value"], value)),
        **_statistics("gradient", sums_of_pooled(counts["gradient"], gradient)),
        "passed_rms": _statistics("passed", sums_of_pooled(counts["passed"], passed))["passed_rms"],
    }


def parameter_columns(numbered: Numbered, parameters: Mapping[int, tuple[str, Shape]]) -> Columns:
    """One row a window and parameter; norms as `ParameterReading` defines them."""
    segment = numbered.segment
    columns, windows = _rows(segment.parameter_counts[0])
    _, measured, unused = segment.parameter_counts[:, columns, windows]
    gradient, weight, update, rate = segment.parameter_sums[:, columns, windows]
    of_row = [parameters[parameter] for parameter in segment.parameter_ids[columns].tolist()]
    return {
        "window": windows + numbered.first,
        "parameter": _texts([name for name, _ in of_row]),
        "size": np.array([math.prod(shape) for _, shape in of_row], dtype=np.int64),
        "measured": measured,
        "unused": unused,
        "gradient_norm": _ratio(gradient, measured) ** 0.5,
        "weight_norm": _ratio(weight, measured) ** 0.5,
        "update_norm": _ratio(update, measured) ** 0.5,
        "update_ratio": _ratio(update, weight) ** 0.5,
        "learning_rate": np.where(rate < 0, math.nan, rate),
    }


def step_columns(numbered: Numbered) -> Columns:
    """One row a step."""
    segment = numbered.segment
    steps = layout.steps_of(segment)
    return {
        "window": np.repeat(np.arange(segment.windows) + numbered.first, segment.lengths),
        "step": steps.numbers,
        "seconds": steps.seconds,
        "examples": steps.examples,
        "loss": steps.losses,
        "learning_rate": steps.learning_rates,
    }


def below_each_other(parts: Sequence[Columns]) -> Columns:
    """Columns of the same names, joined."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _statistics(quantity: str, sums: Sums) -> Columns:
    mean = _ratio(sums.sum, sums.count)
    mean_square = _ratio(sums.sum_of_squares, sums.count)
    with np.errstate(all="ignore"):
        deviation = np.maximum(mean_square - mean**2, 0) ** 0.5
    return {
        f"{quantity}_mean": mean,
        f"{quantity}_rms": mean_square**0.5,
        f"{quantity}_std": deviation,
        f"{quantity}_largest": sums.largest,
        f"{quantity}_zero_fraction": _ratio(sums.zeros, sums.count),
        f"{quantity}_fired_fraction": _ratio(sums.fired, sums.count),
        f"{quantity}_flat_fraction": _ratio(sums.flat, sums.count),
    }


def _rows(places: Counts) -> tuple[Counts, Counts]:
    """Column and window of all that is there, window by window in the order of execution."""
    columns, windows = np.nonzero(places)
    order = np.lexsort((places[columns, windows], windows))
    return columns[order], windows[order]


def _ratio(total: NDArray[Any], count: NDArray[Any]) -> PerUnit:
    with np.errstate(all="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _texts(values: Sequence[str]) -> NDArray[Any]:
    return np.array(values, dtype=object)
