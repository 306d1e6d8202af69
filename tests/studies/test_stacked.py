"""Networks trained as one stack are the networks trained alone in plain PyTorch."""

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from tests.studies.tiny import CLASSES, FEATURES, assert_same_outcome, job, tiny_data
from torch import nn

from relume.catalogue import activations
from relume.errors import PlanError
from relume.studies import stacked
from relume.studies.initialisation import INITIALISATIONS, initialise
from relume.studies.mlp import MLP
from relume.studies.optimizers import STACKED_OPTIMIZERS
from relume.studies.plain import train_plain
from relume.studies.protocol import OPTIMIZERS, Job, OptimizerName, Training, orders, weight_generator
from relume.studies.stack import Stack, StackTraining
from relume.studies.stacked import train_stacked
from relume.types import Outcome

NETWORK, DATA = MLP(depth=4, width=16), tiny_data()
# Those of `relume why`, some whose derivative needs the input kept, and some without a kernel of torch's own.
NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu", "gelu", "sine", "squared_relu", "mish")
RATES = {"sgd": (0.01, 0.1), "momentum": (0.003, 0.02), "adam": (1e-4, 1e-3), "adamw": (1e-4, 1e-3)}
RTOL = 2e-5  # float32 sums of 12 to 32 terms in another order, over 50 steps; measured: at most 4e-6


def mixed_jobs(optimizer: OptimizerName) -> list[Job]:
    """Every activation twice, with seeds, initialisations and rates that differ; not in the order of a stack.

    A squared ReLU grows faster than its input: only PyTorch's small weights keep it from diverging.
    """
    return [
        job(
            name,
            INITIALISATIONS[0 if name == "squared_relu" else (i + seed) % 4],
            RATES[optimizer][(i // 2 + seed) % 2],
            seed,
        )
        for seed, (i, name) in product((1, 0), enumerate(NAMES))
    ]


def plain_network(of: Job) -> nn.Module:
    activation = activations[of.setting.activation]
    model = NETWORK.build(activation, inputs=FEATURES, classes=CLASSES)
    initialise(model, of.setting.initialisation, activation, generator=weight_generator(of.seed))
    return model


def train_alone(of: Job, training: Training) -> Outcome:
    return train_plain(plain_network(of), of, DATA, training)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_stacked_outcomes_are_those_of_plain_training(optimizer: OptimizerName) -> None:
    jobs, training = mixed_jobs(optimizer), Training(optimizer=optimizer, batch_size=32, steps=50)
    outcomes = train_stacked(NETWORK, jobs, DATA, training)
    assert len(outcomes) == len(jobs)
    for of, found in zip(jobs, outcomes, strict=True):
        expected = train_alone(of, training)
        assert_same_outcome(found, expected, rtol=RTOL)
        assert found.losses.shape == (50,)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_stacked_parameters_are_those_of_plain_training(optimizer: OptimizerName) -> None:
    jobs = sorted(mixed_jobs(optimizer), key=lambda j: (j.seed, j.setting.activation))
    training = Training(optimizer=optimizer, batch_size=32, steps=50)
    streams = orders(len(DATA.train_y), training, jobs)
    stack = Stack(
        [plain_network(of) for of in jobs],
        [activations[of.setting.activation] for of in jobs],
        [list(streams).index(of.seed) for of in jobs],
    )
    run = StackTraining(stack, [of.setting.learning_rate for of in jobs], STACKED_OPTIMIZERS[optimizer])
    for step in range(training.steps):
        batch = torch.stack([stream[step] for stream in streams.values()])
        run.step(DATA.train_x[batch], DATA.train_y[batch])
    for i, of in enumerate(jobs):
        model, initial = plain_network(of), plain_network(of)
        train_plain(model, of, DATA, training)
        layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
        for layer, weight, bias in zip(layers, stack.weights, stack.biases, strict=True):
            torch.testing.assert_close(weight[i].T, layer.weight.detach(), rtol=RTOL, atol=1e-5)
            torch.testing.assert_close(bias[i, 0], layer.bias.detach(), rtol=RTOL, atol=1e-5)
        moved = [(a - b).abs().max() for a, b in zip(model.parameters(), initial.parameters(), strict=True)]
        assert max(moved) > 1e-3, of  # or agreement would say nothing


def test_readings_before_training_are_exact() -> None:
    jobs, training = mixed_jobs("sgd"), Training(optimizer="sgd", steps=1)
    for of, found in zip(jobs, train_stacked(NETWORK, jobs, DATA, training), strict=True):
        expected = train_alone(of, training)
        assert list(found.at_start) == ["2", "4", "6", "8"]
        assert_same_outcome(found, expected, rtol=1e-5)


def test_data_of_any_shape_is_flattened() -> None:
    image = tiny_data(shape=(3, 4))
    flat = tiny_data(shape=(12,))
    jobs, training = [job("relu")], Training(batch_size=32, steps=5)
    (of_images,) = train_stacked(NETWORK, jobs, image, training)
    (of_features,) = train_stacked(NETWORK, jobs, flat, training)
    assert_same_outcome(of_images, of_features)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_diverging_network_is_recorded_as_alone_and_leaves_its_neighbours_alone(
    optimizer: OptimizerName,
) -> None:
    training = Training(optimizer=optimizer, batch_size=32, steps=20)
    neighbours = [job("relu", "he", 1e-3), job("squared_relu", "he", 1e-3), job("tanh", "xavier", 1e-3, 1)]
    violent, mild = job("relu", "he", 1e30), job("relu", "he", 2e-3)
    *beside_violent, diverged = train_stacked(NETWORK, [*neighbours, violent], DATA, training)
    *beside_mild, survived = train_stacked(NETWORK, [*neighbours, mild], DATA, training)
    assert survived.diverged_at is None
    assert diverged.diverged_at is not None
    assert diverged.diverged_at == len(diverged.losses) == train_alone(violent, training).diverged_at
    assert math.isnan(diverged.accuracy)
    assert list(diverged.at_start) == ["2", "4", "6", "8"]
    assert diverged.at_end == {}
    for found, expected in zip(beside_violent, beside_mild, strict=True):
        assert_same_outcome(found, expected)
        np.testing.assert_array_equal(found.losses, expected.losses)


def test_a_frozen_network_stays_at_zero() -> None:
    stack = Stack([plain_network(job("relu", "he"))] * 2, [activations["relu"]] * 2, [0, 0])
    run = StackTraining(stack, [0.1, 0.1], STACKED_OPTIMIZERS["adamw"])
    x, y = DATA.train_x[None, :32], DATA.train_y[None, :32]
    run.step(x, y)
    run.freeze(0)
    losses = [run.step(x, y) for _ in range(3)][-1]
    assert losses[0] == pytest.approx(math.log(CLASSES))
    assert all(not tensor[0].any() and tensor[1].any() for tensor in (*stack.weights, *stack.biases))


def test_networks_cut_into_several_stacks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, training = mixed_jobs("momentum"), Training(batch_size=32, steps=20)
    in_one = train_stacked(NETWORK, jobs, DATA, training)
    sizes: list[int] = []

    class Spy(stacked.Members):
        def __init__(self, network: MLP, jobs: list[Job], *rest: Any) -> None:
            sizes.append(len(jobs))
            super().__init__(network, jobs, *rest)

    monkeypatch.setattr(stacked, "Members", Spy)
    monkeypatch.setattr(stacked, "STACK_BYTES", 2**16)
    in_several = train_stacked(NETWORK, jobs, DATA, training)
    assert len(sizes) > 2
    assert sum(sizes) == len(jobs)
    assert max(sizes) > 1
    for found, expected in zip(in_several, in_one, strict=True):
        assert_same_outcome(found, expected, rtol=RTOL)


def test_progress_counts_every_step_of_every_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacked, "STACK_BYTES", 1)
    told: list[int] = []
    train_stacked(NETWORK, mixed_jobs("sgd")[:3], DATA, Training(batch_size=32, steps=4), told.append)
    assert sum(told) == 3 * 4


@pytest.mark.parametrize("name", ["crelu", "glu", "prelu"])
def test_activations_an_mlp_cannot_hold_are_told(name: str) -> None:
    with pytest.raises(PlanError, match=rf"^{name} changes the number of units or learns parameters"):
        train_stacked(NETWORK, [job(name)], DATA, Training(steps=1))
