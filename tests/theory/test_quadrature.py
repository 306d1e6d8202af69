"""Means over a normal variable, against closed forms and scipy's adaptive quadrature."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from scipy import integrate
from torch import Tensor

from relume import activations
from relume.catalogue.activation import Activation
from relume.theory.moments import mean_square, mean_square_slope, slopes, values
from relume.theory.quadrature import Estimate, gaussian_mean


def quad(f: Callable[[float], float], breaks: list[float]) -> Estimate:
    """E[f(z)] by scipy, piece by piece between integers and kinks."""
    points = sorted({*range(-14, 15), *(b for b in breaks if abs(b) < 14)})
    pieces = [
        integrate.quad(
            lambda z: f(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
            *ends,
            epsabs=1e-15,
            epsrel=1e-13,
            limit=200,
            full_output=1,
        )
        for ends in pairwise(points)
    ]
    return Estimate(math.fsum(p[0] for p in pieces), math.fsum(p[1] for p in pieces))


def assert_agree(ours: Estimate, oracle: Estimate) -> None:
    assert abs(ours.value - oracle.value) <= ours.error + oracle.error
    assert ours.error <= 1e-10 * abs(ours.value)


@pytest.mark.parametrize(
    ("f", "kinks", "expected"),
    [
        (lambda z: z.square(), [], 1.0),
        (lambda z: z**8, [], 105.0),
        (lambda z: z.cos(), [], math.exp(-0.5)),
        (lambda z: (3 * z).exp(), [], math.exp(4.5)),
        (lambda z: (10 * z).exp(), [], math.exp(50)),
        (lambda z: (z > 0.3).double(), [0.3], math.erfc(0.3 / math.sqrt(2)) / 2),
        (lambda z: z.abs(), [0.0], math.sqrt(2 / math.pi)),
        (lambda z: (z - 1).abs(), [1.0], math.sqrt(2 / math.pi) * math.exp(-0.5) + math.erf(math.sqrt(0.5))),
        (lambda z: z.abs() ** -0.5, [0.0], 2**-0.25 * math.gamma(0.25) / math.sqrt(math.pi)),
        (lambda z: (z.abs() < 1e-6).double(), [-1e-6, 1e-6], math.erf(1e-6 / math.sqrt(2))),
    ],
)
def test_closed_forms(f: Callable[[Tensor], Tensor], kinks: list[float], expected: float) -> None:
    estimate = gaussian_mean(f, kinks=kinks)
    assert abs(estimate.value - expected) <= estimate.error
    assert estimate.error < 1e-6 * expected


def test_half_of_a_square_to_rounding() -> None:
    estimate = gaussian_mean(lambda z: z.clamp(min=0).square(), kinks=[0.0])
    assert abs(estimate.value - 0.5) <= 2e-16


def test_an_undeclared_kink_shows_in_the_error() -> None:
    estimate = gaussian_mean(lambda z: (z > 0.3).double())
    assert estimate.error > 1e-4


def test_a_spike_between_the_nodes_is_seen() -> None:
    """Two even Gauss-Hermite orders would both give 0 here."""
    estimate = gaussian_mean(lambda z: torch.exp(-((1e4 * z) ** 2)))
    assert estimate.value == pytest.approx(1 / math.sqrt(1 + 2e8), rel=1e-12)


@pytest.mark.parametrize("power", [-1.0, -1.5, -2.0])
def test_divergence_is_infinite(power: float) -> None:
    estimate = gaussian_mean(lambda z: torch.where(z > 1, (z - 1).abs() ** power, 0.0), kinks=[1.0])
    assert estimate == Estimate(math.inf, math.inf)


@pytest.mark.parametrize("q", [0.25, 1.0, 45.6])
@pytest.mark.parametrize("activation", activations.values(), ids=activations)
def test_moments_against_scipy(activation: Activation, q: float) -> None:
    def oracle(of: Callable[[Activation, Tensor], Tensor]) -> Estimate:
        def square(z: float) -> float:
            return float(
                of(activation, torch.tensor([math.sqrt(q) * z], dtype=torch.float64)).square().mean()
            )

        # torch computes softplus as x beyond 20, a step of 2e-9 that scipy does not find by itself.
        return quad(square, [at / math.sqrt(q) for at in (20.0, *(kink.at for kink in activation.kinks))])

    gated = activation.form == "gated"
    value = oracle(values)
    assert_agree(mean_square(activation, q), value.scaled(q) if gated else value)
    if any(kink.kind == "vertical" for kink in activation.kinks):
        assert mean_square_slope(activation, q) == Estimate(math.inf, math.inf)
    else:
        slope = oracle(slopes)
        assert_agree(mean_square_slope(activation, q), slope.scaled(q) + value if gated else slope)
