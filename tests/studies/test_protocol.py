"""What all engines keep to: the batches of a seed, and what a training has to be."""

import pytest
import torch
from tests.studies.tiny import job

from relume.errors import PlanError
from relume.studies.mlp import MLP
from relume.studies.protocol import Training, batch_order, orders

TRAINING = Training(batch_size=32, steps=5)


def test_networks_of_one_seed_see_the_same_batches() -> None:
    jobs = [job("relu", seed=3), job("tanh", "he", 0.1, seed=3), job("relu", seed=4)]
    streams = orders(100, TRAINING, jobs)
    assert list(streams) == [3, 4]
    assert torch.equal(streams[3], batch_order(100, TRAINING, 3))
    assert not torch.equal(streams[3], streams[4])


def test_an_epoch_shows_every_example_once_but_for_its_incomplete_batch() -> None:
    order = batch_order(100, Training(batch_size=30, steps=7), 0)
    assert order.shape == (7, 30)
    for epoch in order[:3], order[3:6]:
        assert len(set(epoch.flatten().tolist())) == 90
    assert not torch.equal(order[:3], order[3:6])
    assert batch_order(20, Training(batch_size=30, steps=3), 0).shape == (3, 20)


def test_training_of_nothing_is_told() -> None:
    with pytest.raises(PlanError, match=r"^unknown optimiser 'sdg': choose one of sgd, momentum, adam"):
        Training(optimizer="sdg")  # type: ignore[arg-type]
    with pytest.raises(PlanError, match=r"at least one step and one example a batch: got 0 steps of 128\.$"):
        Training(steps=0)
    with pytest.raises(PlanError, match=r"^an MLP needs a depth and a width of at least 1: got 0x8\.$"):
        MLP(0, 8)
