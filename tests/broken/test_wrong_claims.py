"""Claims that are wrong in one way each, which the checks must reject."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.evidence import checks, planted
from tests.evidence.planted import TRUE

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.types import Sample, Verdict

PART: Part = {"seed": 0}
SAMPLES = tuple(s for seed in range(3) for s in planted.measure(Subject(), {"seed": seed}))


def published(**change: Any) -> Claim:
    fields: dict[str, Any] = {"quantity": "q", "value": "2", "source": "A paper", "provenance": "paper"}
    return replace(TRUE, published=(Published(**fields | change),))


def planning(*parts: dict[str, Any]) -> Claim:
    return replace(TRUE, plan=lambda subject, effort: parts)


def judging(**change: Any) -> Claim:
    return replace(TRUE, judge=lambda samples: replace(planted.judge(samples), **change))


def _less_by_more_effort(subject: Subject, effort: Effort) -> Sequence[Part]:
    return [{"steps": {"quick": 30, "default": 20, "full": 10}[effort]}]


def _other_parts_each_time(subject: Subject, effort: Effort) -> Sequence[Part]:
    return [{"seed": random.randrange(10**9)}]


def _at_random(subject: Subject, part: Part) -> Iterable[Sample]:
    return [Sample(quantity="q", series="relu", value=random.random())]


def _twice(subject: Subject, part: Part) -> Iterable[Sample]:
    return [*planted.measure(subject, part), *planted.measure(subject, part)]


def _by_a_coin(samples: Sequence[Sample]) -> Verdict:
    found = planted.judge(samples)
    return replace(found, effect=f"{random.random()}")


def _nothing(samples: Sequence[Sample], figure: Any) -> None:
    figure.subplots()


def _unlabelled(samples: Sequence[Sample], figure: Any) -> None:
    figure.subplots().plot([0, 1], [0, 1])


def again(claim: Claim) -> None:
    checks.assert_measures_the_same_again(claim, PART)


def judged(claim: Claim) -> None:
    checks.assert_judges_by_samples_alone(claim, SAMPLES)


def drawn(claim: Claim) -> None:
    checks.assert_draws_a_figure(claim, SAMPLES)


WRONG: dict[str, tuple[Claim, Callable[[Claim], None]]] = {
    "a name with blanks": (replace(TRUE, name="two is more"), checks.assert_says_what_it_is),
    "no statement": (replace(TRUE, statement=""), checks.assert_says_what_it_is),
    "no source": (replace(TRUE, source=""), checks.assert_says_what_it_is),
    "a method in one sentence": (replace(TRUE, method="It is measured."), checks.assert_says_what_it_is),
    "a reason that is a word": (replace(TRUE, not_on={"data": "no"}), checks.assert_reasons_are_sentences),
    "a reason for something else": (
        replace(TRUE, not_on={"weather": "It does not rain in there."}),  # type: ignore[dict-item]
        checks.assert_reasons_are_sentences,
    ),
    "a figure from nowhere": (published(source=""), checks.assert_published_figures_have_provenance),
    "a provenance of its own": (
        published(provenance="heard"),
        checks.assert_published_figures_have_provenance,
    ),
    "a number beside nothing": (published(number=2.0), checks.assert_published_figures_have_provenance),
    "no parts": (planning(), checks.assert_plans_plain_parts),
    "a part that is no plain value": (planning({"width": (1, 2)}), checks.assert_plans_plain_parts),
    "a part that is a truth value": (planning({"bias": True}), checks.assert_plans_plain_parts),
    "the same part twice": (planning({"a": 1}, {"a": 1}), checks.assert_plans_plain_parts),
    "another plan each time": (replace(TRUE, plan=_other_parts_each_time), checks.assert_plans_plain_parts),
    "less work by more effort": (replace(TRUE, plan=_less_by_more_effort), checks.assert_effort_is_work),
    "measured at random": (replace(TRUE, measure=_at_random), again),
    "measured nothing": (replace(TRUE, measure=lambda subject, part: []), again),
    "measured twice": (replace(TRUE, measure=_twice), again),
    "another claim's verdict": (judging(claim="other"), judged),
    "an answer of its own": (judging(holds="maybe"), judged),
    "no effect": (judging(effect=""), judged),
    "limits without need": (judging(limits="on Sundays"), judged),
    "within no limits": (judging(holds="holds within limits"), judged),
    "a verdict by a coin": (replace(TRUE, judge=_by_a_coin), judged),
    "an empty figure": (replace(TRUE, draw=_nothing), drawn),
    "axes without names": (replace(TRUE, draw=_unlabelled), drawn),
}


@pytest.mark.parametrize(("claim", "check"), WRONG.values(), ids=WRONG)
def test_a_wrong_claim_is_rejected(claim: Claim, check: Callable[[Claim], None]) -> None:
    check(TRUE)
    with pytest.raises(AssertionError):
        check(claim)


def test_every_check_has_been_seen_to_fail() -> None:
    assert {check for _, check in WRONG.values()} == {*checks.CHECKS, again, judged, drawn}
