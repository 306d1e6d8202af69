"""Trains each activation at the setting that suits it best, chosen on seeds that are not reported."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

from relume.evidence.claim import Subject
from relume.evidence.subjects import one_thread
from relume.evidence.training import FINAL_SHARE, SELECTION_SEEDS
from relume.studies.comparison import steps_to
from relume.studies.data import Dataset
from relume.studies.engines import Network, train
from relume.studies.loading import find_function
from relume.studies.mlp import MLP
from relume.studies.protocol import Job, Training
from relume.types import Initialisation, Outcome, Setting

VALIDATION_SHARE = 1 / 6  # of the training examples, where settings are chosen by accuracy
Score = Callable[[Outcome], float]  # less is better


def contestant(subject: Subject, fallback: MLP) -> Network:
    """The user's network, or the claim's own MLP."""
    if subject.network is None:
        return Network(fallback.name, fallback)
    return Network(subject.network, find_function(subject.network))


def settings(
    network: Network, activation: str, schemes: Sequence[Initialisation], rates: Sequence[float]
) -> list[Setting]:
    """The grid that an activation may choose from."""
    return [
        Setting(network=network.name, activation=activation, initialisation=scheme, learning_rate=rate)
        for scheme, rate in product(schemes, rates)
    ]


def best_setting(
    network: Network, grid: Sequence[Setting], data: Dataset, training: Training, score: Score
) -> Setting:
    """The setting of the lowest score, on average over the seeds kept for choosing."""
    if len(grid) == 1:
        return grid[0]
    jobs = [Job(setting, seed) for setting in grid for seed in SELECTION_SEEDS]
    outcomes = trained(network, jobs, data, training)
    return min(grid, key=lambda setting: sum(score(o) for o in outcomes if o.setting == setting))


def trained(network: Network, jobs: Sequence[Job], data: Dataset, training: Training) -> list[Outcome]:
    """The outcomes of all jobs, in their order, by one torch thread."""
    with one_thread(0):
        return train(network, jobs, data, training, lambda networks: None)[1]


def validation(data: Dataset) -> Dataset:
    """The training examples alone, the last sixth of them to choose by: the test set stays unseen."""
    held_out = max(1, round(VALIDATION_SHARE * len(data.train_y)))
    return replace(
        data,
        train_x=data.train_x[:-held_out],
        train_y=data.train_y[:-held_out],
        test_x=data.train_x[-held_out:],
        test_y=data.train_y[-held_out:],
    )


def final_loss(outcome: Outcome) -> float:
    """The mean over the last tenth of the steps; infinite where training diverged."""
    if outcome.diverged_at is not None:
        return math.inf
    return float(outcome.losses[-max(1, round(FINAL_SHARE * len(outcome.losses))) :].mean())


def steps_until(outcome: Outcome, loss: float) -> float:
    """Steps until the mean loss of ten batches is at most `loss`; infinite if never."""
    steps = steps_to(outcome, loss)
    return math.inf if steps is None else float(steps)
