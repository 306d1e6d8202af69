"""Each cause of a signal or a gradient that is lost is found by its numbers, and nothing where none is."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.diagnosis.made import (
    FALLING,
    LEVEL,
    STEPS,
    chain,
    network,
    parameter,
    reading,
    weights,
)

from relume.diagnosis.rules import rules
from relume.types import Finding, Problem, Readings

SIGMOID = [1e-3 * 0.141 ** (19 - place) for place in range(20)]  # nn.Linear's default, by mean-field theory
RELU = [1e-3 * 0.408 ** (19 - place) for place in range(20)]
GROWING = [3.0**place for place in range(10)]


def found(problem: Problem, readings: Readings) -> Finding:
    (finding,) = rules[problem].find(readings)
    return finding


def nothing(problem: Problem, readings: Readings) -> bool:
    return not list(rules[problem].find(readings))


def paths(finding: Finding) -> list[str]:
    return [site.path for site in finding.sites]


def test_gradients_vanish_by_the_slope_of_sigmoid() -> None:
    finding = found(
        "vanishing-gradient", chain("sigmoid", gradients=SIGMOID, sigma_w2=1 / 3, values=[0.5] * 20)
    )
    assert "slope of sigmoid" in finding.cause
    assert finding.remedies[0] == "replace-activation"
    assert finding.evidence[0].measured < 1e-15
    assert finding.evidence[1].measured == pytest.approx(0.245, abs=0.01)  # E[f'^2]^(1/2) at q of 0.08
    assert paths(finding)[0] == "1"
    assert "0.weight" in finding.parameters


def test_gradients_vanish_by_the_scale_of_weights() -> None:
    finding = found("vanishing-gradient", chain("relu", gradients=RELU, sigma_w2=1 / 3, values=[0.3] * 20))
    assert finding.remedies[0] == "variance-preserving-initialisation"
    assert finding.evidence[1].measured == pytest.approx(1 / 6)  # chi
    assert "0.33, and 2 would keep the gradient" in finding.cause


@pytest.mark.parametrize(
    ("sigma_w2", "input_rms", "remedy"),
    [
        (133.0, 1.0, "variance-preserving-initialisation"),
        (1.0, 60.0, "standardise-input"),
        (1.0, 1.0, "replace-activation"),
    ],
)
def test_saturation_has_the_weights_the_input_or_neither_as_its_cause(
    sigma_w2: float, input_rms: float, remedy: str
) -> None:
    readings = chain(
        "tanh", gradients=[1e-3] * 4, flat=0.9, sigma_w2=sigma_w2, input_rms=input_rms, losses=LEVEL
    )
    finding = found("saturated-units", readings)
    assert finding.remedies[0] == remedy
    assert finding.severity == "error"
    assert finding.evidence[0].measured == pytest.approx(0.9)


def test_gradients_vanish_by_saturation() -> None:
    readings = chain("tanh", gradients=[1e-3 * 0.2 ** (9 - i) for i in range(10)], flat=0.9, sigma_w2=40.0)
    finding = found("vanishing-gradient", readings)
    assert "flat ends of tanh" in finding.cause
    assert finding.remedies == found("saturated-units", readings).remedies


def test_gradients_end_at_dead_units_and_those_are_named() -> None:
    finding = found("vanishing-gradient", chain(gradients=[0.0, 0.0, 0.0, 1e-3, 1e-3], dead={3: 16}))
    assert finding.cause.startswith("Dead units: in 7 100%")
    assert finding.remedies[0] == "revive-dead-units"
    assert paths(finding) == ["1", "3", "5"]


def test_a_cut_graph_is_told_from_frozen_weights() -> None:
    finding = found("vanishing-gradient", chain(gradients=[None, None, 1e-3, 1e-3], unused=2))
    assert finding.cause.startswith("The graph is cut between 3 and 5")
    assert finding.remedies == ("reattach-graph", "straight-through")
    frozen = chain(gradients=[None, None, 1e-3, 1e-3])
    assert nothing("vanishing-gradient", replace(frozen, parameters=_frozen(frozen, "0.weight", "2.weight")))


def _frozen(readings: Readings, *names: str) -> dict[str, object]:
    return {n: parameter(n, measured=0) if n in names else p for n, p in readings.parameters.items()}


def test_a_single_layer_that_loses_the_gradient_is_blamed_alone() -> None:
    gradients = [1e-9] * 4 + [1e-3] * 4
    readings = chain(gradients=gradients)
    small = {each.name: each for each in weights("8", sigma_w2=1e-12)}
    finding = found("vanishing-gradient", replace(readings, parameters={**readings.parameters, **small}))
    assert finding.remedies[0] == "variance-preserving-initialisation"
    assert "1e-12" in finding.cause


@pytest.mark.parametrize(
    ("losses", "update", "severity"),
    [
        (FALLING, 1e-3, "warning"),
        (FALLING, 1e-9, "error"),
        (LEVEL, 1e-3, "error"),
        ([math.nan] * STEPS, 1e-3, "error"),
    ],
    ids=["learns", "the first layers stand still", "does not learn", "extreme"],
)
def test_severity_tells_a_fault_of_the_signal_from_one_of_learning(
    losses: list[float], update: float, severity: str
) -> None:
    readings = chain("sigmoid", gradients=SIGMOID, losses=losses, updates=[update] * 20)
    assert found("vanishing-gradient", readings).severity == severity


def test_a_mild_loss_without_a_loss_told_is_a_warning() -> None:
    readings = chain("sigmoid", gradients=SIGMOID[-6:], losses=[math.nan] * STEPS)
    assert found("vanishing-gradient", readings).severity == "warning"


def test_weights_too_large_let_gradient_and_signal_explode() -> None:
    readings = chain(gradients=GROWING[::-1], values=GROWING, sigma_w2=18.0)
    for problem in ("exploding-gradient", "exploding-activation"):
        finding = found(problem, readings)  # type: ignore[arg-type]
        assert finding.remedies[0] == "variance-preserving-initialisation"
        assert finding.evidence[0].measured == pytest.approx(3.0**9, rel=0.01)
        assert finding.evidence[1].measured == pytest.approx(9.0, rel=0.01)


def test_depth_without_normalisation_lets_them_explode() -> None:
    deep = [1.3**place for place in range(60)]
    readings = chain(gradients=deep[::-1], values=deep)
    assert found("exploding-gradient", readings).cause.startswith("Depth without normalisation")
    assert found("exploding-activation", readings).remedies[0] == "insert-normalisation"
    norm = parameter("norm.weight", (16,), rms=1.0)
    normalised = replace(readings, parameters={**readings.parameters, norm.name: norm})
    assert "Yang et al. 2019" in found("exploding-gradient", normalised).cause


def test_steps_too_large_let_them_explode() -> None:
    readings = chain(gradients=GROWING[::-1], values=GROWING, sigma_w2=18.0, updates=[0.8] * 10)
    for problem in ("exploding-gradient", "exploding-activation"):
        finding = found(problem, readings)  # type: ignore[arg-type]
        assert finding.remedies[0] == "lower-learning-rate"
        assert "80%" in finding.cause


def test_bounded_signals_do_not_explode() -> None:
    assert nothing("exploding-activation", chain("tanh", gradients=[1.0] * 10, values=GROWING))


def test_a_trunk_without_sites_shows_in_the_first_weights() -> None:
    """All sites are in branches that begin at 0, but for the last; the stem's weights tell of the trunk."""
    sites = [reading(f"{b}.act", fed_by=f"{b}.conv", gradient=1e-9) for b in range(5)]
    sites.append(reading("end", fed_by="end.conv", gradient=1e-3))
    parameters = [parameter(f"{b}.conv.weight", gradient=1e-9) for b in range(5)]
    parameters += [parameter("end.conv.weight"), parameter("head.weight")]
    assert nothing(
        "vanishing-gradient", network(sites, [parameter("stem.weight", gradient=0.1), *parameters])
    )
    assert found("vanishing-gradient", network(sites, parameters))
    unseen = [replace(each, measured=0) for each in parameters]
    norm = parameter("norm.weight", (16,), measured=0)
    assert nothing("vanishing-gradient", network(sites, [*unseen, norm]))


def test_saturation_among_normalised_layers_is_worth_knowing_while_the_loss_falls() -> None:
    saturated = chain("tanh", gradients=[1e-3] * 4, flat=0.6)
    norm = parameter("norm.weight", (16,), rms=1.0)
    normalised = replace(saturated, parameters={**saturated.parameters, norm.name: norm})
    assert found("saturated-units", saturated).severity == "warning"
    assert found("saturated-units", normalised).severity == "info"


def test_small_weights_are_a_fault_where_the_loss_stands_still_and_nothing_is_normalised() -> None:
    small = chain("tanh", gradients=[1e-3, 1e-3], sigma_w2=0.01, losses=LEVEL)
    assert found("vanishing-gradient", small).cause.startswith("The weights are too small for tanh")
    norm = parameter("norm.weight", (16,), rms=1.0)
    assert nothing("vanishing-gradient", replace(small, parameters={**small.parameters, norm.name: norm}))
    assert nothing("vanishing-gradient", chain("tanh", gradients=[1e-3, 1e-3], sigma_w2=0.01, losses=FALLING))


def unrolled(factor: float, *, losses: Sequence[float] = LEVEL, sigma_w2: float = 1.0) -> Readings:
    """A recurrence of tanh, unrolled over 16 calls; the gradient is multiplied by `factor` going back."""
    calls = [
        reading("net", "tanh", rms=0.8, fed_by="again", call_index=i, gradient=1e-3 * factor ** (15 - i))
        for i in range(16)
    ]
    return network(
        calls, [*weights("again", sigma_w2=sigma_w2), *weights("head", sigma_w2=1.0)], losses=losses
    )


def test_a_recurrence_loses_or_blows_up_the_gradient_over_time() -> None:
    lost = found("vanishing-gradient", unrolled(0.4, sigma_w2=0.2))
    assert lost.severity == "error"
    assert lost.cause.startswith("Over time, not depth. The weights are too small for tanh")
    blown_up = found("exploding-gradient", unrolled(2.0, sigma_w2=9.0))
    assert "back over 16 calls of again" in blown_up.evidence[0].quantity
    assert blown_up.remedies[0] == "variance-preserving-initialisation"


def test_what_was_long_ago_need_not_be_learned_from() -> None:
    assert found("vanishing-gradient", unrolled(0.4, losses=FALLING)).severity == "info"
    assert nothing("vanishing-gradient", unrolled(0.9))
    assert nothing("exploding-gradient", unrolled(1.1))


@pytest.mark.parametrize("problem", ["vanishing-gradient", "exploding-gradient", "exploding-activation"])
def test_one_or_two_layers_have_no_trend(problem: Problem) -> None:
    assert nothing(problem, chain(gradients=[1e-3]))
    assert nothing(problem, chain(gradients=[5e-3, 1e-3], values=[1.0, 4.0]))
