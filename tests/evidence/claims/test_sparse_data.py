"""Sparse data: of networks whose zeros are known, and of the text itself."""

import pytest
from tests.evidence.planted_codes import DATA, HERE

from relume.errors import DataError, PlanError
from relume.evidence.claim import Subject
from relume.evidence.claims.sparse_data import (
    ACCURACY,
    INPUT,
    ZEROS,
    judge,
    measure,
    plan,
    share_of_commonest,
)
from relume.evidence.docstrings import NAMES, TEST, TRAIN, paragraphs, paragraphs_by_library, versions
from relume.evidence.picking import mean_of
from relume.types import Sample

SIZES = {"width": 16, "steps": 20, "seeds": 3, "text": DATA}


def measured(network: str, *names: str) -> list[Sample]:
    subject = Subject(data=DATA, network=f"{HERE}:{network}")
    return [s for name in names for s in measure(subject, {"activation": name, **SIZES})]


def test_it_holds_for_a_unit_a_pixel() -> None:
    samples = measured("one_unit_a_pixel", "relu")
    found = judge(samples)
    assert (found.holds, found.limits) == ("holds", "")
    zeros = mean_of(samples, ZEROS, "relu", 1).estimate
    assert zeros == pytest.approx(mean_of(samples, ZEROS, "relu", INPUT).estimate)  # as sparse as the data
    assert zeros == pytest.approx(0.75, abs=0.02)


def test_it_does_not_hold_for_units_that_are_always_on() -> None:
    assert judge(measured("always_on", "relu")).holds == "does not hold"


def test_data_that_are_not_sparse_are_told() -> None:
    part = {"activation": "relu", **SIZES}
    with pytest.raises(DataError, match=r"^the data are not sparse, no value is more than .* Give counts of"):
        list(measure(Subject(data=f"{HERE}:signs"), part))


def test_a_network_needs_data_that_it_is_built_for() -> None:
    with pytest.raises(PlanError, match=r"^no sparse data for the network: a:b\. Give --data"):
        plan(Subject(network="a:b"), "quick")
    assert plan(Subject(), "quick")[0]["text"] == versions()  # other versions are another text


def test_the_text_is_sparse_balanced_and_without_the_answer() -> None:
    data = paragraphs_by_library()
    assert share_of_commonest(data.train_x) > 0.98
    assert data.train_y.bincount().tolist() == [TRAIN] * 5
    assert data.test_y.bincount().tolist() == [TEST] * 5
    assert not NAMES & {word for words in paragraphs("a numpy array, or torch " * 9) for word in words}
    assert list(paragraphs("too short to tell")) == []


def by_hand(name: str, *, accuracy: float, zeros: float = 0.7, spread: float = 0.001) -> list[Sample]:
    return [
        Sample(quantity=quantity, series=name, x=x, seed=seed, value=value + shift)
        for quantity, x, value in ((ZEROS, INPUT, 0.99), (ZEROS, 1, zeros), (ACCURACY, 0, accuracy))
        for seed, shift in enumerate((-spread, 0.0, spread))
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    relu = by_hand("relu", accuracy=0.8)
    assert judge([*relu, *by_hand("tanh", accuracy=0.8)]).holds == "holds"
    assert judge(by_hand("relu", accuracy=0.8, zeros=0.3)).holds == "does not hold"
    assert judge(by_hand("relu", accuracy=0.8, zeros=0.5)).holds == "not decided"
    found = judge([*relu, *by_hand("tanh", accuracy=0.9)])
    assert found.holds == "holds within limits"
    assert "not at accuracy against tanh (-10.0 points)" in found.limits
