"""Gains against published values and against functions written by others."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import integrate, special

from relume import activations
from relume.theory.gain import backward_gain, forward_gain
from relume.theory.moments import mean_square, mean_square_rate

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def normal_mean(f: Callable[[float], float]) -> float:
    halves = [
        integrate.quad(lambda z: f(z) * math.exp(-z * z / 2), *ends, epsabs=1e-14, epsrel=1e-13)[0]
        for ends in ((-15, 0), (0, 15))
    ]
    return sum(halves) / math.sqrt(2 * math.pi)


def selu(x: float) -> float:
    return SELU_SCALE * (x if x > 0 else SELU_ALPHA * math.expm1(x))


def selu_slope(x: float) -> float:
    return SELU_SCALE * (1 if x > 0 else SELU_ALPHA * math.exp(x))


def gelu_slope(x: float) -> float:
    return float(special.ndtr(x)) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("std", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    ("name", "f", "slope"),
    [
        ("tanh", np.tanh, lambda x: 1 / np.cosh(x) ** 2),
        ("sigmoid", special.expit, lambda x: special.expit(x) * special.expit(-x)),
        ("gelu", lambda x: x * special.ndtr(x), gelu_slope),
        ("selu", selu, selu_slope),
    ],
)
def test_against_scipy(
    name: str, f: Callable[[float], float], slope: Callable[[float], float], std: float
) -> None:
    forward, backward = (
        gain(activations[name], pre_activation_std=std) for gain in (forward_gain, backward_gain)
    )
    assert forward.value == pytest.approx(std**2 / normal_mean(lambda z: f(std * z) ** 2), rel=1e-12)
    assert backward.value == pytest.approx(1 / normal_mean(lambda z: slope(std * z) ** 2), rel=1e-12)


@pytest.mark.parametrize("std", [1e-3, 1.0, 100.0])
def test_he_gain_of_relu_is_two_to_rounding(std: float) -> None:
    for gain in (forward_gain, backward_gain):
        assert gain(activations["relu"], pre_activation_std=std).value == pytest.approx(2, rel=1e-15)


def test_selu_is_self_normalising() -> None:
    """Klambauer et al. (2017): zero mean and unit variance are a fixed point."""
    assert forward_gain(activations["selu"]).value == pytest.approx(1, rel=1e-14)


def test_leaky_slope() -> None:
    """He et al. (2015), equation 15: (1 + a^2) fan Var[w] / 2 = 1."""
    assert forward_gain(activations["prelu"]).value == pytest.approx(2 / (1 + 0.25**2), rel=1e-14)
    assert forward_gain(activations["crelu"]).value == pytest.approx(2, rel=1e-14)


def test_a_gated_pair_sums_over_both_pre_activations() -> None:
    """ReGLU has E[g^2] = q / 2 and E[g'^2] = 1 / 2: q^2 / 2 forward, q / 2 + q / 2 backward."""
    q = 4.0
    assert forward_gain(activations["reglu"], pre_activation_std=2.0).value == pytest.approx(2 / q, rel=1e-14)
    assert backward_gain(activations["reglu"], pre_activation_std=2.0).value == pytest.approx(
        1 / q, rel=1e-14
    )


def test_no_gain_holds_the_gradient_of_a_threshold() -> None:
    assert backward_gain(activations["lif"]).value == 0
    assert math.isinf(backward_gain(activations["heaviside"]).value)


@pytest.mark.parametrize("name", sorted(set(activations) - {"lif"}))
def test_rate_is_the_derivative_of_the_mean_square(name: str) -> None:
    q, step = 1.3, 1e-4
    difference = (
        mean_square(activations[name], q + step).value - mean_square(activations[name], q - step).value
    )
    assert mean_square_rate(activations[name], q).value == pytest.approx(difference / (2 * step), rel=1e-6)


def test_the_generator_of_torch_is_untouched() -> None:
    before = torch.get_rng_state()
    forward_gain(activations["gelu"])
    assert torch.equal(before, torch.get_rng_state())
