"""Picks from the samples of a claim: of one quantity and series, by seed or along x."""

from collections.abc import Sequence

from relume.studies.intervals import mean_interval
from relume.types import Interval, Sample


def by_seed(samples: Sequence[Sample], quantity: str, series: str, x: float = 0.0) -> dict[int, float]:
    """The value of each seed, in the order of the seeds."""
    found = {s.seed: s.value for s in samples if (s.quantity, s.series, s.x) == (quantity, series, x)}
    return dict(sorted(found.items()))


def values(samples: Sequence[Sample], quantity: str, series: str, x: float = 0.0) -> list[float]:
    """One value a seed, in the order of the seeds: those of two series are pairs."""
    return list(by_seed(samples, quantity, series, x).values())


def series_of(samples: Sequence[Sample], quantity: str) -> list[str]:
    """The series of a quantity, in the order in which they were measured."""
    return list(dict.fromkeys(s.series for s in samples if s.quantity == quantity))


def mean_of(samples: Sequence[Sample], quantity: str, series: str, x: float = 0.0) -> Interval:
    """The mean over the seeds with its interval."""
    return mean_interval(values(samples, quantity, series, x))


def values_along_x(samples: Sequence[Sample], quantity: str, series: str) -> dict[float, list[float]]:
    """One value a seed, at every x."""
    places = sorted({s.x for s in samples if (s.quantity, s.series) == (quantity, series)})
    return {x: values(samples, quantity, series, x) for x in places}


def along_x(samples: Sequence[Sample], quantity: str, series: str) -> dict[float, Interval]:
    """The mean over the seeds with its interval, at every x."""
    return {x: mean_interval(found) for x, found in values_along_x(samples, quantity, series).items()}


def pairs(
    samples: Sequence[Sample], quantity: str, own: tuple[str, float], other: tuple[str, float]
) -> tuple[list[float], list[float]]:
    """Of two places, (series, x), the values of the seeds that both have: seed by seed a pair."""
    one, two = (by_seed(samples, quantity, *place) for place in (own, other))
    seeds = sorted(one.keys() & two.keys())
    return [one[seed] for seed in seeds], [two[seed] for seed in seeds]
