"""From outcomes to a summary: the choice of settings, and theory beside measurement."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.studies.tiny import job, outcome, tiny_data

from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.studies.study import Study, study
from relume.studies.summarise import at_the_edge, describe_training, final_loss, summarise
from relume.studies.summary import Row
from relume.types import Initialisation, Outcome

STEPS = 40


def group(
    activation: str,
    initialisation: Initialisation,
    rate: float,
    loss: float | None,
    *,
    network: str = "mynet:build",
) -> list[Outcome]:
    """Three seeds that end at about `loss`; diverged where it is None."""
    return [
        outcome(
            job(activation, initialisation, rate, seed, network=network),
            [2.0] * 20 + [loss + 0.01 * seed] * 20 if loss is not None else [2.0, 9.9],
            diverged=loss is None,
            accuracy=0.7 + 0.01 * seed,
            gradients=[1e-3, 1e-2, 0.1 * (1 + seed)],
        )
        for seed in range(3)
    ]


def of(*groups: list[Outcome]) -> Study:
    return Study(
        data=tiny_data(),
        training=Training(steps=STEPS),
        engine="by hand",
        outcomes=tuple(o for members in groups for o in members),
    )


def chosen(rows: tuple[Row, ...]) -> list[tuple[str, str, float]]:
    return [(row.activation, row.initialisation, row.learning_rate) for row in rows]


STUDY = of(
    group("tanh", "he", 0.1, 0.9),
    group("tanh", "he", 0.3, 0.5),
    group("tanh", "xavier", 0.1, 0.3),
    group("tanh", "xavier", 0.3, None),
    group("relu", "he", 0.1, 0.1),
    group("relu", "he", 0.3, 0.2),
    group("relu", "xavier", 0.1, 0.7),
    group("relu", "xavier", 0.3, 0.6),
)


def test_the_best_of_each_and_one_setting_for_all_are_chosen() -> None:
    found = summarise(STUDY)
    assert chosen(found.rows) == [
        ("tanh", "he", 0.3),
        ("tanh", "xavier", 0.1),
        ("relu", "he", 0.1),
        ("relu", "xavier", 0.3),
    ]
    assert chosen(found.best) == [("tanh", "xavier", 0.1), ("relu", "he", 0.1)]
    # medians over the activations: he 0.1: 0.5; he 0.3: 0.35; xavier 0.1: 0.5; xavier 0.3: infinite
    assert chosen(found.same_setting) == [("tanh", "he", 0.3), ("relu", "he", 0.3)]
    assert {c.basis for c in found.comparisons} == {"same setting", "each at its best"}


def test_networks_are_chosen_for_apart() -> None:
    deep = [group("relu", "he", rate, 1 / rate, network="deep:build") for rate in (1.0, 2.0)]
    shallow = [group("relu", "he", rate, rate, network="shallow:build") for rate in (1.0, 2.0)]
    found = summarise(of(*deep, *shallow))
    assert [(r.network, r.learning_rate) for r in found.best] == [("deep:build", 2.0), ("shallow:build", 1.0)]
    assert [(r.network, r.learning_rate) for r in found.same_setting] == [
        ("deep:build", 2.0),
        ("shallow:build", 1.0),
    ]


def test_the_numbers_of_a_row() -> None:
    (row,) = summarise(of(group("relu", "he", 0.1, 0.1))).rows
    assert row.final_loss == pytest.approx(0.11)
    assert row.accuracy.estimate == pytest.approx(0.71)
    assert (row.diverged, row.seeds) == (0, 3)
    assert row.gradient_ratio_start == pytest.approx(1e-3 / 0.2)
    np.testing.assert_allclose(row.gradient_by_layer_start, [5e-3, 5e-2, 1.0])
    assert math.isnan(row.gradient_ratio_theory)  # a user's network has none
    assert row.zeros_start == 1.0
    assert row.curve.shape == (STEPS - 9,)
    targets = summarise(STUDY).targets
    assert targets == pytest.approx([share * math.log(4) for share in (0.6, 0.4, 0.3)], abs=0.005)
    assert row.steps_to[targets[0]] == 27  # 7 of 10 batches at 0.11 bring the mean of 2 below 0.83


def test_where_all_seeds_diverged_there_are_no_numbers() -> None:
    (row,) = summarise(of(group("relu", "he", 0.1, None))).rows
    assert (row.diverged, row.seeds) == (3, 3)
    assert math.isnan(row.final_loss)
    assert math.isnan(row.accuracy.estimate)
    assert math.isnan(row.gradient_ratio_end)
    assert math.isnan(row.zeros_end)
    assert set(row.steps_to.values()) == {None}
    assert row.curve.shape == (0,)
    assert row.gradient_ratio_start == pytest.approx(5e-3)  # that was measured before


def test_where_a_minority_diverged_it_is_counted_and_the_others_speak() -> None:
    mixed = [*group("relu", "he", 0.1, 0.1)[:2], group("relu", "he", 0.1, None)[2]]
    (row,) = summarise(of(mixed)).rows
    assert (row.diverged, row.seeds, row.accuracy.seeds) == (1, 3, 2)
    assert row.final_loss == pytest.approx(0.11)
    assert row.accuracy.estimate == pytest.approx(0.705)
    assert final_loss(group("relu", "he", 0.1, None)) == math.inf


def test_the_training_is_told_in_a_line() -> None:
    assert describe_training(STUDY) == (
        "momentum 0.9, batch 128, 40 steps, 3 seeds, 2 learning rates from 0.1 to 0.3: 24 networks"
    )


def test_best_learning_rates_at_the_ends_of_the_grid_are_counted() -> None:
    settings = [o.setting for o in STUDY.outcomes]
    smallest, largest = (pick(s.learning_rate for s in settings) for pick in (min, max))
    middle = replace(settings[0], learning_rate=(smallest + largest) / 2)
    ends = [replace(settings[0], learning_rate=rate) for rate in (smallest, largest)]
    assert at_the_edge([*ends, middle], STUDY) == (
        "2 of the 3 best learning rates are the grid's smallest or largest"
    )


@pytest.mark.parametrize(("activation", "initialisation"), [("relu", "he"), ("tanh", "xavier")])
def test_theory_stands_beside_what_is_measured(activation: str, initialisation: Initialisation) -> None:
    measured = study(
        MLP(10, 64),
        activations=[activation],
        initialisations=[initialisation],
        learning_rates=[0.01],
        seeds=10,
        training=Training(steps=1),
    )
    (row,) = summarise(measured).rows
    assert row.gradient_by_layer_theory.shape == row.gradient_by_layer_start.shape == (10,)
    np.testing.assert_allclose(row.gradient_by_layer_start, row.gradient_by_layer_theory, rtol=0.2)
    assert row.gradient_ratio_theory == row.gradient_by_layer_theory[0]
