"""Each cause and each false alarm of the rules on units, by readings made by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.made import (
    HEALTHY,
    LEVEL,
    STEPS,
    UNITS,
    chain,
    network,
    parameter,
    reading,
    steps,
    sums,
    weights,
)
from tests.diagnosis.made_units import (
    LEAPING,
    OWN,
    found,
    info,
    killed,
    names,
    no_gradient,
    quiet,
    silent,
    the,
    with_parameter,
    with_site,
)

from relume.types import Readings, Sums


@pytest.mark.parametrize("problem", OWN)
@pytest.mark.parametrize("readings", HEALTHY.values(), ids=HEALTHY)
def test_a_healthy_network_is_quiet(problem: str, readings: Readings) -> None:
    assert quiet(problem, readings)


@pytest.mark.parametrize("problem", OWN)
def test_nothing_is_found_where_nothing_was_seen(problem: str) -> None:
    assert not found(problem, Readings(readings={}))


def dying(readings: Readings, value: Sums) -> Readings:
    """Every site as `value` over all of the training, and silent in the last steps of it."""
    last = readings
    for name in readings:
        readings, last = with_site(readings, name, value=value), with_site(last, name, value=silent())
    return replace(readings, closing=last)


class TestDeadUnits:
    def test_a_bias_that_holds_them_down(self) -> None:
        readings = with_parameter(killed(), parameter("4.bias", (UNITS,), rms=10.0))
        finding = the("dead-units", readings)
        assert (finding.severity, names(finding), finding.parameters) == ("error", ["5"], ("4.bias",))
        assert "4.bias holds these units below 0" in finding.cause
        assert finding.remedies[0] == "revive-dead-units"

    def test_the_bias_of_a_normalisation_counts_against_its_scale(self) -> None:
        order = [*weights("fc", sigma_w2=200.0), parameter("norm.weight", (UNITS,), rms=1.0)]
        order += [parameter("norm.bias", (UNITS,), rms=6.0), *weights("head", sigma_w2=1.0)]
        site = replace(reading("act", fed_by="fc"), value=silent())
        finding = the("dead-units", network([site], order, losses=LEVEL))
        assert finding.parameters == ("norm.bias",)
        assert finding.evidence[-1].measured == pytest.approx(6.0)

    def test_a_step_that_was_too_large_is_named(self) -> None:
        share = 1 / STEPS  # of the values: the ones before the first update
        value = sums(rms=0.2, mean=0.01, zeros=1 - share / 2, fired=share / 2)
        readings = dying(chain(gradients=[1e-3] * 3, losses=LEAPING), value)
        finding = the("dead-units", readings)
        assert (finding.severity, names(finding)) == ("error", ["1", "3", "5"])
        assert "update of step 0 was too large: the loss rose from 2.3 to 9e+03" in finding.cause
        assert finding.remedies[0] == "lower-learning-rate"

    def test_a_later_window_blames_updates_that_are_far_too_large(self) -> None:
        readings = killed()
        for name in readings:
            readings = with_site(readings, name, steps=range(50, 70))
        large = parameter("4.weight", update_ratio=0.4)
        assert "a step changed 4.weight by 40%" in the("dead-units", with_parameter(readings, large)).cause
        earlier = the("dead-units", readings)
        assert "not fired since watching began at step 50" in earlier.cause

    def test_units_silent_before_the_first_update_were_not_killed_by_it(self) -> None:
        readings = with_parameter(killed(losses=LEAPING), parameter("4.weight", update_ratio=0.5))
        assert "born dead" in the("dead-units", readings).cause

    @pytest.mark.parametrize(
        ("units", "said"), [(3, "up to 0.33 of all networks"), (64, "how their weights and biases are drawn")]
    )
    def test_born_dead_comes_with_its_probability(self, units: int, said: str) -> None:
        sites = [reading(str(2 * place + 1), units=units, fed_by=str(2 * place)) for place in range(3)]
        for place in range(2):
            sites[place] = replace(sites[place], gradient=no_gradient(units))
        sites[2] = replace(sites[2], value=silent(units))
        parameters = [parameter(f"{2 * place}.weight", (units, units)) for place in range(4)]
        finding = the("dead-units", network(sites, parameters, losses=LEVEL))
        assert "born dead" in finding.cause
        assert said in finding.cause
        assert finding.evidence[-1].measured == pytest.approx(1 - (1 - 2.0**-units) ** 3)

    def test_constant_inputs(self) -> None:
        readings = chain(gradients=[1e-3] * 2, losses=LEVEL)
        readings = with_site(readings, "1", value=silent())
        constant = replace(readings.input, value=sums(rms=0.7, mean=0.7))  # type: ignore[type-var]
        finding = the(
            "dead-units", replace(with_site(readings, "3", value=sums(rms=0.1, mean=0.1)), input=constant)
        )
        assert "the model's input is the same for every example" in finding.cause

    def test_faint_inputs(self) -> None:
        """What shrinks from layer to layer drowns in the biases: units are always on, or never."""
        readings = chain(gradients=[1e-3] * 4, dead={2: 7, 3: 7}, losses=LEVEL)
        for name in ("3", "5"):
            changed = replace(
                readings[name].value, sum=0.99 * np.sqrt(readings[name].value.sum_of_squares * 6400)
            )
            readings = with_site(readings, name, value=changed)
        finding = the("dead-units", readings)
        assert (finding.severity, names(finding)) == ("warning", ["5", "7"])
        assert "hardly varies: values at 3 spread by 14.1% of their size" in finding.cause
        assert finding.remedies[0] == "variance-preserving-initialisation"

    def test_zero_weights(self) -> None:
        finding = the(
            "dead-units", with_parameter(killed(), parameter("4.weight", rms=0.0, update_ratio=0.0))
        )
        assert "All entries of 4.weight are 0" in finding.cause
        assert finding.remedies[0] == "variance-preserving-initialisation"

    def test_what_dies_behind_a_dead_layer_is_put_down_to_it(self) -> None:
        readings = with_parameter(killed(depth=4, at=1), parameter("2.bias", (UNITS,), rms=10.0))
        for name in ("5", "7"):
            readings = with_site(readings, name, value=silent(), gradient=no_gradient())
        finding = the("dead-units", readings)
        assert names(finding) == ["3", "5", "7"]
        assert finding.parameters == ("2.bias",)

    def test_a_third_of_the_units_is_capacity_lost(self) -> None:
        finding = the("dead-units", chain(gradients=[1e-3] * 3, dead={1: 6}))
        assert (finding.severity, names(finding)) == ("warning", ["3"])
        assert finding.evidence[0].measured == pytest.approx(6 / UNITS)

    def test_as_many_as_in_networks_that_work_are_no_fault(self) -> None:
        finding = info("dead-units", chain(gradients=[1e-3] * 3, dead={0: 2, 2: 2}))  # 12.5 %
        assert names(finding) == ["1", "5"]
        assert "not a fault" in finding.cause

    def test_channels_silent_on_one_batch_are_not_called_dead(self) -> None:
        """As in an untrained VGG: 46 % of the channels at thousands of positions, but of 64 images."""
        sites = [reading(str(place), examples=64, positions=1024, dead=7) for place in range(4)]
        assert not found("dead-units", network(sites, examples=64))
        sites = [reading(str(place), examples=640, positions=1024, dead=7) for place in range(4)]
        assert "too few to call them dead" in info("dead-units", network(sites, examples=640)).cause

    def test_a_layer_that_passes_nothing_needs_fewer_examples(self) -> None:
        readings = killed()
        for name in readings:
            readings = with_site(readings, name, examples=320)
        assert the("dead-units", readings).severity == "error"

    def test_a_gate_that_is_shut_stops_no_learning(self) -> None:
        """Squeeze and excitation whose few units are silent: the gradient goes on around them."""
        sites = [reading("act", fed_by="conv"), reading("se.act", fed_by="se.reduce", units=4)]
        sites[1] = replace(sites[1], value=silent(4), examples=640)
        shut = replace(reading("se.gate", "hardsigmoid", fed_by="se.expand"), value=silent())
        readings = network([*sites, shut, reading("act2", fed_by="conv2")])
        assert names(info("dead-units", readings)) == ["se.act"]
        longer = with_site(readings, "se.act", examples=6400)
        assert names(info("dead-units", longer)) == ["se.act"]
        at_the_end = [
            reading("act", fed_by="conv", dead=6),
            reading("out", "sigmoid", fed_by="head", units=1),
        ]
        assert the("dead-units", network(at_the_end)).severity == "warning"

    def test_a_sparse_code_is_worth_knowing(self) -> None:
        finding = info("dead-units", HEALTHY["a sparse code"])
        assert "a sparse code, not a fault" in finding.cause

    def test_values_that_are_not_numbers_are_not_dead(self) -> None:
        readings = chain(gradients=[1e-3] * 2, losses=(2.3, *[math.inf] * (STEPS - 1)))
        for name in readings:
            lost = replace(sums(rms=1.0, fired=0.01), sum=np.full(UNITS, math.nan))
            readings = with_site(readings, name, value=lost)
        assert quiet("dead-units", readings)

    @pytest.mark.parametrize(
        "activation", ["sigmoid", "hardsigmoid", "prelu", "leaky_relu", "gelu", "softshrink"]
    )
    def test_only_rectifiers_have_dead_units(self, activation: str) -> None:
        """Also where the value is never above 0: PReLU's learned slopes may be anything."""
        site = replace(reading("1", activation, fed_by="0"), value=sums(rms=1.0, fired=0.0))
        assert not found("dead-units", network([site]))


class TestSymmetricUnits:
    def alike(self, *places: int, losses: tuple[float, ...] = LEVEL, activation: str = "relu") -> Readings:
        readings = chain(activation, gradients=[1e-3] * 3, losses=losses)
        for place in places:
            name = str(2 * place + 1)
            value, gradient = (
                self.one_for_all(part) for part in (readings[name].value, readings[name].gradient)
            )
            readings = with_site(readings, name, value=value, gradient=gradient)
        return readings

    def one_for_all(self, given: Sums) -> Sums:
        mean = np.full(UNITS, given.sum.mean()) * (1 + 1e-7 * np.arange(UNITS))
        return replace(given, sum=mean, sum_of_squares=np.full(UNITS, given.sum_of_squares.mean()))

    def test_constant_weights(self) -> None:
        finding = the("symmetric-units", self.alike(0, 1, 2))
        assert (finding.severity, names(finding)) == ("error", ["1", "3", "5"])
        assert finding.parameters == ("0.weight", "2.weight", "4.weight")
        assert "0.weight were set to a constant" in finding.cause
        assert finding.remedies[0] == "break-symmetry"

    def test_one_layer_of_a_network_that_learns(self) -> None:
        falling = tuple(2.3 * 0.9**step for step in range(STEPS))
        assert the("symmetric-units", self.alike(1, losses=falling)).severity == "warning"

    def test_zero_weights_where_no_unit_can_be_dead(self) -> None:
        readings = with_parameter(self.alike(0, activation="tanh"), parameter("0.weight", rms=0.0))
        zero = with_site(readings, "1", value=silent(), gradient=no_gradient())
        assert "they are all 0" in the("symmetric-units", zero).cause

    def test_dead_units_are_another_fault(self) -> None:
        readings = self.alike(1)
        assert not found("symmetric-units", with_site(readings, "3", value=silent(), gradient=no_gradient()))

    def test_unequal_gradients_will_tell_them_apart(self) -> None:
        """A layer that begins at 0 on purpose."""
        readings = self.alike(1)
        gradient = chain(gradients=[1e-3] * 3)["3"].gradient
        assert not found("symmetric-units", with_site(readings, "3", gradient=gradient))

    def test_units_without_weights_of_their_own(self) -> None:
        """A gate of one value, broadcast to all channels."""
        readings = self.alike(1)
        assert not found("symmetric-units", with_parameter(readings, parameter("2.weight", (1, UNITS))))
        parameters = {name: p for name, p in readings.parameters.items() if name != "2.weight"}
        assert not found("symmetric-units", replace(readings, parameters=parameters))

    def test_one_unit_and_one_step_say_nothing(self) -> None:
        readings = self.alike(1)
        assert not found("symmetric-units", readings.pooled())
        assert not found("symmetric-units", with_site(readings, "3", steps=range(1)))

    def test_constant_inputs_say_nothing(self) -> None:
        readings = self.alike(0)
        constant = replace(readings.input, value=sums(rms=1.0, mean=1.0))  # type: ignore[type-var]
        assert not found("symmetric-units", replace(readings, input=constant))


def test_steps_without_examples_are_counted_alike() -> None:
    readings = chain(gradients=[1e-3] * 2, losses=LEAPING)
    readings = replace(readings, steps=steps(LEAPING, examples=0))
    readings = dying(readings, sums(rms=0.2, zeros=0.98, fired=0.02))
    assert "update of step 0" in the("dead-units", readings).cause
