"""Readings of no network, as noisy as those of one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.runfile.writer import open_for_writing
from relume.types import ParameterReading, Phase, Reading, Readings, Site, Steps, Sums

# ResNet-50's ReLUs: the stem, then three a block, of 3, 4, 6 and 3 blocks.
RESNET_50 = (64, *(64, 64, 256) * 3, *(128, 128, 512) * 4, *(256, 256, 1024) * 6, *(512, 512, 2048) * 3)
NOISE = (0.05, 0.2)  # of the first and the last of several numbers
VALUES = 64 * 49 * 50  # a unit and window


SMALL = (6, 1, 9)
NOTHING = Readings(readings={})


def assert_near(kept: Readings, given: Readings) -> None:
    """What was kept is what was given: counts exactly, or near it where pooled, and floats within 0.1 %."""
    assert list(kept) == list(given)
    for one, two in zip(kept.values(), given.values(), strict=True):
        assert (one.site, one.steps, one.examples) == (two.site, two.steps, two.examples)
        for quantity in ("value", "gradient", "passed"):
            assert_near_sums(getattr(one, quantity), getattr(two, quantity))
    assert list(kept.parameters) == list(given.parameters)
    for norms, expected in zip(kept.parameters.values(), given.parameters.values(), strict=True):
        assert (norms.shape, norms.measured, norms.unused) == (
            expected.shape,
            expected.measured,
            expected.unused,
        )
        for name in ("gradient", "weight", "update"):
            np.testing.assert_allclose(getattr(norms, name), getattr(expected, name), rtol=2**-10)
    for name, exactness in (("numbers", 0), ("examples", 0), ("seconds", 2**-10), ("losses", 2**-16)):
        np.testing.assert_allclose(getattr(kept.steps, name), getattr(given.steps, name), rtol=exactness)
    np.testing.assert_allclose(kept.steps.learning_rates, given.steps.learning_rates, rtol=2**-16)
    assert kept.non_finite == given.non_finite
    assert dict(kept.not_seen) == dict(given.not_seen)


def assert_near_sums(kept: Sums | None, given: Sums | None) -> None:
    """Sums within what is promised; the standard deviation too."""
    assert (kept is None) == (given is None)
    if kept is None or given is None:
        return
    np.testing.assert_array_equal(kept.count, given.count)
    for name in ("zeros", "fired", "flat"):
        part, expected = getattr(kept, name), getattr(given, name)
        nearer_end = np.minimum(expected, given.count - expected)
        assert (np.abs(part - expected) <= 2**-10 * nearer_end + 0.5).all(), name
    np.testing.assert_allclose(kept.sum, given.sum, rtol=2**-10)
    np.testing.assert_allclose(kept.largest, given.largest, rtol=2**-10)
    np.testing.assert_allclose(kept.sum_of_squares, given.sum_of_squares, rtol=2**-9)
    is_finite = np.isfinite(given.sum) & (given.count > 0)
    np.testing.assert_allclose(
        deviation(kept)[is_finite], deviation(given)[is_finite], rtol=2**-9, atol=1e-150
    )


def deviation(sums: Sums) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.asarray(
            np.maximum(sums.sum_of_squares / sums.count - (sums.sum / sums.count) ** 2, 0) ** 0.5
        )


class Drifting:
    """Windows whose numbers drift slowly, each window off by noise."""

    def __init__(
        self, seed: int, *, widths: tuple[int, ...] = RESNET_50, parameters: int = 161, steps: int = 50
    ):
        self.random = np.random.default_rng(seed)
        self.sites = [
            Site(
                path=f"layer{i}.relu",
                activation="relu",
                source=f"net.py:{i}",
                fed_by=f"layer{i}.conv",
            )
            for i in range(len(widths))
        ]
        self.splits = np.cumsum(widths)[:-1]
        self.units, self.parameters, self.steps, self.number = sum(widths), parameters, steps, 0
        self.level = self.random.lognormal(0, 1, self.units)
        self.rate = self.random.beta(3, 3, self.units)
        self.rate[self.random.random(self.units) < 0.01] = 0
        self.of_site = np.repeat(np.arange(len(widths)), widths)
        self.gradient_level = 10.0 ** -self.random.uniform(2, 6, len(widths))[self.of_site]
        self.weights = 10.0 ** self.random.uniform(0, 3, parameters)

    def __iter__(self) -> Iterator[Readings]:
        while True:
            yield self.window()

    def window(self) -> Readings:
        self.level *= np.exp(0.002 * self.random.standard_normal())
        self.weights *= np.exp(0.0005 * self.random.standard_normal(self.parameters))
        value, gradient = self._value(), self._gradient()
        span = range(self.number * self.steps, (self.number + 1) * self.steps)
        readings = {
            str(site): Reading(site=site, steps=span, examples=64 * self.steps, value=v, gradient=g)
            for site, v, g in zip(self.sites, value, gradient, strict=True)
        }
        self.number += 1
        return Readings(readings=readings, parameters=self._parameters(), steps=self._steps(span))

    def _noise(self, size: int) -> NDArray[Any]:
        return np.exp(np.linspace(*NOISE, size) * self.random.standard_normal(size))

    def _value(self) -> list[Sums]:
        shared = self._noise(len(self.sites))[self.of_site]  # a window's batch is common to a site's units
        rate = np.clip(self.rate * shared * self._noise(self.units), 0, 1)
        fired = self.random.binomial(VALUES, rate)
        mean = self.level * rate * self._noise(self.units)
        return self._split(
            sum=VALUES * mean,
            sum_of_squares=VALUES * mean**2 * (2 + self._noise(self.units)),
            zeros=VALUES - fired,
            fired=fired,
            flat=VALUES - fired,
            largest=mean * 8 * self._noise(self.units),
        )

    def _gradient(self) -> list[Sums]:
        rms = self.gradient_level * self._noise(len(self.sites))[self.of_site] * self._noise(self.units)
        fired = self.random.binomial(VALUES, np.full(self.units, 0.5))
        return self._split(
            sum=VALUES**0.5 * rms * self.random.standard_normal(self.units),
            sum_of_squares=VALUES * rms**2,
            zeros=np.zeros(self.units, dtype=np.int64),
            fired=fired,
            flat=np.zeros(self.units, dtype=np.int64),
            largest=rms * 6 * self._noise(self.units),
        )

    def _split(self, **columns: NDArray[Any]) -> list[Sums]:
        columns["count"] = np.full(self.units, VALUES)
        parts = {name: np.split(column, self.splits) for name, column in columns.items()}
        return [Sums(**{n: p[i] for n, p in parts.items()}) for i in range(len(self.sites))]

    def _parameters(self) -> dict[str, ParameterReading]:
        gradient = 1e-4 * self._noise(self.parameters) ** 2
        update = self.weights**2 * 1e-6 * self._noise(self.parameters)
        return {
            f"p{i}": ParameterReading(
                name=f"p{i}",
                shape=(10, 100),
                measured=self.steps,
                unused=0,
                learning_rate=0.25,
                gradient=float(gradient[i]),
                weight=float(self.weights[i] ** 2 * self.steps),
                update=float(update[i]),
            )
            for i in range(self.parameters)
        }

    def _steps(self, span: range) -> Steps:
        numbers = np.arange(span.start, span.stop)
        return Steps(
            numbers=numbers,
            seconds=0.2 * self._noise(self.steps),
            examples=np.full(self.steps, 64),
            losses=2.0 * self._noise(self.steps),
            learning_rates=0.05 * (1 + np.cos(np.pi * numbers / 50_000)),
        )


def small(seed: int = 0) -> Drifting:
    return Drifting(seed, widths=SMALL, parameters=3, steps=4)


def write_all(path: Path, windows: list[Readings], phase: Phase = "training") -> Readings:
    total = NOTHING
    with open_for_writing(path, model="net", details={"device": "cpu"}) as run:
        for window in windows:
            total = total + window
            run.write(window, phase=phase, total=total)
    return total
