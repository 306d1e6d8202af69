"""Two runs side by side, against golden files."""

from dataclasses import replace

import numpy as np
import pytest
from tests.report.test_tables import assert_golden, drawn

from relume.report.compare import side_by_side
from relume.types import NO_STEPS, Reading, Readings, Site, Steps, Sums


def sums(scale: float, fired: list[int]) -> Sums:
    count = np.full(4, 1000)
    return Sums(
        count=count,
        sum=np.zeros(4),
        sum_of_squares=count * scale**2,
        zeros=count - fired,
        fired=np.array(fired),
        flat=np.zeros(4, dtype=np.int64),
        largest=np.full(4, scale),
    )


def reading(path: str, activation: str, scale: float, fired: list[int], gradient: float) -> Reading:
    return Reading(
        site=Site(path=path, activation=activation),
        steps=range(100),
        examples=1000,
        value=sums(scale, fired),
        gradient=sums(gradient, [500] * 4),
    )


def steps(count: int, fall: float) -> Steps:
    numbers = np.arange(count)
    return Steps(
        numbers=numbers,
        seconds=np.ones(count),
        examples=np.full(count, 10),
        losses=2.3 * np.exp(-fall * numbers),
        learning_rates=np.full(count, 0.1),
    )


def runs() -> tuple[Readings, Readings]:
    one = [
        reading("layers.1", "sigmoid", 0.5, [1000] * 4, 3e-9),
        reading("layers.3", "relu", 0.5, [480, 0, 0, 500], 1e-4),
        reading("head.act", "gelu", 0.7, [500] * 4, 1e-3),
    ]
    two = [
        reading("layers.1", "relu", 1.0, [480, 510, 490, 500], 2e-3),
        reading("layers.3", "relu", 0.9, [480, 510, 0, 500], 1e-3),
        reading("extra", "tanh", 0.6, [500] * 4, 1e-3),
    ]
    return (
        Readings(readings={r.site.path: r for r in one}, steps=steps(100, 0.0)),
        Readings(readings={r.site.path: r for r in two}, steps=steps(80, 0.05)),
    )


@pytest.mark.parametrize("width", [80, 120])
def test_two_runs(request: pytest.FixtureRequest, width: int) -> None:
    text = drawn(side_by_side(*runs(), titles=("runs/before.sqlite", "runs/after.sqlite")), width)
    assert max(map(len, text.splitlines())) <= width
    assert_golden(request, f"compare_{width}.txt", text)


def test_runs_without_losses_or_without_anything() -> None:
    one, two = runs()
    blind = replace(one, steps=replace(one.steps, losses=np.full(100, np.nan)))
    text = drawn(side_by_side(blind, two, titles=("a", "b")), 120)
    assert "0 to 15" in text
    nothing = Readings(readings={}, steps=NO_STEPS)
    assert "A ran for 0 steps, B for 0." in drawn(side_by_side(nothing, nothing, titles=("a", "b")), 120)
