"""The first steps and the last ones are kept apart, in memory, in files and over ranks."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import relume
from relume.probe.ends import OPENING_STEPS
from relume.types import Readings


def train(steps: int, *, window: int = 10, into: Path | None = None, asks: bool = False) -> Readings:
    """A unit that fires until it is silenced, after as many steps as the first ones are."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with relume.watch(model, window=window, into=into, optimizer=optimizer) as watch:
        for step in range(steps):
            if step == OPENING_STEPS:
                nn.init.constant_(bias_of(model), -100.0)
            optimizer.zero_grad()
            loss = model(torch.randn(8, 3)).square().mean()
            loss.backward()
            optimizer.step()
            if asks:
                watch.readings()
        return watch.readings()


def bias_of(model: nn.Sequential) -> Tensor:
    bias = model[0].bias
    assert isinstance(bias, Tensor)
    return bias


def numbers(readings: Readings | None) -> list[int]:
    assert readings is not None
    return [int(number) for number in readings.steps.numbers]


def fires(readings: Readings | None) -> bool:
    assert readings is not None
    return bool(readings["1"].value.fired.any())


@pytest.mark.parametrize("asks", [False, True])
def test_the_ends_are_the_first_steps_and_the_last_window(asks: bool) -> None:
    readings = train(30, asks=asks)
    assert numbers(readings.opening) == list(range(OPENING_STEPS))
    assert numbers(readings.closing) == list(range(24 if asks else 20, 30))
    assert (fires(readings.opening), fires(readings), fires(readings.closing)) == (True, True, False)
    assert readings["1"].examples == 8 * 30


def test_a_last_window_cut_short_goes_with_the_one_before() -> None:
    assert numbers(train(23).closing) == list(range(10, 23))
    assert numbers(train(27).closing) == list(range(20, 27))


def test_a_run_shorter_than_its_first_steps_is_its_own_ends() -> None:
    readings = train(3)
    assert numbers(readings.opening) == numbers(readings.closing) == [0, 1, 2]


def test_the_last_steps_of_a_short_training_are_those_since_it_was_read_last() -> None:
    assert numbers(train(40, window=50).closing) == list(range(20, 40))


def test_a_file_keeps_the_ends_with_units_pooled(tmp_path: Path) -> None:
    seen = train(30, into=tmp_path / "run.sqlite")
    with relume.open(tmp_path / "run.sqlite") as run:
        read = run.readings()
    assert read.opening is not None
    assert seen.opening is not None
    assert numbers(read.opening) == numbers(seen.opening)
    assert numbers(read.closing) == numbers(seen.closing)
    assert read.opening["1"].value.fired.sum() == seen.opening["1"].value.fired.sum()
    assert read.opening.parameters["0.weight"].gradient_norm == pytest.approx(
        seen.opening.parameters["0.weight"].gradient_norm, rel=1e-3
    )
    assert read.input is not None
    assert seen.input is not None
    assert read.input.value.sum_of_squares.sum() == pytest.approx(
        seen.input.value.sum_of_squares.sum(), rel=1e-3
    )


def test_of_two_ends_the_outer_ones_stay_and_ranks_add() -> None:
    torch.manual_seed(0)
    early, late = train(12), train(12)
    assert early.opening is not None
    both = early + late  # two ranks of one run
    assert both.opening is not None
    assert both.opening["1"].examples == 2 * early.opening["1"].examples
    assert numbers((Readings(readings={}, opening=early.opening) + Readings(readings={})).opening) == numbers(
        early.opening
    )


def test_a_group_whose_learning_rate_is_0_is_told_from_one_that_is_not_held() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    still = {"params": list(model[0].parameters()), "lr": 0.0}
    optimizer = torch.optim.SGD([still, {"params": list(model[4].parameters())}], lr=0.1)
    with relume.watch(model) as watch:
        for _ in range(3):
            model(torch.randn(8, 3)).square().mean().backward()
            optimizer.step()
    parameters = watch.readings().parameters
    rates = [parameters[f"{name}.weight"].learning_rate for name in "024"]
    assert rates == [0.0, None, 0.1]


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize("is_chosen", [True, False])
def test_a_layer_put_in_after_the_optimiser_was_made_is_told_from_one_left_out(
    make: Callable[..., torch.optim.Optimizer], is_chosen: bool
) -> None:
    def replaced(*, is_in_place: bool, criterion: nn.Module | None = None) -> list[bool]:
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        others = [] if criterion is None else [*criterion.parameters()]
        held = model.parameters() if is_in_place else model[2].parameters()
        optimizer = make([*held, *others], lr=0.1)
        if is_in_place:
            model[0] = nn.Linear(3, 4)
        with relume.watch(model, optimizer=optimizer if is_chosen else None) as watch:
            for _ in range(3):
                optimizer.zero_grad()
                out = model(torch.randn(8, 3))
                (out if criterion is None else criterion(out)).square().mean().backward()
                optimizer.step()
        parameters = watch.readings().parameters
        return [parameters[f"{name}.weight"].is_replacement for name in "02"]

    assert replaced(is_in_place=True) == [True, False]
    assert replaced(is_in_place=False) == [False, False]  # only the head is to learn
    assert replaced(is_in_place=False, criterion=nn.Linear(1, 2)) == [False, False]  # so is the loss
