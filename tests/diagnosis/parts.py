"""One site and one parameter, as a watch would have read them, by a few numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from relume.types import ParameterReading, PerUnit, Reading, Site, Sums

UNITS, EXAMPLES, STEPS = 16, 6400, 20
Share = float | Sequence[float]  # of all units alike, or unit by unit


def sums(  # noqa: PLR0913 - each a number of the record
    *,
    rms: float,
    units: int = UNITS,
    count: int = EXAMPLES,
    mean: float = 0.0,
    zeros: Share = 0.0,
    fired: Share = 0.5,
    flat: Share = 0.0,
    largest: float | None = None,
) -> Sums:
    """Sums of `count` values a unit; shares say how many of them are zero, above zero, on a flat end."""

    def counted(share: Share) -> np.ndarray:
        return np.round(np.broadcast_to(np.asarray(share), units) * count).astype(np.int64)

    # No two units alike, by a percent at most: units that are all the same are a fault of their own.
    each: PerUnit = count * (1 + 0.02 * (np.arange(units) - (units - 1) / 2) / units)
    return Sums(
        count=np.full(units, count, dtype=np.int64),
        sum=np.sqrt(each * count) * mean,
        sum_of_squares=each * rms**2,
        zeros=counted(zeros),
        fired=counted(fired),
        flat=counted(flat),
        largest=np.full(units, 3 * rms if largest is None else largest),
    )


def reading(  # noqa: PLR0913 - each a number of the record
    path: str,
    activation: str = "relu",
    *,
    rms: float = 1.0,
    gradient: float | None = 1e-3,
    units: int = UNITS,
    examples: int = EXAMPLES,
    fed_by: str = "",
    call_index: int = 0,
    dead: int = 0,
    zeros: Share | None = None,
    fired: Share | None = None,
    flat: Share = 0.0,
    mean: float | None = None,
    positions: int = 1,
) -> Reading:
    """One site; `gradient` is its rms, None where none arrived; `dead` units of a rectifier never fired."""
    rectifies = activation in ("relu", "relu6", "leaky_relu")
    firing = np.full(units, 0.5) if fired is None else np.broadcast_to(np.asarray(fired, float), units).copy()
    firing[:dead] = 0.0
    silent = 1 - firing if rectifies and activation != "leaky_relu" else np.zeros(units)
    site = Site(
        path=path,
        activation=activation,
        fed_by=fed_by,
        call_index=call_index,
        source=f"net.py:{len(path) + 7}",
    )
    count = examples * positions
    nothing = replace(sums(rms=0.0, units=units, count=0), largest=np.zeros(units))
    return Reading(
        site=site,
        steps=range(STEPS),
        examples=examples,
        value=sums(
            rms=rms,
            units=units,
            count=count,
            mean=(0.5 * rms if rectifies else 0.0) if mean is None else mean,
            zeros=silent.tolist() if zeros is None else zeros,
            fired=firing.tolist(),
            flat=flat,
        ),
        gradient=nothing if gradient is None else sums(rms=gradient, units=units, count=count),
    )


def parameter(
    name: str,
    shape: tuple[int, ...] = (UNITS, UNITS),
    *,
    rms: float = 0.25,
    gradient: float = 1e-2,
    update_ratio: float = 1e-3,
    measured: int = STEPS,
    unused: int = 0,
) -> ParameterReading:
    """One parameter by the rms of its weights, the norm of its gradient, and its relative update."""
    weight = measured * rms**2 * math.prod(shape)
    return ParameterReading(
        name=name,
        shape=shape,
        measured=measured,
        unused=unused,
        gradient=measured * gradient**2,
        weight=weight,
        update=weight * update_ratio**2,
    )
