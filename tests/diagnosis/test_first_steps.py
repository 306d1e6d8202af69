"""What the first steps did is told from how weights were drawn, and from what is steep by design."""

import math
from dataclasses import replace

from tests.diagnosis.made import FALLING, STEPS, chain, network, parameter, reading
from tests.diagnosis.made_units import LEAPING, found, info, quiet, the

from relume.types import Readings

SLOWLY = tuple(2.3 - 0.001 * step for step in range(STEPS))


def flat(activation: str, *, first: float, sigma_w2: float = 100.0, falls: bool = False) -> Readings:
    """Units on flat ends behind weights that are large now; `first` is the first steps' update ratio."""
    losses = FALLING if falls else SLOWLY
    given = {"gradients": [1e-3] * 3, "sigma_w2": sigma_w2, "flat": 0.7, "losses": losses}
    now = chain(activation, updates=[1e-3] * 3, **given)  # type: ignore[arg-type]
    return replace(now, opening=chain(activation, updates=[first] * 3, **given))  # type: ignore[arg-type]


def test_weights_that_the_first_steps_made_are_not_taken_for_drawn_so() -> None:
    by_steps = the("saturated-units", flat("tanh", first=0.4))
    assert "where steps too large put them: one changes the weights by 40%" in by_steps.cause
    assert by_steps.remedies[0] == "lower-learning-rate"
    drawn = the("saturated-units", flat("tanh", first=0.01))
    assert "because the weights are large" in drawn.cause


def test_sigmoids_as_switches_are_by_design_where_the_loss_is_well_on_its_way() -> None:
    assert quiet("saturated-units", flat("sigmoid", first=1e-3, sigma_w2=1.0, falls=True))
    assert not quiet("saturated-units", flat("sigmoid", first=1e-3, sigma_w2=1.0))
    assert not quiet("saturated-units", flat("tanh", first=1e-3, sigma_w2=1.0, falls=True))
    assert not quiet("saturated-units", flat("sigmoid", first=1e-3, falls=True))  # the weights are large


def with_cell(*, input_rms: float) -> Readings:
    cell = [
        parameter("cell.weight_ih_l0", (128, 4), rms=0.1),
        parameter("cell.weight_hh_l0", (128, 32), rms=0.1),
    ]
    head = reading("1", fed_by="0", gradient=1e-3)
    return network([head], [*cell, parameter("0.weight")], input_rms=input_rms)


def test_gates_of_a_cell_under_a_large_input_are_harmed() -> None:
    harmed = the("unscaled-input", with_cell(input_rms=900.0))
    assert "by it alone the gates of the first cell are 180 in size" in harmed.cause
    assert math.isclose(harmed.evidence[1].measured, 180.0)
    assert info("unscaled-input", with_cell(input_rms=40.0)).severity == "info"  # gates of 8


def test_a_loss_that_leapt_once_and_came_far_down_is_no_fault() -> None:
    def leapt(end: float) -> Readings:
        losses = (*LEAPING[:3], *[end] * (STEPS - 3))
        return chain(gradients=[1e-3] * 3, updates=[0.3] * 3, losses=losses)

    assert "the loss goes from 2.3 up to 9e+03" in the("unstable-updates", leapt(2.0)).cause
    assert not found("unstable-updates", leapt(0.3))


def test_weights_that_grew_since_the_first_steps_are_the_steps_fault() -> None:
    values = [10.0**place for place in range(5)]

    def grown(first: float) -> Readings:
        now = chain(gradients=[1e-3] * 5, values=values, sigma_w2=6.0, losses=SLOWLY)
        return replace(now, opening=chain(gradients=[1e-3] * 5, sigma_w2=first, losses=SLOWLY))

    finding = the("exploding-activation", grown(2.0))
    assert "training has made the weights large: by their mean square they are 3 times" in finding.cause
    assert finding.remedies[0] == "lower-learning-rate"
    assert "The weights are too large for relu" in the("exploding-activation", grown(6.0)).cause


def test_a_layer_that_each_step_replaces_shakes_the_loss_though_it_falls() -> None:
    shaken = tuple((2.3 - 0.02 * step) * (1 + 0.3 * (-1) ** step) for step in range(80))

    def made(update: float, losses: tuple[float, ...]) -> Readings:
        return chain(gradients=[1e-3] * 3, updates=[1e-3, 1e-3, update], losses=losses)

    assert "the loss swings by" in the("unstable-updates", made(0.5, shaken)).cause
    assert not found("unstable-updates", made(0.3, shaken))
    assert not found("unstable-updates", made(0.5, FALLING))


def test_a_rise_that_was_made_good_and_a_fall_that_hardly_shows_are_no_faults() -> None:
    def made(update: float, losses: tuple[float, ...]) -> Readings:
        now = chain(gradients=[1e-3] * 3, updates=[update] * 3, losses=losses)
        return replace(now, opening=now)

    falling = (1.0, 4.5, 2.0, *[0.9 - 0.4 * step / 60 for step in range(60)])
    assert not found("unstable-updates", made(0.35, falling))
    lasting = (1.0, 4.5, 2.0, *[0.8 - 0.1 * step / 60 for step in range(60)])
    assert the("unstable-updates", made(0.35, lasting))
    scattered = tuple(1.0 + 0.3 * (-1) ** step - 0.003 * step for step in range(60))
    assert not found("unstable-updates", made(0.15, scattered))
    assert "and does not fall" in the("unstable-updates", made(0.3, scattered)).cause
