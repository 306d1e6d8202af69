"""A linear probe on codes of which it is known whether they can be separated."""

import pytest
import torch
from tests.evidence.planted_codes import HERE

from relume.evidence.claim import Subject
from relume.evidence.claims.linear_separability import (
    ALL_LAYERS,
    PROBE,
    SPARSER,
    TRAINED,
    UNTRAINED,
    judge,
    linear_probe,
    measure,
)
from relume.types import Sample

SIZES = {"width": 8, "steps": 10, "seeds": 3, "l1": 0.0}


def measured(network: str, state: str = UNTRAINED) -> list[Sample]:
    subject = Subject(data=f"{HERE}:signs", network=f"{HERE}:{network}")
    parts = [{"activation": name, "state": state, **SIZES} for name in ("relu", "tanh")]
    return [sample for part in parts for sample in measure(subject, part)]


def test_it_holds_where_the_answer_is_a_sum_of_rectified_values() -> None:
    found = judge(measured("both_signs"))  # |x| is relu(x) + relu(-x); tanh(x) + tanh(-x) is 0
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.low > 0.2


def test_it_does_not_hold_where_rectifying_leaves_nothing() -> None:
    found = judge(measured("only_below"))
    assert found.holds == "does not hold"
    assert found.interval.high < -0.2


def test_training_comes_before_the_probe() -> None:
    found = judge(measured("both_signs", TRAINED))
    assert found.holds == "holds"
    assert f"relu, {TRAINED}, less tanh, {TRAINED}" in found.effect


def test_a_probe_finds_a_line_and_no_circle() -> None:
    x = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    line, circle = (x[:, 0] > 3 * x[:, 1]).long(), (x.norm(dim=1) > 1.18).long()
    own, other = x[:1000], x[1000:]
    fit, test = linear_probe(1e3 * own + 5, line[:1000], 1e3 * other + 5, line[1000:], classes=2)
    assert fit > 0.98
    assert test > 0.98
    assert linear_probe(own, circle[:1000], other, circle[1000:], classes=2)[1] < 0.7


def test_a_probe_is_sklearns_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    draw = torch.Generator().manual_seed(0)
    x = torch.randn(600, 5, generator=draw)
    y = (x @ torch.randn(5, 3, generator=draw) + torch.randn(600, 3, generator=draw)).argmax(1)
    x = (x - x.mean(0)) / x.std(0)
    reference = LogisticRegression(C=1 / (600 * 1e-3), max_iter=1000).fit(x.numpy(), y.numpy())
    fit, _ = linear_probe(x, y, x, y, classes=3)
    assert fit == pytest.approx(reference.score(x.numpy(), y.numpy()), abs=0.005)


def by_hand(series: str, *probes: float) -> list[Sample]:
    return [
        Sample(quantity=PROBE, series=series, x=x, seed=seed, value=value)
        for seed, value in enumerate(probes)
        for x in (ALL_LAYERS, 1)
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    relu = by_hand("relu, trained", 0.80, 0.81, 0.82)
    worse = by_hand("tanh, trained", 0.75, 0.76, 0.77)
    equal = by_hand("sigmoid, trained", 0.80, 0.81, 0.82)
    unsure = by_hand("softplus, trained", 0.70, 0.81, 0.92)
    assert judge([*relu, *worse]).holds == "holds"
    assert judge([*relu, *equal]).holds == "does not hold"
    assert judge([*relu, *unsure]).holds == "not decided"
    mixed = judge([*relu, *worse, *equal])
    assert mixed.holds == "holds within limits"
    assert "not at relu, trained against sigmoid, trained (+0.0 points)" in mixed.limits
    sparser = judge([*relu, *by_hand(f"{SPARSER}, trained", 0.9, 0.91, 0.92)])
    assert (sparser.holds, round(sparser.interval.estimate, 2)) == ("holds", 0.1)
