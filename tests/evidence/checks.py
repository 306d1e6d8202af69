"""What every claim must be; `tests/broken/test_wrong_claims.py` holds one that each check rejects."""

import json
import re
from collections.abc import Callable, Sequence
from typing import get_args

from matplotlib.figure import Figure

from relume.evidence.claim import Claim, Effort, Part, Provenance, Subject
from relume.types import Holding, Sample

SENTENCE = re.compile(r"^[A-Z].*[.!?]$", re.DOTALL)
OWN = Subject()


def assert_says_what_it_is(claim: Claim) -> None:
    """Name, statement, source and method are for a reader."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim.name)
    assert SENTENCE.match(claim.statement)
    assert len(claim.statement) <= 250
    assert len(claim.source) > 5
    assert SENTENCE.match(claim.method)
    assert claim.method.count(". ") >= 1, "the method takes two sentences"


def assert_reasons_are_sentences(claim: Claim) -> None:
    """What it cannot be tested on is told to the person who asked for it."""
    assert set(claim.not_on) <= {"data", "network"}
    for reason in claim.not_on.values():
        assert SENTENCE.match(reason)
        assert len(reason.split()) >= 4


def assert_published_figures_have_provenance(claim: Claim) -> None:
    """No figure stands in a report without where it is from and whether that was read."""
    for published in claim.published:
        assert published.quantity
        assert published.value
        assert len(published.source) > 5
        assert published.provenance in get_args(Provenance)
        assert published.number is None or published.ours is not None, "a number is compared with ours"


def assert_plans_plain_parts(claim: Claim) -> None:
    """Parts go to other processes and into keys: plain values, each part once."""
    for effort in get_args(Effort):
        parts = claim.plan(OWN, effort)
        assert parts, effort
        for part in parts:
            assert all(type(value) in (int, float, str) for value in part.values()), part
        keys = [json.dumps(sorted(part.items())) for part in parts]
        assert len(set(keys)) == len(keys), "a part is planned twice"
        assert keys == [json.dumps(sorted(part.items())) for part in claim.plan(OWN, effort)]


def assert_effort_is_work(claim: Claim) -> None:
    """More effort is never less work: more parts, or larger numbers in them."""
    quick, default, full = (work(claim.plan(OWN, effort)) for effort in ("quick", "default", "full"))
    assert quick <= default <= full


def work(parts: Sequence[Part]) -> float:
    """Grows with the parts and with every whole number in them: steps, seeds, examples, widths."""
    return sum(1 + sum(value for value in part.values() if type(value) is int) for part in parts)


def assert_measures_the_same_again(claim: Claim, part: Part) -> None:
    """A part is a pure function: the same samples, whatever was drawn or measured before."""
    first, again = list(claim.measure(OWN, part)), list(claim.measure(OWN, part))
    assert first, "nothing was measured"
    names = [(s.quantity, s.series, s.x, s.seed, s.unit) for s in first]
    assert names == [(s.quantity, s.series, s.x, s.seed, s.unit) for s in again]
    assert len(set(names)) == len(names), "two samples of one quantity, series, place and seed"
    if claim.repeatable:
        assert repr(first) == repr(again)  # nan is not equal to itself


def assert_judges_by_samples_alone(claim: Claim, samples: Sequence[Sample]) -> None:
    """The same samples give the same verdict, in whatever order the parts came."""
    verdict = claim.judge(samples)
    assert verdict.claim == claim.name
    assert verdict.holds in get_args(Holding)
    assert verdict.effect
    assert (verdict.holds == "holds within limits") == bool(verdict.limits), "limits, and only then"
    assert repr(claim.judge(tuple(samples))) == repr(verdict)


def assert_draws_a_figure(claim: Claim, samples: Sequence[Sample]) -> None:
    """Every axis says what it shows."""
    figure = Figure(figsize=(7.6, 3.4))
    claim.draw(samples, figure)
    drawn = [axes for axes in figure.axes if axes.has_data()]
    assert drawn, "nothing is drawn"
    for axes in drawn:
        assert axes.get_xlabel() or axes.get_shared_x_axes().get_siblings(axes) != [axes]
    assert any(axes.get_ylabel() or axes.get_yticklabels() for axes in drawn)


CHECKS: tuple[Callable[[Claim], None], ...] = (
    assert_says_what_it_is,
    assert_reasons_are_sentences,
    assert_published_figures_have_provenance,
    assert_plans_plain_parts,
    assert_effort_is_work,
)
