"""'Twice the units' against functions whose number of units is known exactly."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest
import torch
from matplotlib.figure import Figure

from relume.evidence.claim import Part, Subject
from relume.evidence.claims.twice_the_units import (
    BENT,
    DATA,
    ERROR,
    EVEN,
    NEITHER,
    ODD,
    REFERENCE,
    TARGETS,
    examples,
    twice_the_units,
    widths,
)
from relume.evidence.widths import trained_errors, width_for
from relume.types import Sample

GRID = widths(32)


@cache
def measured(target: str, activation: str) -> tuple[Sample, ...]:
    part: Part = {"target": target, "activation": activation, "widest": 4, "directions": 1}
    more = {"steps": 400, "restarts": 12, "seeds": 6}
    return tuple(twice_the_units.measure(Subject(data="digits"), {**part, **more}))


def made(
    units: Mapping[str, float],
    *,
    target: str = ODD,
    spread: float = 0.0,
    of: Callable[[float], float] | None = None,
) -> list[Sample]:
    """Samples by hand: errors of 1 / width, for activations that need so many times the reference's units."""
    error = of or (lambda width: 1 / width)
    return [
        Sample(
            quantity=ERROR,
            series=f"{target}: {name}",
            x=width,
            seed=seed,
            value=error(width / (times * math.exp(spread * (seed - 3.5) * (name == "relu")))),
        )
        for name, times in units.items()
        for width in GRID
        for seed in range(8)
    ]


def test_of_one_absolute_value_rectifiers_take_two() -> None:
    verdict = twice_the_units.judge([*measured(BENT, "abs"), *measured(BENT, "relu")])
    assert verdict.holds == "holds"
    assert verdict.interval.estimate == pytest.approx(2, abs=0.2)


def test_a_symmetric_activation_in_its_place_takes_no_more() -> None:
    twin = [replace(s, series=f"{BENT}: relu") for s in measured(BENT, "abs")]
    verdict = twice_the_units.judge([*measured(BENT, "abs"), *twin])
    assert verdict.holds == "does not hold"
    assert verdict.interval.low == verdict.interval.high == 1


@pytest.mark.parametrize(
    ("times", "spread", "holds"),
    [
        (2.0, 0.01, "holds"),
        (1.1, 0.01, "does not hold"),
        (4.0, 0.01, "does not hold"),
        (1.5, 0.3, "not decided"),
    ],
)
def test_the_answer_follows_the_units(times: float, spread: float, holds: str) -> None:
    verdict = twice_the_units.judge(made({"tanh": 1.0, "relu": times}, spread=spread))
    assert verdict.holds == holds
    assert verdict.interval.estimate == pytest.approx(times, rel=0.1)


def test_the_data_may_need_no_more() -> None:
    samples = made({"tanh": 1.0, "relu": 2.0}) + made({"tanh": 1.0, "relu": 1.0}, target=DATA)
    verdict = twice_the_units.judge(samples)
    assert verdict.holds == "holds within limits"
    assert "not at the data, ReLU over tanh (1 times)" in verdict.limits


def test_it_is_not_the_symmetry_where_other_targets_need_as_many() -> None:
    samples = made({"tanh": 1.0, "relu": 2.0}) + made({"tanh": 1.0, "relu": 2.0}, target=NEITHER)
    verdict = twice_the_units.judge(samples)
    assert "not at because of the symmetry: odd over without (1 times)" in verdict.limits


def test_what_is_never_reached_has_no_bound() -> None:
    samples = made({"tanh": 1.0, "relu": 64.0}, spread=0.01)
    assert math.isinf(twice_the_units.judge(samples).interval.estimate)


@pytest.mark.parametrize(("target", "sign"), [(ODD, -1), (EVEN, 1), (BENT, 1)])
def test_targets_have_their_symmetry(target: str, sign: int) -> None:
    h, phase = torch.linspace(-3, 3, 13)[:, None], torch.tensor([1.0])
    torch.testing.assert_close(TARGETS[target](-h, phase), sign * TARGETS[target](h, phase))


def test_the_one_without_has_none() -> None:
    h, phase = torch.linspace(-3, 3, 13)[:, None], torch.tensor([1.0])
    one, other = TARGETS[NEITHER](h, phase), TARGETS[NEITHER](-h, phase)
    assert not torch.allclose(one, other)
    assert not torch.allclose(one, -other)


def test_a_target_has_a_variance_of_1() -> None:
    x, y = examples(ODD, 4, seed=3)
    assert x.shape[0] == y.shape[0]
    assert float(y.var()) == pytest.approx(1, rel=1e-4)


def test_units_that_are_switched_off_stay_so() -> None:
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    y = x[:, :1].abs()
    together, alone = (
        trained_errors("relu", own, (0.01,), [(x, y)] * 20, outputs=1, restarts=1, seed=0)
        for own in ((1, 8), (1, 8, 8))
    )
    torch.testing.assert_close(together[0], alone[0])
    torch.testing.assert_close(together[1], alone[2])
    assert float(together[0]) > float(together[1])


@pytest.mark.parametrize("activation", ["tanh", "crelu"])
def test_classes_are_learned(activation: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(128, 2, generator=generator)
    batches = [(x, (x[:, 0] * x[:, 1] > 0).long())] * 150
    errors = trained_errors(activation, (8,), (0.03,), batches, outputs=2, restarts=1, seed=0)
    assert float(errors) < 0.35 < math.log(2)


def test_training_that_diverges_counts_as_infinite() -> None:
    x = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    errors = trained_errors("relu", (2,), (1e30,), [(x, x[:, :1])] * 20, outputs=1, restarts=1, seed=0)
    assert math.isinf(float(errors))


def test_the_width_is_read_between_two() -> None:
    assert width_for([0.4, 0.1], [4, 16], 0.2) == pytest.approx(8)
    assert width_for([0.4, 0.9, 0.1], [4, 8, 16], 0.2) == pytest.approx(8 * 2**0.5)
    assert math.isinf(width_for([0.4, 0.3], [4, 16], 0.2))
    assert width_for([0.1], [4], 0.2) == 4


def test_every_target_is_planned_with_its_reference() -> None:
    parts = twice_the_units.plan(Subject(), "quick")
    pairs = {(part["target"], part["activation"]) for part in parts}
    assert all({(target, own), (target, "relu")} <= pairs for target, own in REFERENCE.items())


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    twice_the_units.draw(made({"tanh": 1.0, "relu": 2.0, "crelu": 1.0}), figure)
    assert figure.axes[0].get_ylabel() == ERROR
    assert figure.axes[2].get_xlabel() == "units over units"
