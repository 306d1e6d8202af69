"""Each cause and each false alarm of the rules on inputs, updates and numbers, by readings made by hand."""

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.diagnosis.made import (
    FALLING,
    HEALTHY,
    LEVEL,
    STEPS,
    UNITS,
    chain,
    network,
    parameter,
    reading,
    sums,
)
from tests.diagnosis.made_units import (
    DIVERGING,
    LEAPING,
    found,
    info,
    killed,
    names,
    the,
    with_parameter,
    with_site,
)

from relume.types import Finding, NonFinite, ParameterReading, Reading, Readings, Sums


class TestNonFinite:
    def fault(self, readings: Readings, site: str, step: int, direction: Any = "forward") -> Finding:
        fault = NonFinite(site=site, step=step, direction=direction)
        finding = the("non-finite", replace(readings, non_finite=fault))
        assert finding.severity == "error"
        return finding

    def test_the_data(self) -> None:
        finding = self.fault(chain(gradients=[1e-3] * 2), "(input)", 3)
        assert "what the model was given at step 3 holds NaN" in finding.cause
        assert names(finding) == ["(input)"]
        assert finding.remedies == ("clean-examples",)

    def test_a_loss_that_grew(self) -> None:
        losses = (*DIVERGING[:18], math.inf, math.inf)
        finding = self.fault(chain(gradients=[1e-3] * 2, losses=losses), "3", 18)
        assert "updates are too large: the loss grew from 0.5" in finding.cause
        assert finding.remedies[0] == "lower-learning-rate"
        assert names(finding) == ["3"]

    def test_values_that_grew_with_the_updates(self) -> None:
        readings = with_site(chain(gradients=[1e-3] * 2, losses=(2.3, math.inf)), "1", value=sums(rms=1e30))
        assert "grew to 3e+30 at 1" in self.fault(readings, "3", 1).cause
        updates = with_parameter(chain(gradients=[1e-3] * 2), parameter("0.weight", update_ratio=3.0))
        assert "a step changed 0.weight by 300%" in self.fault(updates, "3", 1).cause

    def test_weights_too_large_from_the_start(self) -> None:
        readings = with_site(chain(gradients=[1e-3] * 3), "3", value=sums(rms=1e4))
        finding = self.fault(readings, "5", 0)
        assert "too large before any update: 3e+04 at 3" in finding.cause
        assert finding.remedies[0] == "variance-preserving-initialisation"

    def test_an_undefined_operation_names_its_line(self) -> None:
        finding = self.fault(chain(gradients=[1e-3] * 2), "3", 4)
        assert "undefined operation: at step 4 values are NaN or infinite at 3 (net.py:8)" in finding.cause

    def test_backward_the_loss_and_its_derivative_are_told_apart(self) -> None:
        wrong = (2.3, math.inf, *[math.inf] * (STEPS - 2))
        assert (
            "The loss: at step 1"
            in self.fault(chain(gradients=[1e-3], losses=wrong), "1", 1, "backward").cause
        )
        finding = self.fault(chain(gradients=[1e-3]), "1", 1, "backward")
        assert "The derivative: at step 1" in finding.cause

    def test_a_loss_alone(self) -> None:
        finding = the("non-finite", chain(gradients=[1e-3], losses=(2.3, 2.2, math.inf)))
        assert "The loss itself" in finding.cause
        assert "step 2" in finding.evidence[0].quantity


class TestUnscaledInput:
    def given(
        self, value: Sums, *, first: Reading | None = None, losses: tuple[float, ...] = LEVEL
    ) -> Readings:
        readings = network([first or reading("1", fed_by="0", rms=30.0)], losses=losses)
        assert readings.input
        return replace(readings, input=replace(readings.input, value=value))

    def test_bytes(self) -> None:
        value = sums(rms=120.0, mean=90.0, zeros=0.3, fired=0.7, largest=255.0)
        finding = the("unscaled-input", self.given(value))
        assert finding.severity == "error"
        assert "image bytes from 0 to 255" in finding.cause
        assert "At 1 values are about 30 in size too." in finding.cause
        assert finding.remedies[0] == "standardise-input"

    def test_where_the_loss_falls_it_is_a_warning(self) -> None:
        value = sums(rms=120.0, largest=300.0)
        finding = the("unscaled-input", self.given(value, losses=tuple(2.3 * 0.9**s for s in range(STEPS))))
        assert finding.severity == "warning"
        assert "values are about 120 in size, where layers expect about 1" in finding.cause

    def test_behind_a_normalisation_it_does_no_harm(self) -> None:
        first = reading("1", fed_by="0")
        finding = info("unscaled-input", self.given(sums(rms=120.0), first=first, losses=FALLING))
        assert "It does no harm" in finding.cause
        finding = the("unscaled-input", self.given(sums(rms=120.0), first=first))
        assert (finding.severity, "The loss does not fall" in finding.cause) == ("warning", True)

    def test_saturation(self) -> None:
        first = reading("1", "tanh", fed_by="0", flat=0.97)
        finding = the("unscaled-input", self.given(sums(rms=50.0), first=first))
        assert "97% of the values of tanh sit on a flat end" in finding.cause

    def test_dying(self) -> None:
        finding = the("unscaled-input", self.given(sums(rms=50.0), first=reading("1", fed_by="0", dead=8)))
        assert "50% of the units never fire" in finding.cause

    def test_small_values_drown_in_the_biases(self) -> None:
        first = reading("1", fed_by="0", rms=0.2, mean=0.1999)
        finding = the("unscaled-input", self.given(sums(rms=0.001), first=first))
        assert "its values are about 0.001 in size" in finding.cause
        assert "vary by only 3.2% of their size" in finding.cause

    def test_a_mean_far_above_the_spread(self) -> None:
        first = reading("1", fed_by="0", rms=1.0, mean=0.999)
        finding = the("unscaled-input", self.given(sums(rms=5.0, mean=4.99), first=first))
        assert "its mean is 15.8 times its spread" in finding.cause

    @pytest.mark.parametrize(
        "value",
        [
            sums(rms=0.58, mean=0.5),
            sums(rms=0.33, mean=0.13, zeros=0.8),  # digits
            sums(rms=0.03, mean=0.001, zeros=0.999, fired=0.001),  # one word of a thousand
            sums(rms=0.0, zeros=1.0, fired=0.0),
            sums(rms=3.0, mean=3.0),  # the same for every example: another fault
        ],
        ids=["from 0 to 1", "digits", "one-hot", "nothing", "constant"],
    )
    def test_usual_inputs_are_fine(self, value: Sums) -> None:
        assert not found("unscaled-input", self.given(value))


class TestUnstableUpdates:
    def with_ratio(self, ratio: float, losses: tuple[float, ...]) -> Readings:
        return chain(gradients=[1e-3] * 3, updates=[1e-3, ratio, ratio / 10], losses=losses)

    def test_a_loss_that_diverges(self) -> None:
        finding = the("unstable-updates", self.with_ratio(0.05, DIVERGING))
        assert (finding.severity, names(finding), finding.parameters) == ("error", ["3"], ("2.weight",))
        assert "learning rate of 0.001 is too large: a step changes 2.weight by 5.0%" in finding.cause
        assert finding.remedies[0] == "lower-learning-rate"

    def test_a_loss_that_leaves_the_numbers(self) -> None:
        losses = (*DIVERGING[:12], math.inf)
        finding = the("unstable-updates", self.with_ratio(math.nan, losses))
        assert finding.severity == "error"
        assert "then is no number any more" in finding.cause

    def test_a_loss_that_leaps(self) -> None:
        finding = the("unstable-updates", self.with_ratio(0.2, LEAPING))
        assert finding.severity == "error"
        assert "the loss goes from 2.3 up to 9e+03 and ends at 2.3" in finding.cause

    def test_a_loss_that_swings(self) -> None:
        swinging = tuple(2.0 + 1.5 * (-1) ** step for step in range(STEPS))
        finding = the("unstable-updates", self.with_ratio(0.3, swinging))
        assert finding.severity == "warning"
        assert "does not fall" in finding.cause
        assert not found("unstable-updates", self.with_ratio(0.003, swinging))

    def test_a_loss_that_comes_back_from_where_it_had_fallen(self) -> None:
        back = (*(2.0 - 0.16 * step for step in range(10)), *(0.56 + 0.3 * s for s in range(4)), *[1.8] * 6)
        finding = the("unstable-updates", self.with_ratio(0.3, back))
        assert "times the lowest level it had reached" in finding.cause
        small = tuple(2.0 * 0.5**step for step in range(10)) + (0.01,) * 10
        assert not found("unstable-updates", self.with_ratio(0.05, small))  # doubled, about nothing

    def test_a_loss_that_begins_at_nothing(self) -> None:
        rising = (0.0, *(float(step) for step in range(1, STEPS)))
        assert the("unstable-updates", self.with_ratio(0.05, rising)).severity == "error"
        assert not found("unstable-updates", self.with_ratio(0.05, (0.0,) * STEPS))

    def test_a_loss_that_stands_still(self) -> None:
        finding = the("unstable-updates", self.with_ratio(0.3, LEVEL))
        assert "the loss does not fall: it begins at 2.3 and ends at 2.3" in finding.cause
        assert not found("unstable-updates", self.with_ratio(0.05, LEVEL))

    @pytest.mark.parametrize("ratio", [1e-3, 0.05, 0.5])
    def test_a_loss_that_falls_speaks_for_its_updates(self, ratio: float) -> None:
        assert not found(
            "unstable-updates", self.with_ratio(ratio, tuple(2.3 * 0.9**s for s in range(STEPS)))
        )

    def test_biases_and_new_zeros_are_small_against_any_update(self) -> None:
        readings = self.with_ratio(1e-3, DIVERGING)
        readings = with_parameter(readings, parameter("2.bias", (UNITS,), rms=1e-3, update_ratio=0.9))
        readings = with_parameter(readings, parameter("4.weight", rms=1e-3, update_ratio=0.9))
        assert not found("unstable-updates", readings)

    def test_a_nan_out_of_the_data_is_not_their_fault(self) -> None:
        assert not found("unstable-updates", self.with_ratio(1e-3, (2.3, 2.2, 2.1, math.inf)))
        assert not found("unstable-updates", self.with_ratio(math.nan, (2.3, 2.2, 2.1, math.inf)))


class TestStalledLayer:
    def layers(self, changed: ParameterReading, losses: tuple[float, ...] = LEVEL) -> Readings:
        return with_parameter(chain(gradients=[1e-3] * 4, losses=losses), changed)

    def test_a_gradient_that_vanishes(self) -> None:
        lost = parameter("0.weight", gradient=1e-9, update_ratio=1e-10)
        finding = the("stalled-layer", self.layers(lost))
        assert (finding.severity, names(finding), finding.parameters) == ("error", ["1"], ("0.weight",))
        assert "The gradient vanishes before it comes to 0.weight" in finding.cause
        falling = tuple(2.3 * 0.9**step for step in range(STEPS))
        assert the("stalled-layer", self.layers(lost, falling)).severity == "warning"

    def test_a_layer_that_the_optimiser_does_not_hold(self) -> None:
        finding = the("stalled-layer", self.layers(parameter("4.weight", update_ratio=0.0)))
        assert finding.severity == "warning"
        assert "the optimiser does not hold it" in finding.cause

    def test_a_layer_that_came_in_place_of_one_that_the_optimiser_holds(self) -> None:
        still = replace(parameter("0.weight", update_ratio=0.0), is_replacement=True)
        finding = the("stalled-layer", self.layers(still, FALLING))
        assert (finding.severity, finding.parameters) == ("error", ("0.weight",))
        assert "put in place of another after the optimiser was made" in finding.cause

    def test_a_trunk_left_out_of_the_optimiser(self) -> None:
        body, still = self.layers(parameter("0.weight", update_ratio=0.0), FALLING), []
        for layer in "24":
            still.append(the("stalled-layer", body).severity)  # a layer or two are rather forgotten
            body = with_parameter(body, parameter(f"{layer}.weight", update_ratio=0.0))
        assert still == ["warning", "warning"]
        assert info("stalled-layer", body).parameters == ("0.weight", "2.weight", "4.weight")
        level = replace(body, steps=self.layers(parameter("0.weight")).steps)
        assert the("stalled-layer", level).severity == "warning"  # nothing is learnt on top of it either

    def test_a_group_whose_learning_rate_is_0(self) -> None:
        still = parameter("0.weight", update_ratio=0.0)
        finding = the("stalled-layer", self.layers(replace(still, learning_rate=0.0), FALLING))
        assert finding.severity == "warning"
        assert "the learning rate of its group is 0" in finding.cause

    def test_what_no_loss_uses(self) -> None:
        finding = info("stalled-layer", HEALTHY["a pooler that no loss uses"])
        assert finding.parameters == ("pooler.dense.weight",)
        assert "the loss does not use it" in finding.cause

    def test_what_is_frozen_was_never_meant_to_learn(self) -> None:
        assert not found("stalled-layer", HEALTHY["a frozen trunk"])

    def test_behind_dead_units_it_is_their_consequence(self) -> None:
        readings = with_parameter(killed(), parameter("0.weight", gradient=0.0, update_ratio=0.0))
        assert "all units of 5 are dead" in info("stalled-layer", readings).cause

    def test_one_step_and_slow_groups_say_nothing(self) -> None:
        assert not found(
            "stalled-layer", self.layers(parameter("4.weight", gradient=0, update_ratio=0, measured=1))
        )
        assert not found("stalled-layer", self.layers(parameter("0.weight", update_ratio=3e-6)))

    def test_where_nothing_learns_nothing_stalls(self) -> None:
        readings = chain(gradients=[1e-3] * 4, losses=LEVEL)
        still = {name: replace(p, update=0.0) for name, p in readings.parameters.items()}
        assert not found("stalled-layer", replace(readings, parameters=still))
