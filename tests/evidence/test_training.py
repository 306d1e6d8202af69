"""Training for a claim: it is torch's own, and the rate is chosen on seeds that are not reported."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.evidence.claim import Subject
from relume.evidence.subjects import build, dataset
from relume.evidence.training import SELECTION_SEEDS, History, best_rate, guessing_loss, train
from relume.studies.mlp import MLP
from relume.studies.plain import train_plain
from relume.studies.protocol import Job, Training
from relume.types import Setting

SUBJECT, SHORT = Subject(), Training(steps=12, batch_size=32)


def network(seed: int = 0) -> nn.Module:
    return build(SUBJECT, activations["relu"], fallback=MLP(2, 16), seed=seed)


def test_it_trains_as_the_study_does() -> None:
    job = Job(Setting(network="mlp 2x16", activation="relu", initialisation="he", learning_rate=0.05), 3)
    expected = train_plain(network(3), job, dataset(SUBJECT), SHORT)
    found = train(network(3), dataset(SUBJECT), seed=3, rate=0.05, training=SHORT)
    assert list(found.losses) == expected.losses.tolist()


def test_weight_decay_and_the_constraint_reach_the_weights() -> None:
    data = dataset(SUBJECT)
    free, decayed, held = network(), network(), network()
    train(free, data, seed=0, rate=0.05, training=SHORT)
    train(decayed, data, seed=0, rate=0.05, training=SHORT, weight_decay=0.5)
    train(
        held,
        data,
        seed=0,
        rate=0.05,
        training=SHORT,
        after_step=lambda m: [p.data.zero_() for p in m.parameters()],
    )
    sizes = [
        sum(float(p.detach().square().sum()) for p in each.parameters()) for each in (free, decayed, held)
    ]
    assert sizes[0] > sizes[1] > sizes[2] == 0.0


def test_sixteen_bits_reach_the_activations() -> None:
    seen = []
    model = network()
    model.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    for precision in ("bfloat16", "float16"):
        history = train(model, dataset(SUBJECT), seed=0, rate=0.01, training=SHORT, precision=precision)
        assert not history.diverged
    assert set(seen) == {torch.bfloat16, torch.float16}
    assert all(p.dtype == torch.float32 for p in model.parameters())


def test_what_diverges_has_an_infinite_loss() -> None:
    history = train(network(), dataset(SUBJECT), seed=0, rate=1e30, training=SHORT)
    assert history.diverged
    assert history.final_loss == math.inf
    assert len(history.losses) < SHORT.steps


def test_the_rate_is_chosen_on_other_seeds() -> None:
    asked = []

    def final_loss(rate: float, seed: int) -> float:
        asked.append(seed)
        return math.inf if rate > 0.1 else 1 - rate

    assert best_rate(final_loss, [0.01, 0.1, 1.0]) == 0.1
    assert set(asked) == set(SELECTION_SEEDS)
    assert min(SELECTION_SEEDS) > 1000


def test_guessing_costs_the_entropy_of_the_labels() -> None:
    data = dataset(SUBJECT)
    shares = torch.bincount(data.train_y) / len(data.train_y)
    expected = F.cross_entropy(shares.log().expand(len(data.train_y), -1), data.train_y)
    assert guessing_loss(data) == pytest.approx(float(expected), abs=1e-5)


def test_the_final_loss_is_that_of_the_last_tenth() -> None:
    assert History(tuple(float(i) for i in range(20)), diverged=False).final_loss == 18.5
