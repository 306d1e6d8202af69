"""The answer says what the comparisons say, and no more."""

import pytest

from relume.report.answer import MEANING, answer
from relume.studies.summary import Comparison, Pace, Summary
from relume.types import Interval


def summary_of(*comparisons: Comparison) -> Summary:
    return Summary(
        data="",
        training="",
        engine="",
        cost_setting="",
        targets=(1.0, 0.5),
        rows=(),
        same_setting=(),
        best=(),
        comparisons=comparisons,
        costs=(),
    )


def compared(
    pace: Pace, *, ratio: float | None = None, target: float = 0.5, network: str = "a"
) -> Comparison:
    interval = None if ratio is None else Interval(ratio, ratio, ratio, 5)
    return Comparison(
        basis="each at its best",
        network=network,
        activation="relu",
        baseline="tanh",
        target=target,
        ratio=interval,
        pace=pace,
    )


@pytest.mark.parametrize(
    ("pace", "ratio", "said"),
    [
        ("faster", 2.5, "relu was 2.50 times faster than tanh in 1 of 1 network."),
        ("slower", 0.5, "relu was 2.00 times slower than tanh in 1 of 1 network."),
        ("not decided", 1.1, "relu was neither clearly faster nor slower than tanh in 1 of 1 network."),
        (
            "baseline never got there",
            None,
            "relu reached a training loss that tanh never did in 1 of 1 network.",
        ),
        ("never got there", None, "relu never reached a training loss that tanh did in 1 of 1 network."),
        ("neither got there", None, "relu learned no more than tanh, next to nothing, in 1 of 1 network."),
    ],
)
def test_each_pace(pace: Pace, ratio: float | None, said: str) -> None:
    assert answer(summary_of(compared(pace, ratio=ratio))) == [f"Each at its best setting, {said}", MEANING]


def test_the_lowest_loss_that_either_reached_counts() -> None:
    easy, hard = compared("faster", ratio=2, target=1.0), compared("neither got there", target=0.5)
    assert "2.00 times faster" in answer(summary_of(hard, easy))[0]
    assert "slower" in answer(summary_of(easy, compared("slower", ratio=0.5, target=0.5)))[0]


def test_networks_are_counted() -> None:
    found = answer(summary_of(compared("faster", ratio=2), compared("faster", ratio=3, network="b")))
    assert "2.00 to 3.00 times faster than tanh in 2 of 2 networks" in found[0]


def test_nothing_compared() -> None:
    assert answer(summary_of()) == ["The study compared no two activations."]
