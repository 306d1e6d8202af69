"""A value tells that the slope is small: at and beyond the bounds it is, between them it is not."""

import math

import pytest
import torch
from torch import Tensor

from relume import activations
from relume.catalogue.activation import Activation
from relume.catalogue.flatness import FLAT_SLOPE, flat_bounds

STEP = 1e-4  # between the inputs that the bounds are searched on
# On the inputs of the search, where the bounds themselves are, and off them.
ON = torch.linspace(-40, 40, 800_001, dtype=torch.float64)
POINTS = torch.cat([ON, ON[::7] * 1.7 + 0.37 * STEP])
BOUNDED = {name: a for name, a in activations.items() if not all(map(math.isnan, flat_bounds(a)))}


def points(activation: Activation) -> Tensor:
    """Without the kinks themselves, where the slope is a choice: relu's at 0 is 0, 0.5 or 1."""
    kinks = torch.tensor([kink.at for kink in activation.kinks], dtype=torch.float64)
    return POINTS[((POINTS[:, None] - kinks).abs() > STEP / 10).all(1)]


def on_flat_ends(activation: Activation, x: Tensor) -> Tensor:
    below, above = flat_bounds(activation)
    values = activation.value(x)
    return (values <= below) | (values >= above)


@pytest.mark.parametrize("activation", BOUNDED.values(), ids=BOUNDED)
def test_a_value_at_or_beyond_a_bound_means_a_small_slope(activation: Activation) -> None:
    x = points(activation)
    flat = on_flat_ends(activation, x)
    assert flat.any()
    assert activation.derivative(x[flat]).abs().max() < FLAT_SLOPE


@pytest.mark.parametrize("activation", BOUNDED.values(), ids=BOUNDED)
def test_a_value_between_the_bounds_means_a_large_one(activation: Activation) -> None:
    x = points(activation)
    between = ~on_flat_ends(activation, x)
    assert between.any()
    # A bound is off by one input of the search at most; the slope changes by less than 0.1 % on the way.
    assert activation.derivative(x[between]).abs().min() > FLAT_SLOPE * 0.999


@pytest.mark.parametrize("activation", BOUNDED.values(), ids=BOUNDED)
def test_bounds_are_where_the_activation_is_declared_flat(activation: Activation) -> None:
    below, above = flat_bounds(activation)
    assert math.isnan(below) == (activation.flat_ends == "right")
    assert math.isnan(above) == (activation.flat_ends == "left")
    assert not below >= above


@pytest.mark.parametrize(
    ("name", "below", "above"),
    [
        ("relu", 0.0, math.nan),
        ("relu6", 0.0, 6.0),
        ("hardtanh", -1.0, 1.0),
        ("thresholded_relu", 0.0, math.nan),
        ("sigmoid", (1 - math.sqrt(0.8)) / 2, (1 + math.sqrt(0.8)) / 2),  # y (1 - y) = 0.05
        ("tanh", -math.sqrt(0.95), math.sqrt(0.95)),  # 1 - y^2 = 0.05
        ("elu", -0.95, math.nan),  # 1 + y = 0.05
        ("softplus", -math.log(0.95), math.nan),  # 1 - exp(-y) = 0.05
    ],
)
def test_known_bounds(name: str, below: float, above: float) -> None:
    assert flat_bounds(activations[name]) == pytest.approx((below, above), abs=2e-5, nan_ok=True)


def test_relu_is_flat_at_exactly_zero() -> None:
    assert flat_bounds(activations["relu"])[0] == 0.0
    assert on_flat_ends(activations["relu"], torch.tensor([-3.0, -0.0, 0.0, 1e-30])).tolist() == [1, 1, 1, 0]


def test_nan_is_on_no_flat_end() -> None:
    assert not any(on_flat_ends(a, torch.tensor([math.nan])).any() for a in BOUNDED.values())


@pytest.mark.parametrize("name", [n for n in activations if n not in BOUNDED])
def test_where_the_value_does_not_tell_there_are_no_bounds(name: str) -> None:
    activation = activations[name]
    assert all(map(math.isnan, flat_bounds(activation)))
    tells = activation.form == "elementwise" and activation.monotonicity != "non-monotone"
    assert not tells or activation.flat_ends == "none" or name == "heaviside"  # its slope is 0 everywhere


@pytest.mark.parametrize("name", [n for n, a in activations.items() if a.parameters])
def test_entries_that_learn_parameters_are_answered(name: str) -> None:
    assert len(flat_bounds(activations[name])) == 2
