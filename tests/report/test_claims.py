"""Claims in tables and sentences: made from the verdicts, and nothing else."""

import math
from dataclasses import replace

import pytest
from tests.evidence.planted import TRUE
from tests.evidence.test_results import by_hand

from relume.evidence.claim import Published, Subject
from relume.evidence.results import Judged, Results
from relume.report.claims import (
    agrees,
    claim_list,
    claims_grid,
    interval_text,
    limits_grid,
    numbers_grid,
    published_grid,
    title,
)
from relume.report.claims_answer import THEMES, claims_answer, disagreements, in_order, tally
from relume.report.claims_page import command, setting
from relume.report.grid import Grid
from relume.studies.intervals import mean_interval
from relume.types import Holding, Interval, Sample, Verdict


def judged(name: str, holds: Holding, *, limits: str = "", effect: str = "a over b") -> Judged:
    verdict = Verdict(
        claim=name, holds=holds, effect=effect, interval=Interval(4.1, 3.2, 5.0, 8), limits=limits
    )
    return Judged(verdict=verdict, samples=(), subject=Subject(), cpu_seconds=30.0)


def results(*found: Judged) -> Results:
    return replace(by_hand(), judged={each.verdict.claim: each for each in found})


def cells(grid: Grid) -> list[tuple[str, ...]]:
    return [row for section in grid.sections for row in section.rows]


def ours(samples: object) -> Interval:
    return mean_interval([s.value for s in samples])  # type: ignore[attr-defined]


COMPARED = replace(
    TRUE,
    published=(
        Published(
            quantity="the number", value="2", source="A paper", provenance="remembered", number=2.0, ours=ours
        ),
        Published(
            quantity="the number", value="9", source="Another", provenance="paper", number=9.0, ours=ours
        ),
        Published(quantity="something else", value="7", source="A third", provenance="paper"),
    ),
)
CLAIMS = {COMPARED.name: COMPARED}
TESTED = by_hand().judged[TRUE.name]


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(4.1, 3.2, 5.0, 8), "4.1 [3.2, 5], 8 seeds"),
        (Interval(4.1, math.nan, math.nan, 1), "4.1, no interval from 1 seed"),
        (Interval(0.25, 0.25, 0.25, 0), "0.25"),
        (Interval(math.inf, 3.0, math.inf, 8), "inf [3, inf], 8 seeds"),
        (Interval(math.nan, math.nan, math.nan, 0), "-"),
    ],
)
def test_an_interval_in_words(interval: Interval, text: str) -> None:
    assert interval_text(interval) == text


def test_a_name_in_words() -> None:
    assert [title(name) for name in ("relu-dies", "softplus-and-l1", "cost")] == [
        "ReLU dies",
        "Softplus and L1",
        "Cost",
    ]


def test_the_answer_is_a_sentence_for_each_theme_from_the_verdicts_alone() -> None:
    found = claims_answer(
        results(
            judged("vanishing-error-signal", "holds within limits", limits="holds at a; not at b"),
            judged("flat-derivatives", "holds"),
            judged("he-initialisation", "holds"),
            judged("gradient-direction", "does not hold"),
            judged("cost", "not decided", effect=""),
            judged("of-my-own", "holds"),
        )
    )
    assert found == [
        "The error signal: Vanishing error signal holds within limits (a over b: 4.1 [3.2, 5], 8 seeds); "
        "flat derivatives and He initialisation hold; gradient direction does not hold.",
        "Speed: Cost is not decided.",
        "Also: Of my own holds (a over b: 4.1 [3.2, 5], 8 seeds).",
    ]


def test_there_are_five_sentences_where_all_claims_are_tested() -> None:
    every = [judged(name, "holds") for names in THEMES.values() for name in names]
    assert len(claims_answer(results(*every))) == 5
    turned = [judged(name, "does not hold") for names in THEMES.values() for name in names]
    assert "hold (" not in " ".join(claims_answer(results(*turned))).replace("does not hold (", "")


def test_the_tally_counts() -> None:
    assert tally(results(judged("a", "holds"))) == "1 claim: 1 holds."
    mixed = [judged("a", "holds"), judged("b", "does not hold"), judged("c", "does not hold")]
    assert tally(results(*mixed)) == "3 claims: 1 holds, 2 do not hold."
    assert tally(results(judged("a", "not decided"))) == "1 claim: 1 is not decided."


def test_claims_come_in_the_order_of_the_answer() -> None:
    names = dict.fromkeys(["of-my-own", "dying-relu", "cost", "vanishing-error-signal"])
    assert in_order(names) == ["vanishing-error-signal", "cost", "dying-relu", "of-my-own"]


def test_a_published_figure_is_held_to_our_interval() -> None:
    inside, outside, other = COMPARED.published
    assert [agrees(each, TESTED.samples) for each in (inside, outside, other)] == [True, False, None]
    assert agrees(inside, ()) is None
    assert agrees(inside, TESTED.samples[:1]) is None  # one seed gives no interval
    rows = cells(published_grid(COMPARED, TESTED.samples))
    assert [row[3] for row in rows] == ["yes", "no", "-"]
    assert [row[5] for row in rows] == ["remembered, not checked", "read in the paper", "read in the paper"]


def test_what_is_only_remembered_is_marked_in_the_table() -> None:
    (row,) = cells(claims_grid(results(TESTED), CLAIMS))
    assert row[0:2] == ("Two is more than one", "holds")
    assert row[3] == "the number: 2 (remembered, not checked)"


@pytest.mark.parametrize(
    ("holds", "limits", "told"),
    [
        ("holds", "", []),
        ("not decided", "", []),
        ("does not hold", "", ["it does not hold here. A test: “The planted number"]),
        (
            "holds within limits",
            "holds at a; not at b",
            ["it holds within limits only, holds at a; not at b."],
        ),
    ],
)
def test_the_literature_is_contradicted_by_verdicts(holds: Holding, limits: str, told: list[str]) -> None:
    plain = {TRUE.name: TRUE}
    found = disagreements(results(judged(TRUE.name, holds, limits=limits)), plain)
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found, strict=True))


def test_and_by_figures_that_lie_outside_our_interval() -> None:
    (found,) = disagreements(results(TESTED), CLAIMS)
    assert found.startswith("Two is more than one: the number is 9 in Another, ")


def test_limits_are_told_of_claims_that_have_some() -> None:
    assert limits_grid(results(judged("a", "holds"))).sections == ()
    grid = limits_grid(results(judged("a", "holds within limits", limits="holds at x")))
    assert cells(grid) == [("A", "holds at x")]


def test_numbers_are_of_all_seeds_and_thinned_along_a_curve() -> None:
    seeds = [Sample(quantity="q", series="relu", seed=seed, value=float(seed)) for seed in range(5)]
    curve = [Sample(quantity="f", series="tanh", x=float(x), value=2.0 * x) for x in range(100)]
    rows = cells(numbers_grid([*seeds, *curve]))
    assert rows[0] == ("q", "relu", "-", "2", "0", "4", "5", "1")
    assert len(rows) == 1 + 7
    assert [row[2] for row in (rows[1], rows[-1])] == ["0", "99"]


def test_the_list_names_statement_and_source() -> None:
    assert cells(claim_list(CLAIMS)) == [(TRUE.name, TRUE.statement, TRUE.source)]


def test_the_command_repeats_what_was_done() -> None:
    plain = judged("cost", "holds")
    assert command(plain, "default") == "relume why --claim cost"
    own = replace(plain, subject=Subject(data="my data.npz", network="n:build"))
    assert command(own, "full") == "relume why n:build --claim cost --data 'my data.npz' --full"


def test_the_setting_is_told() -> None:
    told = setting(results(judged("a", "holds"), judged("b", "holds")))
    assert "Effort: quick, 1.0 minutes of one processor core." in told
    assert "Measured 2026-11-24 to 2026-11-25 on a processor, with relume 0.1.0, torch 2.13.0." in told
