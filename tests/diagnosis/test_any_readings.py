"""Whatever was read, a diagnosis can be made of it, and told."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.made import HEALTHY, chain
from tests.records import readings_of_a_run

import relume
from relume.diagnosis.diagnose import ORDER
from relume.types import Finding, Reading, Readings


def assert_can_be_told(readings: Readings) -> None:
    diagnosis = relume.diagnose(readings)
    assert str(diagnosis)
    for finding in diagnosis.findings:
        assert finding.problem in ORDER
        assert_is_a_tree(finding)


def assert_is_a_tree(finding: Finding) -> None:
    for consequence in finding.consequences:
        assert consequence.problem in ORDER
        assert_is_a_tree(consequence)


@given(readings_of_a_run())
def test_of_any_run(readings: Readings) -> None:
    assert_can_be_told(readings)


def spoiled(reading: Reading, value: float) -> Reading:
    """The reading as it is once a value was not finite."""
    sums = {"sum": reading.value.sum + value, "sum_of_squares": reading.value.sum_of_squares + value}
    return replace(
        reading,
        value=replace(reading.value, **sums, largest=np.full(reading.value.units, value)),
        gradient=replace(reading.gradient, sum_of_squares=reading.gradient.sum_of_squares + value),
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
@given(spoilt=st.sets(st.integers(0, 5)))
def test_of_values_that_are_not_finite(value: float, spoilt: set[int]) -> None:
    readings = chain(gradients=[1e-3] * 6)
    sites = {
        name: spoiled(each, value) if place in spoilt else each
        for place, (name, each) in enumerate(readings.items())
    }
    assert_can_be_told(replace(readings, readings=sites))


@pytest.mark.parametrize("name", HEALTHY)
def test_of_units_that_are_pooled(name: str) -> None:
    assert_can_be_told(HEALTHY[name].pooled())


@pytest.mark.parametrize("name", HEALTHY)
def test_of_windows_that_are_added(name: str) -> None:
    twice = relume.diagnose(HEALTHY[name] + HEALTHY[name])
    assert twice.is_healthy, str(twice)
