"""Oddness, one-sidedness and the fit to a neuron's rate: known for the functions that define them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from relume.catalogue import activations
from relume.evidence.claim import Subject
from relume.evidence.claims.one_sidedness import (
    CURRENTS,
    IDENTITY,
    MISFIT,
    ODD,
    ONE_SIDED,
    Z,
    fit,
    judge,
    measure,
    symmetry,
)
from relume.theory.lif import firing_rate
from relume.types import Sample


def measured(name: str) -> list[Sample]:
    return list(measure(Subject(), {"activation": name}))


def of(name: str, quantity: str, samples: Sequence[Sample]) -> float:
    (value,) = (s.value for s in samples if (s.series, s.quantity) == (name, quantity))
    return value


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [s for name in ("sigmoid", "tanh", "relu", "lif") for s in measured(name)]


@pytest.mark.parametrize(
    ("response", "odd", "one_sided"),
    [
        (Z, 1, 0),
        (Z.abs(), 0, 0),
        (Z.clamp(min=0), 0.5, 1),
        (Z.clamp(max=0), 0.5, 1),
        (
            Z.clamp(min=0) + 0.5 * Z.clamp(max=0),
            0.9,
            0.6,
        ),  # (1 + 0.5)^2 / 2 over 1 + 0.25, and 0.75 over 1.25
    ],
)
def test_symmetry_is_what_it_is_of_known_functions(
    response: torch.Tensor, odd: float, one_sided: float
) -> None:
    assert symmetry(response, rest=0.0) == pytest.approx((odd, one_sided))
    assert symmetry(response + 3, rest=3.0) == pytest.approx((odd, one_sided))


def test_a_constant_has_no_symmetry() -> None:
    assert all(value != value for value in symmetry(torch.zeros_like(Z), rest=0.0))


def test_the_neuron_fits_itself_and_a_planted_rate_is_found(samples: list[Sample]) -> None:
    assert of("lif", MISFIT, samples) < 1e-3
    planted = 700 * activations["tanh"].value(1.7 * (CURRENTS - 0.4)) + 250
    assert float((fit("tanh", planted) - planted).abs().max()) < 0.1
    assert float((fit("relu", planted) - planted).square().mean().sqrt()) > 30


def test_a_rate_that_falls_is_not_fitted_by_turning_the_activation_over() -> None:
    falling = -firing_rate(CURRENTS)
    assert float((fit("relu", falling) - falling.mean()).abs().max()) < 1e-9


def test_parts_of_the_statement_that_are_known_hold(samples: list[Sample]) -> None:
    found = judge(samples)
    assert of("tanh", IDENTITY, samples) < 1e-15
    assert of("tanh", ODD, samples) == pytest.approx(1)
    assert of("relu", ONE_SIDED, samples) == pytest.approx(1)
    assert "tanh is odd (1)" in found.limits.partition("not:")[0]
    assert found.interval.estimate == pytest.approx(of("tanh", MISFIT, samples) / of("relu", MISFIT, samples))


def changed(samples: list[Sample], changes: dict[tuple[str, str], float]) -> list[Sample]:
    return [replace(s, value=changes.get((s.series, s.quantity), s.value)) for s in samples]


def test_verdicts_of_samples_made_by_hand(samples: list[Sample]) -> None:
    better = {("relu", MISFIT): 0.01, ("tanh", MISFIT): 0.5, ("sigmoid", MISFIT): 0.5}
    assert judge(changed(samples, better)).holds == "holds"
    soft = judge(changed(samples, {**better, ("relu", ONE_SIDED): 0.6}))
    assert soft.holds == "holds within limits"
    assert "not: one side only" in soft.limits
    wrong = {("relu", ONE_SIDED): 0.0, ("tanh", ODD): 0.5, ("tanh", IDENTITY): 0.1, ("relu", MISFIT): 9.0}
    assert judge(changed(samples, wrong)).holds == "does not hold"
