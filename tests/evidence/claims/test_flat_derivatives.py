"""Which derivatives fade: known from their formulas."""

import math
from dataclasses import replace

import pytest

from relume.evidence.claim import Subject
from relume.evidence.claims.flat_derivatives import (
    END,
    FLAT_FROM,
    LARGEST,
    POWER,
    RATE,
    flat_derivatives,
    judge,
    measure,
    plan,
)
from relume.types import Holding, Sample

LEFT, RIGHT = END.format("-"), END.format("")


def measured(name: str) -> dict[str, float]:
    return {s.quantity: s.value for s in measure(Subject(), {"activation": name})}


def samples(names: tuple[str, ...] = ("sigmoid", "tanh", "relu")) -> list[Sample]:
    return [s for name in names for s in measure(Subject(), {"activation": name})]


def as_relu(name: str) -> list[Sample]:
    """What another activation measures, in ReLU's place."""
    return [
        *samples(("sigmoid", "tanh")),
        *(replace(s, series="relu") for s in measure(Subject(), {"activation": name})),
    ]


def test_of_sigmoid_all_is_known() -> None:
    found = measured("sigmoid")
    assert found[LARGEST] == 0.25
    assert found[RIGHT] == pytest.approx(math.exp(-20) / (1 + math.exp(-20)) ** 2, rel=1e-12)
    last = math.acosh(1 / (2 * 0.01) - 1)  # f' = 1 / (2 + 2 cosh x)
    assert found[FLAT_FROM.format("right")] == pytest.approx(last, abs=0.001)
    assert found[RATE.format("left")] == pytest.approx(1, abs=1e-4)  # e^-|x|


def test_tails_are_told_apart() -> None:
    assert measured("tanh")[RATE.format("right")] == pytest.approx(2, abs=1e-4)  # 4 e^-2|x|
    assert measured("softsign")[POWER.format("right")] == pytest.approx(2, abs=0.15)  # (1 + |x|)^-2
    assert measured("relu")[RATE.format("right")] == 0
    assert measured("relu")[FLAT_FROM.format("right")] == math.inf
    assert measured("relu")[FLAT_FROM.format("left")] == 0
    assert measured("elu")[FLAT_FROM.format("left")] == pytest.approx(-math.log(0.01), abs=0.001)


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("relu", "holds within limits"),  # its left side is flat at once
        ("leaky_relu", "holds within limits"),  # 0.01 on the left is not 1
        ("relu6", "does not hold"),
        ("sigmoid", "does not hold"),
        ("softsign", "does not hold"),
    ],
)
def test_the_verdict_follows_the_function(name: str, holds: Holding) -> None:
    assert judge(as_relu(name)).holds == holds


def test_a_function_of_slope_1_everywhere_has_no_limits() -> None:
    straight = [replace(s, value=1.0) if s.quantity == LEFT and s.series == "relu" else s for s in samples()]
    found = judge(straight)
    assert (found.holds, found.limits) == ("holds", "")
    assert found.interval.estimate == pytest.approx(1 / measured("sigmoid")[RIGHT])


def test_a_sigmoid_that_does_not_fade_refutes_it() -> None:
    steep = [replace(s, value=0.2) if (s.series, s.quantity) == ("sigmoid", LEFT) else s for s in samples()]
    assert judge(steep).holds == "does not hold"


def test_its_published_figure_is_measured() -> None:
    (published,) = flat_derivatives.published
    assert published.ours is not None
    assert published.ours(samples()).estimate == published.number == 0.25


def test_every_elementwise_activation_is_measured() -> None:
    names = [part["activation"] for part in plan(Subject(), "quick")]
    assert {"sigmoid", "tanh", "relu", "prelu", "lif"} <= set(names)
    assert "glu" not in names
