"""The mean-field numbers of the literature table, to every digit given."""

import math
from decimal import Decimal

import pytest

from relume import activations
from relume.theory.mean_field import (
    chi,
    critical_line,
    gradient_profile,
    gradient_ratio,
    length_fixed_point,
    length_map,
)
from relume.theory.moments import mean_square

# Unit-variance input, no biases. chi of layers 1, 5 and 50, sqrt(chi of layer 50), and the rms gradient at
# the input over that at the output of 10, 20, 30 and 50 hidden layers. An earlier version of this table was
# wrong in the last digit of three entries; 25-digit quadrature (mpmath) gives silu chi_1 = 0.379482 (was
# .380), selu L=50 = 5.63072 (was 5.64) and sigmoid 1/3 L=10 = 3.04729e-9 (was 3.1e-9).
TABLE = """
1    relu     .5    .5    .5    .707  3.1e-2  9.8e-4  3.1e-5  3.0e-8
1    tanh     .464  .819  .980  .990  .267    .190    .155    .120
1    sigmoid  .0448 .0557 .0557 .236  4.8e-7  2.6e-13 1.4e-19 4e-32
1    elu      .668  .768  .960  .980  .265    .143    .096    .058
1    gelu     .456  .258  .25   .5    2.0e-3  2.0e-6  1.9e-9  1.9e-15
1    silu     .379  .252  .25   .5    1.4e-3  1.4e-6  1.4e-9  1.3e-15
1    selu     1.072 1.072 1.072 1.035 1.41    2.00    2.82    5.63
2    relu     1     1     1     1     1       1       1       1
2    tanh     .699  1.078 1.106 1.051 1.08    1.79    2.95    8.06
2    sigmoid  .074  .101  .101  .318  8.9e-6  9.3e-11 9.8e-16 1e-25
2    elu      1.255 1.194 1.066 1.033 2.43    4.37    6.92    14.3
2    gelu     .979  .947  .5    .707  .693    6.2e-2  2.0e-3  1.9e-6
2    silu     .854  .699  .5    .707  .134    4.3e-3  1.3e-4  1.3e-7
1/3  relu     .1667 .1667 .1667 .408  1.3e-4  1.65e-8 2.1e-12 3.5e-20
1/3  tanh     .222  .332  .333  .577  3.1e-3  1.3e-5  5.2e-8  8.8e-13
1/3  sigmoid  .0181 .0200 .0200 .141  3.0e-9  9.8e-18 3.1e-26 3e-43
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
SCALES = {"1": 1.0, "2": 2.0, "1/3": 1 / 3}

# q*, then sigma_w / sigma_b^2 for which q* is a fixed point and chi is 1.
LENGTHS = (0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
CRITICAL = {
    "tanh": "1.010/.0000 1.085/.0008 1.181/.0081 1.299/.0380 1.467/.151 1.691/.512 1.977/1.518",
    "gelu": "1.975/.0001 1.817/.0040 1.677/.0152 1.567/.0345 1.481/.0672 1.429/.116 1.406/.186",
    "silu": "1.990/.0000 1.915/.0020 1.825/.0094 1.728/.0262 1.623/.0625 1.531/.128 1.464/.231",
    "elu": "1.037/.0000 1.103/.0008 1.146/.0040 1.184/.0123 1.223/.0347 1.262/.0881 1.297/.201",
}


def assert_rounds_to(value: float, digits: str) -> None:
    """To half a unit of the last digit written."""
    written = Decimal(digits)
    unit = Decimal((0, (1,), int(written.as_tuple().exponent)))
    assert abs(Decimal(value) - written) <= unit / 2, f"{value} is not {digits}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]}-{row[0]}")
def test_table(row: list[str]) -> None:
    scale, name, *numbers = row
    w2, q, chis = SCALES[scale], SCALES[scale], []
    for _ in range(50):
        chis.append(chi(activations[name], q, sigma_w=math.sqrt(w2)))
        q = length_map(activations[name], q, sigma_w=math.sqrt(w2))
    ratios = [gradient_ratio(activations[name], depth=depth, sigma_w2=w2) for depth in (10, 20, 30, 50)]
    for value, digits in zip(
        [chis[0], chis[4], chis[49], math.sqrt(chis[49]), *ratios], numbers, strict=True
    ):
        assert_rounds_to(value, digits)


@pytest.mark.parametrize("name", CRITICAL)
def test_critical_line(name: str) -> None:
    for q, point in zip(LENGTHS, CRITICAL[name].split(), strict=True):
        sigma_w, sigma_b_squared = point.split("/")
        found = critical_line(activations[name], q)
        assert_rounds_to(found.sigma_w, sigma_w)
        assert_rounds_to(found.sigma_b_squared, sigma_b_squared)
        assert found.exists
        sigma_b = math.sqrt(found.sigma_b_squared)
        assert length_map(activations[name], q, sigma_w=found.sigma_w, sigma_b=sigma_b) == pytest.approx(q)
        assert chi(activations[name], q, sigma_w=found.sigma_w) == pytest.approx(1)


def test_tanh_check_point() -> None:
    q = length_fixed_point(activations["tanh"], sigma_w=math.sqrt(1.76), sigma_b=math.sqrt(0.05))
    assert_rounds_to(q, ".5695")
    assert_rounds_to(chi(activations["tanh"], q, sigma_w=math.sqrt(1.76)), ".9998")


def test_sigmoid_has_no_usable_critical_point() -> None:
    sigmoid = activations["sigmoid"]
    assert not any(critical_line(sigmoid, q).exists for q in (*LENGTHS, 10.0, 45.6))
    assert critical_line(sigmoid, 45.7).exists
    assert_rounds_to(critical_line(sigmoid, 45.6).sigma_w, "10.15")
    for sigma_w in (0.5, 1.0, 2.0, 4.0):
        for sigma_b in (0.0, 0.5, 1.0, 3.0):
            q = length_fixed_point(sigmoid, sigma_w=sigma_w, sigma_b=sigma_b)
            assert chi(sigmoid, q, sigma_w=sigma_w) <= 0.40


@pytest.mark.parametrize(
    ("name", "sigma_w2", "sigma_b2", "expected"),
    [
        ("relu", 1.0, 0.0, 0.0),
        ("relu", 2.0, 0.0, 1.0),  # every length is a fixed point: it stays where it starts
        ("relu", 2.0, 0.1, math.inf),
        ("relu", 2.1, 0.0, math.inf),
        ("relu", 1.5, 0.1, 0.4),
        ("relu", 0.1, 5.0, 5 / 0.95),
        ("selu", 1.0, 0.0, 1.0),
        ("tanh", 0.9, 0.0, 0.0),
        ("tanh", 1.0, 0.0, 0.0),  # approached as 1 / layer
        ("swiglu", 8.0, 0.0, math.inf),
    ],
)
def test_length_fixed_points(name: str, sigma_w2: float, sigma_b2: float, expected: float) -> None:
    q = length_fixed_point(activations[name], sigma_w=math.sqrt(sigma_w2), sigma_b=math.sqrt(sigma_b2))
    assert q == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "elu", "softplus", "hardtanh", "lif", "crelu"])
def test_length_fixed_point_is_where_iteration_ends(name: str) -> None:
    sigma_w, sigma_b, q = 1.1, 0.3, 1.0
    for _ in range(300):
        q = length_map(activations[name], q, sigma_w=sigma_w, sigma_b=sigma_b)
    assert length_fixed_point(activations[name], sigma_w=sigma_w, sigma_b=sigma_b) == pytest.approx(
        q, rel=1e-6
    )


def test_relu_chi_is_half_the_scale_at_any_length() -> None:
    for q in (0.0, 1e-9, 1.0, 1e6):
        assert chi(activations["relu"], q, sigma_w=math.sqrt(3)) == pytest.approx(1.5, rel=1e-14)


def test_profile_is_the_product_of_the_layers_after() -> None:
    tanh = activations["tanh"]
    w2, b2 = [2.0, 1.0, 0.5], [0.1, 0.0, 0.3]
    q_1 = 2.0 * 4.0 + 0.1  # from data, which has passed no activation
    q_2 = 1.0 * mean_square(tanh, q_1).value
    q_3 = 0.5 * mean_square(tanh, q_2).value + 0.3
    chi_2, chi_3 = chi(tanh, q_2, sigma_w=1.0), chi(tanh, q_3, sigma_w=math.sqrt(0.5))
    profile = gradient_profile(tanh, q_input=4.0, sigma_w2=w2, sigma_b2=b2)
    assert profile == pytest.approx([math.sqrt(chi_2 * chi_3), math.sqrt(chi_3), 1.0], rel=1e-14)
    widened = gradient_profile(tanh, q_input=4.0, sigma_w2=w2, sigma_b2=b2, width_ratios=[7.0, 2.0, 0.5])
    assert widened == pytest.approx([math.sqrt(chi_2 * chi_3), math.sqrt(chi_3 / 2), 1.0], rel=1e-14)


def test_profile_and_ratio_agree() -> None:
    gelu = activations["gelu"]
    profile = gradient_profile(gelu, q_input=1.0, sigma_w2=[2.0] * 10, sigma_b2=[0.0] * 10)
    first = math.sqrt(chi(gelu, 2.0, sigma_w=math.sqrt(2)))
    assert profile[0] * first == pytest.approx(gradient_ratio(gelu, depth=10, sigma_w2=2.0), rel=1e-13)
