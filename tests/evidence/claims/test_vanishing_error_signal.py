"""'Vanishing error signal' against networks whose signal is known to vanish, and not to."""

import math
from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.errors import BuildError
from relume.evidence.claim import Part, Subject
from relume.evidence.claims.vanishing_error_signal import (
    FIRST,
    OVER_THEORY,
    gradient_norms,
    told_apart,
    vanishing_error_signal,
)
from relume.evidence.subjects import build, dataset
from relume.studies.mlp import MLP
from relume.types import Sample

SUBJECT = Subject()
RELU_KEEPS = MappingProxyType({"relu, he": 1.0})


def measured(activation: str, initialisation: str, *, depth: int = 20) -> list[Sample]:
    part: Part = {
        "activation": activation,
        "initialisation": initialisation,
        "depth": depth,
        "width": 64,
        "seeds": 3,
    }
    return list(vanishing_error_signal.measure(SUBJECT, part))


def made(left: Mapping[str, float], *, spread: float = 0.01, depth: int = 20) -> list[Sample]:
    """Samples by hand: what is left at the first layer, of six seeds that scatter by `spread` e-folds."""
    return [
        Sample(
            quantity=FIRST, series=series, x=depth, seed=seed, value=value * math.exp(spread * (seed - 2.5))
        )
        for series, value in left.items()
        for seed in range(6)
    ]


def test_sigmoid_vanishes_where_relu_is_kept() -> None:
    verdict = vanishing_error_signal.judge(measured("sigmoid", "he") + measured("relu", "he"))
    assert verdict.holds == "holds"
    assert verdict.interval.low > 1e6


@pytest.mark.parametrize("initialisation", ["xavier", "he"])
def test_critical_tanh_does_not_vanish(initialisation: str) -> None:
    # sigma_w^2 of 1 is tanh's critical point without biases; at 2 it is chaotic.
    samples = measured("tanh", initialisation) + measured("relu", initialisation)
    assert vanishing_error_signal.judge(samples).holds == "does not hold"


def test_sigmoid_in_few_layers_does_not_vanish() -> None:
    samples = measured("sigmoid", "he", depth=2) + measured("relu", "he", depth=2)
    assert vanishing_error_signal.judge(samples).holds == "does not hold"


def test_what_is_left_is_what_theory_predicts() -> None:
    samples = measured("tanh", "xavier") + measured("sigmoid", "xavier")
    ratios = [s.value for s in samples if s.quantity == OVER_THEORY]
    assert len(ratios) == 6
    assert all(0.6 < ratio < 1.6 for ratio in ratios)


def test_the_norms_are_those_of_autograd() -> None:
    model = build(SUBJECT, activations["tanh"], fallback=MLP(3, 16))
    data = dataset(SUBJECT)
    found = gradient_norms(model, data, seed=0)
    value, outputs = data.train_x[:256].double(), []
    for layer in model.children():
        value = layer(value)
        if isinstance(layer, nn.Tanh):
            outputs.append(value)
    gradients = torch.autograd.grad(F.cross_entropy(value, data.train_y[:256]), outputs)
    assert found == pytest.approx([float(gradient.norm()) for gradient in gradients])


@pytest.mark.parametrize(
    ("left", "spread", "holds"),
    [
        ({"sigmoid, he": 1e-9}, 0.01, "holds"),
        ({"sigmoid, he": 1e-9, "tanh, he": 2.0}, 0.01, "holds within limits"),
        ({"tanh, he": 2.0}, 0.01, "does not hold"),
        ({"sigmoid, he": 0.09}, 0.5, "not decided"),
    ],
)
def test_every_answer_is_possible(left: Mapping[str, float], spread: float, holds: str) -> None:
    verdict = vanishing_error_signal.judge(made({**left, **RELU_KEEPS}, spread=spread))
    assert verdict.holds == holds
    assert ("not at tanh, he (2 left, ReLU 1)" in verdict.limits) == (holds == "holds within limits")


def test_it_does_not_hold_where_relu_vanishes_too() -> None:
    verdict = vanishing_error_signal.judge(made({"sigmoid, pytorch": 1e-17, "relu, pytorch": 1e-8}))
    assert verdict.holds == "does not hold"


def test_a_network_without_activations_is_refused() -> None:
    with pytest.raises(BuildError, match="no activation was seen"):
        gradient_norms(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), dataset(SUBJECT), seed=0)


def test_the_parts_of_activation_and_initialisation_are_told_apart() -> None:
    by_name, by_scheme = {"sigmoid": 1e-8, "tanh": 1.0, "relu": 1.0}, {"he": 1.0, "pytorch": 1e-4}
    table = {f"{n}, {s}": by_name[n] * by_scheme[s] for n, s in product(by_name, by_scheme)}
    # Of the logarithms (in powers of 10^4): -2, 0, 0 has a variance of 8/9, 0 and -1 of 1/4.
    whole = 8 / 9 + 1 / 4
    assert told_apart(made(table)) == pytest.approx(
        {"activation": 8 / 9 / whole, "initialisation": 1 / 4 / whole, "both together": 0.0}
    )
    crossed = {**table, "relu, he": 1e-4, "relu, pytorch": 1.0}
    assert told_apart(made(crossed))["both together"] > 0.1


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    vanishing_error_signal.draw(measured("sigmoid", "he") + measured("relu", "he"), figure)
    assert figure.axes[0].get_ylabel() == "gradient norm over the last layer's"
    assert figure.axes[0].get_xlabel() == "hidden layer"
