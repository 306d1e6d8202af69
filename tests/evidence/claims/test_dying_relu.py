"""'Dying ReLU' against networks whose units are known to be dead, and to live."""

from collections.abc import Mapping, Sequence
from functools import cache

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from relume.catalogue import activations
from relume.errors import BuildError
from relume.evidence.claim import Part, Subject
from relume.evidence.claims.dying_relu import (
    ACCURACY,
    BACK,
    BORN_DEAD,
    CHOOSING,
    DEAD,
    DEAD_BY_TASK,
    FIXED,
    RATES,
    SHIFTING,
    TASKS,
    dying_relu,
    plan,
)
from relume.evidence.deaths import dead_units, dormant_share, live, network, revived
from relume.evidence.picking import along_x, mean_of
from relume.evidence.subjects import dataset
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.types import Sample

DIGITS = Subject(data="digits")
BEST, DEADLIEST = RATES["momentum"][0], RATES["momentum"][-1]


@cache
def measured(activation: str) -> tuple[Sample, ...]:
    part: Part = {"of": "rates", "activation": activation, "optimizer": "adam", "width": 16, "steps": 40}
    return tuple(dying_relu.measure(DIGITS, {**part, "seeds": 4}))


def half_dead(name: str = "relu", biases: Sequence[float] = (0.0, -3.0, 0.0, 0.5)) -> nn.Sequential:
    """Four units, of which the second and the third cannot fire on numbers between 0 and 1."""
    layer = nn.Linear(2, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 0], [1, 1], [-1, -1], [-1, 0]]))
        layer.bias.copy_(torch.tensor(biases))
    return nn.Sequential(layer, activations[name].module(), nn.Linear(4, 2))


def examples() -> torch.Tensor:
    return torch.rand(256, 2, generator=torch.Generator().manual_seed(0))


def test_dead_units_are_those_that_cannot_fire() -> None:
    assert dead_units(half_dead(), examples()).tolist() == [False, True, True, False]


@pytest.mark.parametrize(("name", "dead"), [("leaky_relu", 0), ("prelu", 0), ("elu", 1), ("sigmoid", 1)])
def test_of_others_dead_are_those_whose_slope_is_gone(name: str, dead: int) -> None:
    # elu'(-10) = 4.5e-5, also sigmoid's; elu'(-3) = 0.05: slow, not dead.
    model = half_dead(name, (0.0, -12.0, -1.0, 0.5))
    assert int(dead_units(model, examples()).sum()) == dead


def test_channels_are_units() -> None:
    layer = nn.Conv2d(1, 3, 3)
    with torch.no_grad():
        layer.weight.fill_(0.1)
        layer.bias.copy_(torch.tensor([0.0, -9.0, 0.0]))  # type: ignore[union-attr]
    model = nn.Sequential(layer, nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))
    images = torch.rand(8, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    assert dead_units(model, images).tolist() == [False, True, False]


def test_a_network_without_activations_is_refused() -> None:
    with pytest.raises(BuildError, match="no activation was seen"):
        dead_units(nn.Sequential(nn.Linear(2, 2)), examples())


def test_reviving_wakes_the_dead_and_changes_nothing_else() -> None:
    model, x = half_dead(), examples()
    twin = revived(model, [(x, torch.arange(256) % 2)])
    assert int(dead_units(twin, x).sum()) < 2
    assert dormant_share(twin, x, "relu") < dormant_share(model, x, "relu") == 0.5
    assert torch.allclose(twin(x), model(x), atol=1e-6)


def test_a_gentle_training_kills_nobody_and_one_that_diverges_ends() -> None:
    data, training = dataset(DIGITS), Training(steps=20)
    gentle = live(
        network(DIGITS, "relu", fallback=MLP(1, 16), seed=0), data, seed=0, rate=0.01, training=training
    )
    assert float(gentle.dead[20].double().mean()) < 0.1
    wild = live(
        network(DIGITS, "relu", fallback=MLP(3, 16), seed=0), data, seed=0, rate=1e9, training=training
    )
    assert (wild.accuracy, wild.final_loss) == (0.1, float("inf"))


def test_a_high_rate_kills_relu_and_spares_leaky_relu() -> None:
    samples = [*measured("relu"), *measured("leaky_relu")]
    verdict = dying_relu.judge(samples)
    assert verdict.interval.low > 0.1
    assert "adam, a high rate kills" in verdict.limits.partition("; ")[0] or verdict.holds == "holds"
    assert all(i.estimate == 0 for i in along_x(samples, DEAD, "leaky_relu, adam").values())


def test_an_activation_that_cannot_die_in_its_place_refutes_it() -> None:
    choosing = [s for s in measured("relu") if "seeds to choose by" in s.quantity]
    leaky = [
        Sample(quantity=s.quantity, series="relu, adam", x=s.x, seed=s.seed, value=s.value)
        for s in measured("leaky_relu")
    ]
    assert dying_relu.judge([*choosing, *leaky]).holds == "does not hold"


def made(
    *,
    dead: float = 0.5,
    back: float = 0.0,
    gain: float = 0.2,
    spread: float = 0.01,
    born: float | None = None,
    shifting: float | None = None,
) -> list[Sample]:
    """Samples by hand, of momentum: what ReLU's rate kills, and how much better a leaky one does."""
    values: Mapping[tuple[str, str, float], float] = {
        (DEAD, "relu", BEST): 0.0,
        (DEAD, "relu", DEADLIEST): dead,
        (CHOOSING.format(DEAD), "relu", DEADLIEST): dead,
        (CHOOSING.format(DEAD), "relu", BEST): 0.0,
        (CHOOSING.format(ACCURACY), "relu", DEADLIEST): 0.2,
        (CHOOSING.format(ACCURACY), "relu", BEST): 0.8,
        (BACK, "relu", DEADLIEST): back,
        (ACCURACY, "relu", DEADLIEST): 0.5,
        (ACCURACY, "leaky_relu", DEADLIEST): 0.5 + gain,
        (DEAD, "leaky_relu", DEADLIEST): 0.0,
    }
    samples = [
        Sample(
            quantity=quantity,
            series=f"{name}, momentum",
            x=rate,
            seed=seed,
            value=value + spread * (seed - 3.5) * (name == "relu" and rate == DEADLIEST),
        )
        for (quantity, name, rate), value in values.items()
        for seed in range(8)
    ]
    if born is not None:
        samples += [
            Sample(quantity=BORN_DEAD, series="width 3", x=10, seed=seed, value=born) for seed in range(8)
        ]
    if shifting is not None:
        samples += [
            Sample(quantity=DEAD_BY_TASK, series=series, x=TASKS, seed=seed, value=value)
            for series, value in ((FIXED, 0.02), (SHIFTING, shifting))
            for seed in range(8)
        ]
    return samples


@pytest.mark.parametrize(
    ("given", "holds", "said"),
    [
        ({}, "holds", ""),
        ({"back": 0.5}, "holds within limits", "not at momentum, for good (50 % came back)"),
        (
            {"gain": -0.2},
            "holds within limits",
            "not at momentum, leaky_relu is spared (0 % dead, -20 points)",
        ),
        ({"born": 0.6}, "holds within limits", "10 layers of width 3, untrained (60 % born dead)"),
        ({"shifting": 0.3}, "holds within limits", "not at high rates alone: labels that shift (28 % more"),
        ({"dead": 0.0, "back": 0.5, "gain": -0.2, "spread": 0.001}, "does not hold", ""),
        ({"dead": 0.2, "back": 0.2, "gain": 0.1, "spread": 0.1}, "not decided", ""),
    ],
)
def test_every_answer_is_possible(given: Mapping[str, float], holds: str, said: str) -> None:
    verdict = dying_relu.judge(made(**given))
    assert verdict.holds == holds
    assert said in verdict.limits


def test_narrow_networks_are_born_dead_as_often_as_theory_bounds() -> None:
    part: Part = {"of": "birth", "width": 3, "depth": 10, "seeds": 8, "networks": 200}
    samples = list(dying_relu.measure(DIGITS, part))
    lower, born, upper = (
        mean_of(samples, quantity, "width 3", 10)
        for quantity in (f"{BORN_DEAD}, lower bound", BORN_DEAD, f"{BORN_DEAD}, upper bound")
    )
    assert lower.estimate < born.low < born.high < upper.estimate


def test_a_users_network_is_not_told_how_others_are_born() -> None:
    assert "birth" not in {part["of"] for part in plan(Subject(network="mynet:build"), "quick")}


def test_revival_and_tasks_are_measured() -> None:
    parts: tuple[Part, ...] = ({"of": "revival"}, {"of": "tasks", "labels": SHIFTING})
    for part in parts:
        samples = list(dying_relu.measure(DIGITS, {**part, "width": 8, "steps": 10, "seeds": 1}))
        assert samples
        assert all(0 <= s.value <= 1 for s in samples)


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    dying_relu.draw(made(shifting=0.3), figure)
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "dead units",
        "test accuracy",
        "dead ReLU units",
        "ReLU units",
    ]
