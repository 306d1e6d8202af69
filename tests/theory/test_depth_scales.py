"""Depth scales, against the literature's points and a plain two-dimensional quadrature."""

import math

import numpy as np
import pytest

from relume import activations
from relume.theory.depth_scales import correlation_fixed_point, correlation_series, depth_scales
from relume.theory.mean_field import chi, length_fixed_point, length_map
from relume.theory.moments import mean_square


@pytest.mark.parametrize(
    ("sigma_w2", "sigma_b2", "slope", "xi"),
    [(1.3, 0.05, 0.880, 7.8), (2.0, 0.05, 1.048, 21.5), (4.0, 0.05, 1.342, 3.4), (1.0, 0.3, 0.557, 1.7)],
)
def test_tanh_off_the_critical_line(sigma_w2: float, sigma_b2: float, slope: float, xi: float) -> None:
    sigma_w, sigma_b = math.sqrt(sigma_w2), math.sqrt(sigma_b2)
    q = length_fixed_point(activations["tanh"], sigma_w=sigma_w, sigma_b=sigma_b)
    assert chi(activations["tanh"], q, sigma_w=sigma_w) == pytest.approx(slope, abs=5e-4)
    assert depth_scales(activations["tanh"], sigma_w=sigma_w, sigma_b=sigma_b).gradient == pytest.approx(
        xi, abs=0.05
    )


def grid_means(q: float, c: float) -> tuple[float, float]:
    """E[tanh(u_1) tanh(u_2)] and E[tanh'(u_1) tanh'(u_2)] by the trapezoid rule on a 2-d grid."""
    z = np.linspace(-9, 9, 1201)
    density = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    u_1 = math.sqrt(q) * z[:, None]
    u_2 = math.sqrt(q) * (c * z[:, None] + math.sqrt(1 - c * c) * z[None, :])
    weights = density[:, None] * density[None, :]
    value = float((weights * np.tanh(u_1) * np.tanh(u_2)).sum())
    return value, float((weights / np.cosh(u_1) ** 2 / np.cosh(u_2) ** 2).sum())


@pytest.mark.parametrize("sigma_w2", [2.0, 4.0, 16.0])
def test_chaotic_correlation_against_two_dimensional_quadrature(sigma_w2: float) -> None:
    sigma_w, sigma_b2 = math.sqrt(sigma_w2), 0.05
    q = length_fixed_point(activations["tanh"], sigma_w=sigma_w, sigma_b=math.sqrt(sigma_b2))
    c, slope = correlation_fixed_point(activations["tanh"], q, sigma_w=sigma_w)
    value, product = grid_means(q, c)
    assert 0 < c < 1
    assert (sigma_w2 * value + sigma_b2) / q == pytest.approx(c, abs=1e-9)
    assert sigma_w2 * product == pytest.approx(slope, rel=1e-8)
    scales = depth_scales(activations["tanh"], sigma_w=sigma_w, sigma_b=math.sqrt(sigma_b2))
    assert scales.correlation == pytest.approx(-1 / math.log(slope))


@pytest.mark.parametrize("c", [0.0, 0.3, 0.9])
def test_relu_series_is_the_arc_cosine_kernel(c: float) -> None:
    """Cho & Saul (2009), Kernel methods for deep learning, equation 6, of order 1."""
    n, squares = correlation_series(activations["relu"], 1.0)
    angle = math.acos(c)
    kernel = (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi)
    assert float((squares * c**n).sum()) == pytest.approx(kernel, rel=1e-12)


@pytest.mark.parametrize("name", ["relu", "crelu", "gelu", "swiglu", "hardtanh", "softplus"])
def test_series_sums_to_the_mean_square(name: str) -> None:
    expected = mean_square(activations[name], 2.0).value
    assert float(correlation_series(activations[name], 2.0)[1].sum()) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["tanh", "gelu", "hardtanh", "softplus"])
def test_length_scale_is_the_pace_of_the_iteration(name: str) -> None:
    sigma_w, sigma_b = 1.2, 0.5
    fixed = length_fixed_point(activations[name], sigma_w=sigma_w, sigma_b=sigma_b)
    q, gaps = fixed * 1.001, []
    for _ in range(4):
        q = length_map(activations[name], q, sigma_w=sigma_w, sigma_b=sigma_b)
        gaps.append(q - fixed)
    measured = -1 / math.log(gaps[-1] / gaps[-2])
    assert depth_scales(activations[name], sigma_w=sigma_w, sigma_b=sigma_b).length == pytest.approx(
        measured, rel=1e-2
    )


def test_relu_at_its_edge_of_chaos() -> None:
    scales = depth_scales(activations["relu"], sigma_w=math.sqrt(2))
    assert min(scales.gradient, scales.correlation, scales.length) > 1e12


def test_where_a_scale_has_no_meaning_it_is_nan() -> None:
    growing = depth_scales(activations["relu"], sigma_w=2.0)
    assert growing.gradient == pytest.approx(1 / math.log(2))
    assert math.isnan(growing.correlation)
    assert math.isnan(growing.length)
    fading = depth_scales(activations["relu"], sigma_w=1.0)
    assert (fading.gradient, fading.length) == pytest.approx((1 / math.log(2), 1 / math.log(2)))
    assert math.isnan(fading.correlation)
