"""What a small change does to codes of which that is known."""

import math

import pytest
import torch
from tests.evidence.planted_codes import DATA, HERE

from relume.evidence.claim import Subject
from relume.evidence.claims.disentanglement import (
    JACCARD,
    MOVED,
    MOVED_MORE,
    PLAIN,
    RANDOM,
    SPARSE_AND_ROBUST,
    jaccard,
    judge,
    measure,
    moved,
)
from relume.evidence.picking import mean_of
from relume.types import Sample


def measured(network: str, *codes: str) -> list[Sample]:
    subject = Subject(data=DATA, network=f"{HERE}:{network}")
    parts = [{"code": code, "width": 8, "steps": 10, "seeds": 3} for code in codes]
    return [sample for part in parts for sample in measure(subject, part)]


def test_it_holds_for_units_far_from_their_thresholds() -> None:
    found = judge(measured("one_unit_a_pixel", SPARSE_AND_ROBUST))
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.estimate > 0.99


def test_it_does_not_hold_for_units_at_the_edge() -> None:
    assert judge(measured("at_the_edge", PLAIN)).holds == "does not hold"


def test_a_set_that_is_always_the_same_is_not_kept() -> None:
    samples = measured("always_on", PLAIN)  # as much alike as any two examples are
    assert mean_of(samples, JACCARD, PLAIN, 0.1).estimate == 1.0
    assert judge(samples).holds == "does not hold"


def test_entries_of_a_dense_code_move_unless_they_are_saturated() -> None:
    tanh = measured("one_unit_a_pixel", PLAIN, "tanh")
    assert mean_of(tanh, MOVED, "tanh", 0.1).low > 0.9
    assert "holds at relu changed by 10 % (1.00 kept), tanh whose entries move at all" in judge(tanh).limits
    flat = measured("always_on", "tanh")  # tanh(10) is 1 in float32
    assert mean_of(flat, MOVED, "tanh", 0.1).estimate < 0.2


def test_of_a_linear_code_a_third_moves_by_more_than_the_input() -> None:
    draw = torch.Generator().manual_seed(0)
    x, change = (torch.randn(5000, 20, generator=draw) for _ in range(2))
    assert moved(x, x + 0.1 * change, by=0.1) == pytest.approx(0.317, abs=0.01)  # P(|z| > 1)
    assert moved(x, x + 0.1 * change, by=0.001) == pytest.approx(0.992, abs=0.003)
    assert moved(x, x, by=0.1) == 0.0


def test_jaccard_counts_units() -> None:
    one, other = torch.tensor([[1.0, 1, 0, 0], [0, 0, 0, 0]]), torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 0]])
    assert jaccard(one, other) == pytest.approx(1 / 3)  # an example without active units tells nothing
    assert math.isnan(jaccard(one[1:], other[1:]))


def by_hand(code: str, kept: float, *, random: float = 0.4, spread: float = 0.01) -> list[Sample]:
    return [
        Sample(quantity=quantity, series=code, x=x, seed=seed, value=value + shift)
        for quantity, x, value in ((JACCARD, 0.1, kept), (RANDOM, 0.0, random))
        for seed, shift in enumerate((-spread, 0.0, 2 * spread if quantity == JACCARD else spread))
    ]


def dense(at_all: float, more: float) -> list[Sample]:
    return [
        Sample(quantity=quantity, series="tanh", x=0.1, seed=seed, value=value + shift)
        for quantity, value in ((MOVED, at_all), (MOVED_MORE, more), (JACCARD, 0.9))
        for seed, shift in enumerate((-0.01, 0.0, 0.01))
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    assert judge(by_hand(PLAIN, 0.95)).holds == "holds"
    assert judge(by_hand(PLAIN, 0.6)).holds == "does not hold"
    assert judge(by_hand(PLAIN, 0.9, spread=0.1)).holds == "not decided"
    found = judge([*by_hand(PLAIN, 0.95), *dense(0.98, 0.3)])
    assert found.holds == "holds within limits"
    assert "not at tanh whose entries move by more than the input (30 %)" in found.limits
