"""Small things that the tests of studies share: data that trains in milliseconds, jobs and outcomes."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from relume.studies.data import Dataset
from relume.studies.protocol import Job
from relume.types import Initialisation, Outcome, Reading, Readings, Setting, Site, Sums

FEATURES, CLASSES = 12, 4


def tiny_data(seed: int = 0, *, examples: int = 240, shape: tuple[int, ...] = (FEATURES,)) -> Dataset:
    """Four overlapping normal clouds, standardised."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn((CLASSES, *shape), generator=generator)
    y = torch.arange(examples) % CLASSES
    x = centres[y] + torch.randn((examples, *shape), generator=generator)
    x = (x - x.mean()) / x.std()
    held_out = examples // 6
    return Dataset("clouds", x[held_out:], y[held_out:], x[:held_out], y[:held_out], CLASSES)


def job(
    activation: str,
    initialisation: Initialisation = "pytorch",
    learning_rate: float = 0.01,
    seed: int = 0,
    *,
    network: str = "mlp 4x16",
) -> Job:
    setting = Setting(
        network=network, activation=activation, initialisation=initialisation, learning_rate=learning_rate
    )
    return Job(setting, seed)


def outcome(
    of: Job,
    losses: Sequence[float],
    *,
    accuracy: float = 0.5,
    diverged: bool = False,
    gradients: Sequence[float] = (),
) -> Outcome:
    """An outcome by hand; `gradients` are the rms gradients arriving at each site before training."""
    at_start, at_end = (
        Readings(
            readings={
                f"{i}": Reading(
                    site=Site(path=f"{i}", activation=of.setting.activation),
                    steps=range(step, step + 1),
                    examples=1,
                    value=_sums(0.0, flat=1),
                    gradient=_sums(gradient),
                )
                for i, gradient in enumerate(gradients)
            }
        )
        for step in (0, len(losses))
    )
    return Outcome(
        setting=of.setting,
        seed=of.seed,
        losses=np.asarray(losses, dtype=np.float64),
        diverged_at=len(losses) if diverged else None,
        accuracy=math.nan if diverged else accuracy,
        at_start=at_start,
        at_end=Readings(readings={}) if diverged else at_end,
    )


def _sums(value: float, *, flat: int = 0) -> Sums:
    return Sums(
        count=np.array([1]),
        sum=np.array([value]),
        sum_of_squares=np.array([value**2]),
        zeros=np.array([int(value == 0)]),
        fired=np.array([int(value > 0)]),
        flat=np.array([flat]),
        largest=np.array([abs(value)]),
    )


def assert_same_outcome(found: Outcome, expected: Outcome, *, rtol: float = 0.0) -> None:
    """Of the same network; all numbers equal within `rtol`, and to the bit where it is 0."""
    assert (found.setting, found.seed) == (expected.setting, expected.seed)
    assert found.diverged_at == expected.diverged_at
    np.testing.assert_allclose(found.losses, expected.losses, rtol=rtol)
    np.testing.assert_allclose(found.accuracy, expected.accuracy, rtol=1e-6)
    for found_at, expected_at in ((found.at_start, expected.at_start), (found.at_end, expected.at_end)):
        assert list(found_at) == list(expected_at)
        for name, reading in expected_at.items():
            own_reading = found_at[name]
            assert (own_reading.site, own_reading.steps) == (reading.site, reading.steps)
            assert own_reading.examples == reading.examples
            for own, other in (
                (own_reading.value, reading.value),
                (own_reading.gradient, reading.gradient),
            ):
                np.testing.assert_array_equal(own.count, other.count)
                # GELU of about -5 is 0 or the smallest number below it, as the last bit of its input falls;
                # so is a value beside 0 or beside a bound of the flat ends on either side of it.
                for count in ("zeros", "fired", "flat"):
                    np.testing.assert_allclose(
                        getattr(own, count), getattr(other, count), rtol=0, atol=2 if rtol else 0
                    )
                size = np.sqrt(other.sum_of_squares * other.count)  # what the sum would be without cancelling
                np.testing.assert_allclose(own.sum, other.sum, rtol=0, atol=float(rtol * size.max()))
                np.testing.assert_allclose(own.sum_of_squares, other.sum_of_squares, rtol=2 * rtol)
                np.testing.assert_allclose(own.largest, other.largest, rtol=rtol)
