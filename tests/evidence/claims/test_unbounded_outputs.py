"""'Unbounded outputs blow up' against networks that are known to, and known not to."""

import math
from collections.abc import Sequence

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from relume.evidence.claim import Part, Subject
from relume.evidence.claims import unbounded_outputs as claim
from relume.evidence.claims.unbounded_outputs import AFTER, BACKWARD, FORWARD, HE, LARGE, LOSS, SCALES
from relume.evidence.deep_perceptron import BATCH_NORM, LAYER_NORM, PLAIN, limit_norms
from relume.types import Sample

SUBJECT = Subject()
judge = claim.unbounded_outputs.judge


def measured(activation: str, variant: str, gain: float, *, depth: int = 30, steps: int = 0) -> list[Sample]:
    part: Part = {
        "activation": activation,
        "variant": variant,
        "gain": gain,
        "depth": depth,
        "width": 64,
        "seeds": 6,
        "steps": steps,
    }
    return list(claim.unbounded_outputs.measure(SUBJECT, part))


def made(quantity: str, variant: str, values: Sequence[float], *, gain: float = LARGE) -> list[Sample]:
    series = f"relu; {variant}; {SCALES[gain]}"
    return [
        Sample(quantity=quantity, series=series, x=50, seed=seed, value=value)
        for seed, value in enumerate(values)
    ]


def test_large_weights_blow_relu_up_and_layer_norm_prevents_it() -> None:
    verdict = judge(measured("relu", PLAIN, LARGE) + measured("relu", LAYER_NORM, LARGE))
    assert verdict.holds == "holds"
    assert verdict.interval.low > 1000


def test_a_bounded_activation_does_not_blow_up() -> None:
    assert judge(measured("tanh", PLAIN, LARGE)).holds == "does not hold"


def test_hes_weights_do_not_blow_up() -> None:
    assert judge(measured("relu", PLAIN, HE)).holds == "does not hold"


def test_under_batch_norm_the_gradient_grows_by_the_published_factor() -> None:
    samples = measured("relu", BATCH_NORM, LARGE)
    found = claim._batch_norm_a_layer(samples)
    assert found.estimate == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=0.02)
    gradients = [s.value for s in samples if s.quantity == BACKWARD]
    assert all(value > 100 for value in gradients)
    assert "batch norm prevents it" in judge(samples + measured("relu", PLAIN, LARGE)).limits


def test_max_norm_saves_a_network_that_had_blown_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "RATES", (1e-3,))
    start = measured("relu", PLAIN, LARGE, depth=16)
    saved = measured("relu", claim.MAX_NORM, LARGE, depth=16, steps=30)
    assert min(s.value for s in start if s.quantity == FORWARD) > 30
    assert max(s.value for s in saved if s.quantity == AFTER) < 10


def test_what_diverges_has_blown_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "RATES", (1e6,))
    samples = measured("relu", claim.WEIGHT_DECAY, LARGE, depth=4, steps=10)
    assert {s.value for s in samples if s.quantity == AFTER} == {math.inf}
    cases = judge(samples + measured("relu", PLAIN, LARGE)).limits
    assert "not at weight decay prevents it in training" in cases
    assert "(most networks diverge)" in cases


def test_the_figure_finds_what_the_plan_has_trained() -> None:
    planned = claim.unbounded_outputs.plan(SUBJECT, "quick")
    assert {part["depth"] for part in planned if part["steps"]} == {claim.TRAINED_DEPTH}
    assert claim.JUDGED_DEPTH in {part["depth"] for part in planned if not part["steps"]}


def test_norms_are_scaled_down_and_never_up() -> None:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0, 4.0], [0.1, 0.2, 0.2]]))
    limit_norms(layer, largest=1.0)
    assert torch.allclose(layer.weight, torch.tensor([[0.6, 0.0, 0.8], [0.1, 0.2, 0.2]]))


GROWN, STEADY = (1e4, 1.1e4, 1.2e4, 0.9e4, 1e4, 1e4), (1.0, 1.1, 0.9, 1.0, 1.05, 1.0)
WIDE = (10.0, 1e4, 50.0, 1e3, 300.0, 20.0)


@pytest.mark.parametrize(
    ("plain", "normed", "holds"),
    [
        (GROWN, STEADY, "holds"),
        (GROWN, GROWN, "holds within limits"),
        (STEADY, GROWN, "does not hold"),
        (WIDE, WIDE, "not decided"),
    ],
)
def test_every_answer_is_possible(plain: Sequence[float], normed: Sequence[float], holds: str) -> None:
    verdict = judge(made(FORWARD, PLAIN, plain) + made(FORWARD, BATCH_NORM, normed))
    assert verdict.holds == holds
    assert ("not at batch norm prevents it" in verdict.limits) == (holds == "holds within limits")


def test_what_never_learned_was_not_saved() -> None:
    start, silent = made(FORWARD, PLAIN, GROWN), made(AFTER, claim.WEIGHT_DECAY, [0.0] * 6)
    learned, stalled = (made(LOSS, claim.WEIGHT_DECAY, [loss] * 6) for loss in (0.5, 1.0))
    assert judge(start + silent + learned).holds == "holds"
    assert judge(start + silent + stalled).holds == "holds within limits"


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    samples = made(FORWARD, PLAIN, GROWN) + made(BACKWARD, PLAIN, GROWN) + made(AFTER, PLAIN, GROWN)
    claim.unbounded_outputs.draw(samples, figure)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "hidden layers",
        "hidden layers",
        "rms value, last over first",
    ]
