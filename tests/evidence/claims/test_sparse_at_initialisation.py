"""Zeros before training: half of them where nothing tells the two signs apart, and only there."""

import pytest
import torch
from torch import nn

from relume.evidence.claim import Subject
from relume.evidence.claims.sparse_at_initialisation import (
    ALL_LAYERS,
    DRAWS,
    SILENT,
    ZEROS,
    hidden,
    judge,
    measure,
    shift,
)
from relume.types import Sample

DIGITS = Subject(data="fashion-mnist")


def measured(drawn: str, *, width: int = 64) -> list[Sample]:
    return list(measure(DIGITS, {"draw": drawn, "width": width, "seeds": 8}))


def test_half_are_zero_where_weights_have_no_mean() -> None:
    found = judge(measured("zero mean"))
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.low < 0.5 < found.interval.high
    assert found.interval.high - found.interval.low < 0.1


@pytest.mark.parametrize("drawn", [name for name in DRAWS if name != "zero mean"])
def test_it_does_not_hold_where_they_have_one(drawn: str) -> None:
    other = measured(drawn)
    found = judge([*measured("zero mean"), *other])
    assert found.holds == "holds within limits"
    assert f"not at {drawn}, width 64" in found.limits


def test_a_bias_makes_more_or_fewer_zeros() -> None:
    up, down = measured("biases of +1 std"), measured("biases of -1 std")
    first = [
        torch.tensor([s.value for s in each if (s.quantity, s.x) == (ZEROS, 1)]).mean() for each in (up, down)
    ]
    # P(z < -1) and P(z < 1) of the pre-activation, if it were normal
    assert float(first[0]) == pytest.approx(0.159, abs=0.06)
    assert float(first[1]) == pytest.approx(0.841, abs=0.06)


def test_zeros_are_counted_exactly() -> None:
    model = nn.Sequential(nn.Linear(2, 4, bias=False), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 0], [-1, 0], [0, 1], [-1, -1]]))
    (outputs,) = hidden(model, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert (outputs == 0).float().mean() == 0.5  # two of the four units, silent on both
    shift(model, 0.0, 10.0)
    assert (hidden(model, torch.tensor([[1.0, 2.0]]))[0] == 0).float().mean() == 0.5  # no bias to shift


def test_a_network_without_rectifiers_has_nothing_to_count() -> None:
    assert hidden(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), torch.ones(1, 2)) == []


def by_hand(*shares: float) -> list[Sample]:
    return [
        Sample(quantity=ZEROS, series="zero mean, width 8", x=ALL_LAYERS, seed=seed, value=share)
        for seed, share in enumerate(shares)
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    narrow, wide = by_hand(0.49, 0.51, 0.5, 0.5), by_hand(0.3, 0.7, 0.5, 0.5)
    shifted = by_hand(0.6, 0.61, 0.6, 0.61)
    assert judge(narrow).holds == "holds"
    assert judge(wide).holds == "not decided"
    assert judge(shifted).holds == "does not hold"
    other = [Sample(quantity=ZEROS, series="biases", seed=s.seed, value=s.value) for s in shifted]
    assert judge([*narrow, *other]).holds == "holds within limits"


def test_silent_units_are_units_that_are_zero_for_all() -> None:
    found = measured("biases of -1 std")
    assert max(s.value for s in found if s.quantity == SILENT) > 0.9
    assert max(s.value for s in measured("zero mean") if s.quantity == SILENT and s.x == 1) < 0.3
