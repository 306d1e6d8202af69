"""A user's networks trained together by vmap are the networks trained alone; what cannot be is told why."""

import copy
import math
import time

import pytest
import torch
from tests.studies.tiny import CLASSES, assert_same_outcome, job, tiny_data
from torch import Tensor, nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.studies.engines import build_one
from relume.studies.plain import train_plain
from relume.studies.protocol import OPTIMIZERS, Job, OptimizerName, Training
from relume.studies.study import Study, study
from relume.studies.vmapped import train_vmapped, why_not_vmapped

IMAGES = tiny_data(shape=(1, 6, 6))
TRAINING = Training(batch_size=32, steps=50)
RATES = {"sgd": (0.01, 0.1), "momentum": (0.003, 0.02), "adam": (1e-4, 1e-3), "adamw": (1e-4, 1e-3)}


def convolutional(activation: Activation) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        activation.module(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 12),
        activation.module(),
        nn.Linear(12, CLASSES),
    )


def networks(jobs: list[Job]) -> list[nn.Module]:
    return [build_one(convolutional, "mynet:build", of, IMAGES) for of in jobs]


def jobs_of(optimizer: OptimizerName, activation: str) -> list[Job]:
    slow, fast = RATES[optimizer]
    return [
        job(activation, "pytorch", fast, 0),
        job(activation, "he", slow, 1),
        job(activation, "xavier", fast, 1),
        job(activation, "variance-preserving", slow, 0),
    ]


@pytest.mark.parametrize("activation", ["relu", "gaussian", "prelu"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_vmapped_outcomes_are_those_of_plain_training(optimizer: OptimizerName, activation: str) -> None:
    training = Training(optimizer=optimizer, batch_size=32, steps=50)
    jobs = jobs_of(optimizer, activation)
    models = networks(jobs)
    alone = copy.deepcopy(models)
    assert why_not_vmapped(models, IMAGES, training) is None
    outcomes = train_vmapped(models, jobs, IMAGES, training)
    for of, model, twin, found in zip(jobs, models, alone, outcomes, strict=True):
        assert_same_outcome(found, train_plain(twin, of, IMAGES, training), rtol=2e-5)
        assert list(found.at_end) == ["1", "5"]
        for trained, expected in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(trained, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_diverging_network_is_recorded_and_leaves_the_others_alone(optimizer: OptimizerName) -> None:
    training = Training(optimizer=optimizer, batch_size=32, steps=20)
    neighbour, violent, mild = (job("relu", "he", rate) for rate in (1e-3, 1e30, 2e-3))
    beside_violent, diverged = train_vmapped(
        networks([neighbour, violent]), [neighbour, violent], IMAGES, training
    )
    beside_mild, survived = train_vmapped(networks([neighbour, mild]), [neighbour, mild], IMAGES, training)
    assert survived.diverged_at is None
    assert diverged.diverged_at is not None
    (alone,) = networks([violent])
    expected = train_plain(alone, violent, IMAGES, training)
    assert diverged.diverged_at == len(diverged.losses) == expected.diverged_at
    assert math.isnan(diverged.accuracy)
    assert diverged.at_end == {}
    assert_same_outcome(beside_violent, beside_mild)


class DataDependent(nn.Module):
    """Takes another way for large inputs."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.inner = convolutional(activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) if x.sum() > 0 else self.inner(-x)  # type: ignore[no-any-return]


class Random(nn.Module):
    """Adds noise without a dropout module."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.inner = convolutional(activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x + torch.rand_like(x))  # type: ignore[no-any-return]


def normalised(activation: Activation) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(36, 8), nn.BatchNorm1d(8), activation.module(), nn.Linear(8, CLASSES)
    )


def dropped_out(activation: Activation) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(36, 8), activation.module(), nn.Dropout(0.5), nn.Linear(8, CLASSES)
    )


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (normalised, r"^it keeps state in buffers, as batch norm does$"),
        (dropped_out, r"^it draws random numbers while it trains, as dropout does$"),
        (DataDependent, r"^torch\.func cannot trace it \(\w+Error: .*data-dependent control flow"),
        (Random, r"^torch\.func cannot trace it \(RuntimeError: .*random"),
    ],
    ids=["batch norm", "dropout", "data-dependent", "random"],
)
def test_networks_that_would_train_differently_are_told_why(build: type[nn.Module], reason: str) -> None:
    models = [build(activations["relu"]) for _ in range(2)]
    found = why_not_vmapped(models, IMAGES, TRAINING)
    assert found is not None
    with pytest.raises(ValueError, match=reason):
        raise ValueError(found)


def test_networks_of_different_shapes_are_told_why() -> None:
    models = [nn.Sequential(nn.Flatten(), nn.Linear(36, n), nn.Linear(n, CLASSES)) for n in (5, 6)]
    reason = why_not_vmapped(models, IMAGES, TRAINING)
    assert reason is not None
    assert reason.startswith("torch.func cannot trace it (")


@pytest.mark.parametrize(
    ("build", "engine"),
    [
        (convolutional, r"convolutional by torch.func.vmap"),
        (normalised, r"normalised one by one, as it keeps state in buffers, as batch norm does"),
        (dropped_out, r"dropped_out one by one, as it draws random numbers"),
        (DataDependent, r"DataDependent one by one, as torch.func cannot trace it"),
    ],
    ids=["convolutional", "batch norm", "dropout", "data-dependent"],
)
def test_a_study_says_how_the_networks_were_trained(build: type[nn.Module], engine: str) -> None:
    found = study(
        build,
        IMAGES,
        activations=["relu", "tanh"],
        initialisations=["pytorch", "he"],
        learning_rates=[0.01],
        seeds=2,
        training=Training(batch_size=32, steps=3),
    )
    assert engine in found.engine
    assert len(found.outcomes) == 8
    assert all(o.losses.shape == (3,) and o.at_end for o in found.outcomes)


def test_a_study_of_plainly_trained_networks_is_the_same_twice() -> None:
    first, second = (
        study(
            dropped_out,
            IMAGES,
            activations=["relu"],
            initialisations=["he"],
            learning_rates=[0.01],
            seeds=2,
            training=Training(batch_size=32, steps=5),
        )
        for _ in range(2)
    )
    for found, expected in zip(first.outcomes, second.outcomes, strict=True):
        assert_same_outcome(found, expected)


def test_threads_do_not_share_random_numbers() -> None:
    def slow(activation: Activation) -> nn.Module:
        first = nn.Linear(36, 8)
        time.sleep(0.01)  # long enough for another thread to draw
        return nn.Sequential(nn.Flatten(), first, activation.module(), nn.Linear(8, CLASSES))

    def trained(threads: int) -> Study:
        torch.set_num_threads(threads)
        return study(
            slow,
            IMAGES,
            activations=["relu", "tanh", "elu", "gelu"],
            initialisations=["pytorch"],
            learning_rates=[0.01],
            seeds=2,
            training=Training(batch_size=32, steps=2),
        )

    threads = torch.get_num_threads()
    try:
        alone, together = trained(1), trained(4)
    finally:
        torch.set_num_threads(threads)
    for found, expected in zip(together.outcomes, alone.outcomes, strict=True):
        assert_same_outcome(found, expected)
