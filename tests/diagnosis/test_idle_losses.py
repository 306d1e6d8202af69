"""Where the loss stands still, less of a symptom is a fault; and what the first and last steps tell apart."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.diagnosis.made import chain, network, parameter, reading
from tests.diagnosis.made_units import found, quiet, silent, the, with_parameter

from relume.types import NonFinite, Problem, Readings

STILL = tuple(2.3 + 0.001 * (-1) ** step for step in range(60))
SINKING = tuple(2.3 * 0.95**step for step in range(60))
FEW = 640  # examples: too few to call a unit dead by itself


def silenced(losses: Sequence[float]) -> Readings:
    return chain(gradients=[1e-3] * 3, dead={1: 10}, losses=losses, examples=FEW)


def faint(losses: Sequence[float]) -> Readings:
    return chain("gelu", gradients=[1e-3] * 3, values=[0.02] * 3, sigma_w2=1.0, losses=losses)


def thinned(losses: Sequence[float]) -> Readings:
    readings = chain("gelu", gradients=[3e-5, 1e-4, 3e-4, 1e-3], sigma_w2=1.0, losses=losses)
    return replace(readings, opening=readings, closing=chain("gelu", gradients=[1e-3] * 4, losses=losses))


def slowed(losses: Sequence[float], *, least: float = 5e-7) -> Readings:
    readings = chain(gradients=[1e-3] * 3, losses=losses)
    rates = {"0.weight": least, "2.weight": 1e-5, "4.weight": 1e-3, "6.weight": 1e-3}
    for name, rate in rates.items():
        readings = with_parameter(readings, replace(readings.parameters[name], learning_rate=rate))
    return readings


def bounded(losses: Sequence[float]) -> Readings:
    """A hidden layer of ReLU, and an output of tanh of which two thirds are on its ends."""
    sites = [reading("1", fed_by="0"), reading("3", "tanh", fed_by="2", flat=0.67)]
    readings = network(sites, [parameter("0.weight"), parameter("2.weight")], losses=losses)
    return replace(readings, closing=readings)


@pytest.mark.parametrize(
    ("problem", "made", "said"),
    [
        ("dead-units", silenced, "look at how their weights and biases are drawn"),
        ("vanishing-gradient", faint, "behind them 2.0% of the input's size is left"),
        ("vanishing-gradient", thinned, "weights"),
        ("stalled-layer", slowed, "The learning rate of 0.weight is 5e-07 at least, and 0.001 elsewhere"),
        ("saturated-units", bounded, "training has driven 67% of it to its ends"),
    ],
    ids=["dead", "faint", "thinned", "slowed", "output"],
)
def test_it_is_a_fault_where_the_loss_stands_still(problem: Problem, made: object, said: str) -> None:
    assert callable(made)
    assert said in the(problem, made(STILL)).cause
    assert quiet(problem, made(SINKING))


def test_four_layers_that_each_lose_a_third_are_a_fault_however_the_loss_goes() -> None:
    def fading(first: float) -> Readings:
        gradients = [1e-3 * first ** (1 - place / 3) for place in range(4)]
        readings = chain("gelu", gradients=gradients, sigma_w2=1.0, losses=SINKING)
        return replace(
            readings, opening=readings, closing=chain("gelu", gradients=[1e-3] * 4, losses=SINKING)
        )

    assert the("vanishing-gradient", fading(0.009)).severity == "warning"
    assert quiet("vanishing-gradient", fading(0.02))


def test_next_to_no_rate_is_a_fault_however_the_loss_goes() -> None:
    assert "is 1e-07 at least" in the("stalled-layer", slowed(SINKING, least=1e-7)).cause


def shut(losses: Sequence[float], *, flat: float = 1.0) -> Readings:
    """A gate of a sigmoid that does not open, beside layers that are bounded by nothing."""
    sites = [reading("1", "silu", fed_by="0"), reading("3", "sigmoid", fed_by="2", flat=flat)]
    sites += [reading(f"{place}", "silu", fed_by=f"{place - 1}") for place in (5, 7)]
    sites += [reading("9", "tanh", fed_by="8"), reading("11", "tanh", fed_by="10")]
    weights = [parameter(f"{place}.weight") for place in range(0, 13, 2)]
    return network(sites, weights, losses=losses)


def test_a_gate_that_never_opens_is_a_fault_where_nothing_is_learnt() -> None:
    assert "flat ends of sigmoid" in the("saturated-units", shut(STILL)).cause
    assert quiet("saturated-units", shut(SINKING))
    assert quiet("saturated-units", shut(STILL, flat=0.9))


def test_half_flat_layers_are_no_more_than_worth_knowing_while_the_loss_falls() -> None:
    def made(flat: float, losses: Sequence[float]) -> Readings:
        return chain("tanh", gradients=[1e-3] * 3, flat=flat, losses=losses)

    assert quiet("saturated-units", made(0.52, SINKING))
    assert not quiet("saturated-units", made(0.52, STILL))
    assert not quiet("saturated-units", made(0.6, SINKING))


def test_small_weights_of_layers_that_are_heard_lose_nothing() -> None:
    """As of adapters, whose second product begins at 0."""

    def made(value: float, losses: Sequence[float]) -> Readings:
        return chain("gelu", gradients=[1e-3] * 3, values=[value] * 3, sigma_w2=4e-3, losses=losses)

    still_then_falls = (2.3,) * 25 + tuple(2.3 * 0.9**step for step in range(35))
    assert "weights are too small" in the("vanishing-gradient", made(0.1, still_then_falls)).cause
    assert quiet("vanishing-gradient", made(0.4, still_then_falls))
    assert "weights are too small" in the("vanishing-gradient", made(0.4, STILL)).cause


def born_at_its_ends(flat: float) -> Readings:
    sites = [reading("1", fed_by="0"), reading("3", "tanh", fed_by="2", flat=flat)]
    readings = network(sites, [parameter("0.weight"), parameter("2.weight")], losses=SINKING)
    return replace(readings, opening=readings)


def test_an_output_that_begins_on_its_ends_is_a_fault() -> None:
    assert "flat ends of tanh" in the("saturated-units", born_at_its_ends(0.85)).cause
    assert quiet("saturated-units", born_at_its_ends(0.7))


def collapsed(share: float) -> Readings:
    readings = chain(gradients=[1e-3] * 3, losses=SINKING)
    last = chain(gradients=[1e-3] * 3, values=[1.0, share, 1.0], losses=SINKING)
    return replace(readings, opening=readings, closing=last)


def test_layers_that_are_driven_to_silence_are_told_before_they_are_dead() -> None:
    finding = the("dead-units", collapsed(0.05))
    assert finding.cause.startswith("Driven towards silence: 3 says 5.0% of what it said at the start")
    assert not found("dead-units", collapsed(0.3))


def cell(*, late: float, rms: float = 0.25) -> Readings:
    """Ten calls of a cell: a gate, and what it says, of which at last some share is on its ends."""
    sites = []
    for call in range(10):
        flat = late if call == 9 else 0.0
        sites += [
            reading("cell", "sigmoid", fed_by="cell.product", call_index=2 * call),
            reading("cell", "tanh", fed_by="cell.product", call_index=2 * call + 1, flat=flat),
        ]
    readings = network(sites, [parameter("cell.product.weight", rms=rms), parameter("head.weight")])
    return replace(readings, opening=readings)


def test_a_state_that_runs_full_has_gates_or_weights_as_its_cause() -> None:
    assert "its gates let more in than they let go" in the("saturated-units", cell(late=0.5)).cause
    assert "the weights are large" in the("saturated-units", cell(late=0.5, rms=1.0)).cause
    assert quiet("saturated-units", cell(late=0.2))


def test_gates_that_are_flat_throughout_are_no_gates() -> None:
    def made(flat: float) -> Readings:
        sites = [reading("1", "silu", fed_by="0"), reading("3", "sigmoid", fed_by="2", flat=flat)]
        sites += [reading(f"{place}", "silu", fed_by=f"{place - 1}") for place in (5, 7)]
        return network(sites, [parameter(f"{place}.weight") for place in (0, 2, 4, 6, 8)])

    assert "flat ends of sigmoid" in the("saturated-units", made(0.9)).cause
    assert quiet("saturated-units", made(0.6))
    assert "other ways" in found("saturated-units", made(0.6))[0].cause


def test_a_decay_that_takes_the_weights_is_named() -> None:
    def made(decay: float) -> Readings:
        rated = replace(parameter("0.weight"), learning_rate=0.02)
        return replace(network([reading("1")], [rated]), settings={"SGD.weight_decay": decay})

    finding = the("unstable-updates", made(5.0))
    assert "The weight decay of SGD, 5, takes 10.0% of the weights away at each step" in finding.cause
    assert finding.remedies[0] == "usual-optimiser-settings"
    assert not found("unstable-updates", made(0.4))


def test_an_epsilon_of_0_is_named_where_something_was_divided_by_it() -> None:
    broken = replace(
        chain(gradients=[1e-3] * 3),
        non_finite=NonFinite(site="1", step=3, direction="forward"),
        settings={"Adam.eps": 0.0},
    )
    finding = the("non-finite", broken)
    assert "the update before step 3 was 0 / 0" in finding.cause
    assert finding.remedies == ("usual-optimiser-settings",)
    usual = the("non-finite", replace(broken, settings={"Adam.eps": 1e-8}))
    assert "epsilon" not in usual.cause


def test_a_rectifier_at_the_end_is_told_from_one_within() -> None:
    sites = [reading("1", fed_by="0"), reading("3", fed_by="2")]
    ended = network(
        [sites[0], replace(sites[1], value=silent())], [parameter("0.weight"), parameter("2.weight")]
    )
    finding = the("dead-units", ended)
    assert finding.cause.startswith("The network's output, 3, comes out of relu")
    assert finding.remedies[0] == "linear-output"
    within = replace(ended, parameters={**ended.parameters, "4.weight": parameter("4.weight")})
    assert "output" not in the("dead-units", within).cause


def test_a_tower_that_is_computed_and_never_learns_is_cut_off() -> None:
    """The second of two: nothing is behind it, and it is half of what could learn. A pooler is little."""

    def made(units: int) -> Readings:
        sites = [reading("one.1", fed_by="one.0"), reading("other.1", fed_by="other.0", gradient=None)]
        unused = parameter("other.0.weight", (units, 16), measured=0, unused=20)
        return network(sites, [parameter("one.0.weight"), unused])

    assert "the graph is cut behind them" in the("stalled-layer", made(16)).cause
    assert quiet("stalled-layer", made(4))


def test_a_gradient_of_exactly_0_is_told_from_one_that_is_small() -> None:
    readings = chain(gradients=[1e-3] * 3)
    none = replace(parameter("ask.weight", update_ratio=0.0), gradient=0.0)
    small = replace(parameter("ask.weight", update_ratio=0.0), gradient=1e-20)
    exactly = the("stalled-layer", with_parameter(readings, none))
    assert "is exactly 0 at every step" in exactly.cause
    assert exactly.remedies[0] == "train-every-layer"
    assert (
        "vanishes before it comes to ask.weight"
        in the("stalled-layer", with_parameter(readings, small)).cause
    )
