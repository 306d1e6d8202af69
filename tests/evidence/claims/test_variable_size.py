"""Active units against what an example holds: of networks that count white pixels, and of one that cannot."""

import numpy as np
import pytest
import torch
from tests.evidence.planted_codes import DATA, HERE

from relume.evidence.claim import Subject
from relume.evidence.claims.variable_size import (
    INFORMATION,
    TRAINED,
    UNTRAINED,
    WAYS,
    compressed_sizes,
    entropies,
    judge,
    measure,
    partial_rank_correlation,
    rank_correlation,
    rank_correlation_within,
)
from relume.types import Sample


def measured(network: str, state: str = TRAINED) -> list[Sample]:
    part = {"state": state, "width": 32, "steps": 20, "seeds": 4}
    return list(measure(Subject(data=DATA, network=f"{HERE}:{network}"), part))


def test_it_holds_for_a_unit_a_pixel() -> None:
    samples = [s for s in measured("one_unit_a_pixel") if "equal norm" not in s.quantity]
    found = judge(samples)  # at equal norm of such pictures nothing is left: it counts the pixels too
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.low > 0.8


def test_it_does_not_hold_where_half_are_always_active() -> None:
    found = judge([*measured("one_of_each_pair"), *measured("one_of_each_pair", UNTRAINED)])
    assert found.holds == "does not hold"
    assert found.interval.estimate == 0.0  # a number that does not vary tells nothing


def test_what_the_norm_tells_is_taken_out() -> None:
    draw = np.random.default_rng(0)
    norm = draw.normal(size=2000)
    a, b = norm + 0.3 * draw.normal(size=2000), norm + 0.3 * draw.normal(size=2000)
    assert rank_correlation(a, b) > 0.8
    assert abs(partial_rank_correlation(a, b, given=norm)) < 0.1
    assert partial_rank_correlation(a, a, given=norm) == pytest.approx(1.0)


def test_what_the_class_tells_is_taken_out() -> None:
    draw = np.random.default_rng(0)
    groups = np.arange(2000) % 4
    a, b = 5.0 * groups + draw.normal(size=2000), 5.0 * groups + draw.normal(size=2000)
    assert rank_correlation(a, b) > 0.8
    assert abs(rank_correlation_within(a, b, groups=groups)) < 0.1


def test_ranks_are_spearmans() -> None:
    from scipy.stats import spearmanr

    draw = np.random.default_rng(0)
    a, b = draw.integers(0, 9, 100).astype(float), draw.normal(size=100)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_information_grows_with_what_is_in_an_example() -> None:
    draw = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 400, generator=draw)
    plain, half = torch.zeros(1, 400), torch.cat([noise[:, :200], torch.zeros(1, 200)], 1)
    for measure_of in (compressed_sizes, entropies):
        one, two, three = measure_of(torch.cat([plain, half, noise]))
        assert one < two < three
    assert entropies(torch.tensor([[0.0, 1.0, 0.0, 1.0]]))[0] == 1.0  # bit


def by_hand(state: str, *rhos: float) -> list[Sample]:
    return [
        Sample(
            quantity=f"rank correlation of active units with {name}{way}", series=state, seed=seed, value=rho
        )
        for name in INFORMATION
        for way in WAYS
        for seed, rho in enumerate(rhos)
    ]


def test_verdicts_of_samples_made_by_hand() -> None:
    assert judge(by_hand(TRAINED, 0.5, 0.52, 0.51)).holds == "holds"
    assert judge(by_hand(TRAINED, 0.1, 0.12, 0.11)).holds == "does not hold"
    assert judge(by_hand(TRAINED, 0.1, 0.3, 0.6)).holds == "not decided"
    mixed = judge([*by_hand(TRAINED, 0.5, 0.52, 0.51), *by_hand(UNTRAINED, 0.0, 0.02, 0.01)])
    assert mixed.holds == "holds within limits"
    assert "not at untrained, compressed size (0.01)" in mixed.limits
