"""'Faster convergence' against activations that are known to be as fast, and known not to get there."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure

from relume.evidence.claim import Subject
from relume.evidence.claims.faster_convergence import (
    COMPARED,
    JUDGED,
    STEP_TIME,
    faster_convergence,
    plan,
    ratio,
    steps_to,
)
from relume.evidence.contest import best_setting, contestant, settings, steps_until
from relume.evidence.subjects import dataset
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.types import Outcome, Readings, Sample, Setting

DIGITS = Subject(data="digits")
SEEDS = 6


@cache
def measured(activation: str, *, depth: int) -> list[Sample]:
    part = {"activation": activation, "depth": depth, "steps": 110, "width": 24, "seeds": SEEDS}
    return list(faster_convergence.measure(DIGITS, part))


def as_series(samples: Sequence[Sample], name: str) -> list[Sample]:
    """The same measurements under the name of another activation."""
    return [replace(s, series=name) for s in samples if s.quantity == steps_to(JUDGED)]


def times(milliseconds: Mapping[str, float], *, depth: int) -> list[Sample]:
    return [
        Sample(quantity=STEP_TIME, series=name, x=depth, seed=seed, value=value, unit="ms")
        for name, value in milliseconds.items()
        for seed in range(SEEDS)
    ]


def made(steps: Mapping[str, Sequence[float]], *, depth: int = 3, milliseconds: float = 1.0) -> list[Sample]:
    """Samples by hand: the steps of each seed, and a step as long for all but ReLU's of 1 ms."""
    counted = [
        Sample(quantity=steps_to(JUDGED), series=name, x=depth, seed=seed, value=value, unit="steps")
        for name, values in steps.items()
        for seed, value in enumerate(values)
    ]
    return counted + times({**dict.fromkeys(steps, milliseconds), "relu": 1.0}, depth=depth)


def test_an_activation_is_not_faster_than_itself() -> None:
    relu = measured("relu", depth=3)
    samples = [s for name in COMPARED for s in as_series(relu, name)]
    verdict = faster_convergence.judge(samples + times(dict.fromkeys(COMPARED, 1.0), depth=3))
    assert verdict.holds == "does not hold"
    assert verdict.interval.low == verdict.interval.estimate == verdict.interval.high == 1


def test_ten_layers_of_sigmoid_do_not_get_there() -> None:
    samples = [*measured("relu", depth=8), *measured("sigmoid", depth=8)]
    verdict = faster_convergence.judge(samples + times({"relu": 1.0, "sigmoid": 1.0}, depth=8))
    assert verdict.holds == "holds"
    assert math.isinf(verdict.interval.low)


RELU = tuple(100.0 + seed for seed in range(8))


@pytest.mark.parametrize(
    ("tanh", "sigmoid", "holds"),
    [
        (6.0, 9.0, "holds"),
        (0.7, 9.0, "holds within limits"),
        (0.7, 1.4, "does not hold"),
    ],
)
def test_the_answer_follows_the_steps(tanh: float, sigmoid: float, holds: str) -> None:
    steps = {"relu": RELU, "tanh": [tanh * s for s in RELU], "sigmoid": [sigmoid * s for s in RELU]}
    verdict = faster_convergence.judge(made(steps))
    assert verdict.holds == holds
    assert verdict.interval.estimate == pytest.approx(tanh)


def test_seeds_that_disagree_decide_nothing() -> None:
    spread = [RELU[seed] * 2 * math.exp(0.3 * (seed - 3.5)) for seed in range(8)]
    assert faster_convergence.judge(made({"relu": RELU, "tanh": spread})).holds == "not decided"


def test_fewer_steps_that_take_longer_are_not_faster() -> None:
    samples = made({"relu": RELU, "tanh": [3 * s for s in RELU]}, milliseconds=0.25)
    assert ratio(samples, "tanh", 3).estimate == pytest.approx(3)
    assert ratio(samples, "tanh", 3, timed=True).estimate == pytest.approx(0.75)
    assert faster_convergence.judge(samples).holds == "does not hold"


def test_seeds_that_neither_finished_are_left_out() -> None:
    tanh = [*(3 * s for s in RELU[:-1]), math.inf]
    samples = made({"relu": (*RELU[:-1], math.inf), "tanh": tanh})
    assert ratio(samples, "tanh", 3).seeds == 7


def test_where_relu_never_gets_there_it_does_not_hold() -> None:
    samples = made({"relu": [math.inf] * 8, "tanh": RELU})
    assert faster_convergence.judge(samples).holds == "does not hold"


def test_the_published_ratio_is_compared_with_tanh() -> None:
    (published,) = faster_convergence.published
    assert published.ours is not None
    samples = made({"relu": RELU, "tanh": [6 * s for s in RELU], "sigmoid": RELU})
    assert published.ours(samples).estimate == pytest.approx(published.number)


def test_the_best_setting_is_chosen_on_other_seeds() -> None:
    own = contestant(DIGITS, MLP(1, 8))
    seen: set[int] = set()

    def score(outcome: Outcome) -> float:
        seen.add(outcome.seed)
        return abs(outcome.setting.learning_rate - 0.1)

    grid = settings(own, "tanh", ("xavier",), (0.01, 0.1, 1.0))
    assert best_setting(own, grid, dataset(DIGITS), Training(steps=3), score).learning_rate == 0.1
    assert min(seen) > 1000


def test_steps_are_counted_to_the_mean_of_ten_batches() -> None:
    setting = Setting(network="mlp 1x1", activation="relu", initialisation="he", learning_rate=1.0)
    losses = np.array([2.0] * 20 + [1.0] * 20)
    nothing = Readings(readings={})
    outcome = Outcome(
        setting=setting,
        seed=0,
        losses=losses,
        diverged_at=None,
        accuracy=0.5,
        at_start=nothing,
        at_end=nothing,
    )
    assert steps_until(outcome, 1.0) == 30
    assert steps_until(outcome, 0.9) == math.inf


def test_a_users_network_is_one_case() -> None:
    parts = plan(Subject(network="mynet:build"), "quick")
    assert {part["depth"] for part in parts} == {0}
    assert len(parts) == len(COMPARED) + 1


def test_the_figure_names_its_axes() -> None:
    samples = [s for name in ("relu", "sigmoid") for s in measured(name, depth=8)]
    figure = Figure()
    faster_convergence.draw(samples + times(dict.fromkeys(COMPARED, 1.0), depth=8), figure)
    assert [axes.get_xlabel() for axes in figure.axes] == ["step", "over ReLU's"]


def test_where_nobody_gets_there_nothing_is_decided() -> None:
    verdict = faster_convergence.judge(made({"relu": [math.inf] * 8, "tanh": [math.inf] * 8}))
    assert (verdict.holds, verdict.interval.seeds) == ("not decided", 0)
