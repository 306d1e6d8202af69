"""A study's sums against plain numpy, each network with the flat ends of its own activation."""

import math

import numpy as np
import pytest
import torch
from tests.studies.tiny import job, tiny_data

from relume import activations
from relume.catalogue.flatness import NO_FLAT_ENDS, flat_bounds
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.studies.readings import pooled_readings, pooled_sums
from relume.studies.stacked import train_stacked

NAMES = ("relu", "tanh", "gelu", "sigmoid", "logsigmoid")


def test_sums_are_those_of_numpy() -> None:
    x = 2 * torch.randn(len(NAMES), 40, 8, generator=torch.Generator().manual_seed(0))
    values = torch.stack([activations[name].value(row) for name, row in zip(NAMES, x, strict=True)])
    bounds = [flat_bounds(activations[name]) for name in NAMES]
    for name, found, of_network in zip(NAMES, pooled_sums(values, bounds), values, strict=True):
        expected = of_network.double().numpy().ravel()
        below, above = flat_bounds(activations[name])
        flat = np.count_nonzero((expected <= below) | (expected >= above))
        assert found.count.tolist() == [320]
        assert found.zeros.tolist() == [np.count_nonzero(expected == 0)]
        assert found.fired.tolist() == [np.count_nonzero(expected > 0)]
        assert found.flat.tolist() == [flat]
        assert found.largest.tolist() == [np.abs(expected).max()]
        np.testing.assert_allclose(found.sum, [expected.sum()], rtol=1e-12)
        np.testing.assert_allclose(found.sum_of_squares, [np.square(expected).sum()], rtol=1e-12)
        assert (flat > 0) == (name != "gelu")  # of GELU one value has several slopes


def test_gradients_are_on_no_flat_end_and_keep_their_smallest_squares() -> None:
    (found,) = pooled_sums(torch.tensor([[0.0, -1e-30, 3.0]]), [NO_FLAT_ENDS])
    assert (found.flat.tolist(), found.zeros.tolist(), found.fired.tolist()) == ([0], [1], [1])
    (tiny,) = pooled_sums(torch.full((1, 4), 1e-30), [NO_FLAT_ENDS])
    assert tiny.root_mean_square == pytest.approx(1e-30)


def test_nan_shows_in_the_sums_and_no_values_are_nothing_seen() -> None:
    (found,) = pooled_sums(torch.tensor([[math.nan, 1.0]]), [(0.0, 1.0)])
    assert math.isnan(found.sum[0])
    assert math.isnan(found.largest[0])
    assert (found.flat.tolist(), found.fired.tolist(), found.zeros.tolist()) == ([1], [1], [0])
    (nothing,) = pooled_sums(torch.zeros(1, 0), [(0.0, 1.0)])
    assert (nothing.count.tolist(), nothing.largest.tolist()) == ([0], [0.0])
    assert math.isnan(nothing.root_mean_square)


def test_readings_are_by_site_in_the_order_given() -> None:
    (value,), (gradient,) = (pooled_sums(torch.ones(1, 3), [NO_FLAT_ENDS]) for _ in range(2))
    found = pooled_readings(["a", "b"], "relu", examples=3, step=7, sums=[(value, gradient)] * 2)
    assert [str(site) for site in found.sites] == list(found) == ["a", "b"]
    assert found["a"].steps == range(7, 8)
    assert found["a"].examples == 3


def test_a_study_knows_before_which_step_it_measured() -> None:
    jobs = [job("relu"), job("sigmoid")]
    for found in train_stacked(MLP(2, 8), jobs, tiny_data(), Training(batch_size=32, steps=6)):
        assert {reading.steps for reading in found.at_start.values()} == {range(1)}
        assert {reading.steps for reading in found.at_end.values()} == {range(6, 7)}
