"""Every claim is what a claim has to be."""

from collections.abc import Callable

import pytest
from tests.evidence.checks import CHECKS, assert_measures_the_same_again
from tests.evidence.small_parts import made_small

import relume
from relume.errors import UnknownNameError
from relume.evidence.claim import Claim, Subject
from relume.evidence.claims import claims
from relume.report.claims_answer import THEMES


@pytest.mark.parametrize("claim", claims.values(), ids=claims)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_claim_is_right(claim: Claim, check: Callable[[Claim], None]) -> None:
    check(claim)


@pytest.mark.parametrize("claim", claims.values(), ids=claims)
def test_a_part_is_measured_the_same_again(claim: Claim) -> None:
    assert_measures_the_same_again(claim, made_small(claim.plan(Subject(), "quick")[0]))


def test_claims_are_public_and_a_wrong_name_is_told() -> None:
    assert relume.claims is claims
    with pytest.raises(UnknownNameError, match=r"unknown claim 'flat-derivative'\. Did you mean 'flat-"):
        claims["flat-derivative"]


def test_every_claim_has_its_place_in_the_answer() -> None:
    placed = [name for names in THEMES.values() for name in names]
    assert len(set(placed)) == len(placed)
    assert set(claims) <= set(placed)
