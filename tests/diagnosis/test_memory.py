"""Constants by which an optimiser remembers too long or too little are named, where they do harm."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from tests.diagnosis.made import FALLING, LEVEL, network, parameter, reading
from tests.diagnosis.made_units import found, the
from torch import nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

import relume
from relume.types import Readings


def made(losses: tuple[float, ...], settings: Mapping[str, float]) -> Readings:
    return replace(network([reading("1")], [parameter("0.weight")], losses=losses), settings=settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SGD.momentum": 0.999}, "The momentum of SGD, 0.999, has a step go on for 1000 steps"),
        ({"SGD.momentum": 1.0}, "has a step go on for ever"),
        ({"Adam.beta1": 0.95, "Adam.beta2": 0.9}, ""),  # nearly usual, if one reads closely
        ({"Adam.beta1": 0.999, "Adam.beta2": 0.9}, "0.999 (swapped with beta2?)"),
    ],
)
def test_beyond_doubt_it_is_told_whatever_the_loss_does(settings: Mapping[str, float], said: str) -> None:
    readings = made(FALLING, settings)
    if not said:
        assert not found("unstable-updates", readings)
        return
    finding = the("unstable-updates", readings)
    assert said in finding.cause
    assert finding.remedies[0] == "usual-optimiser-settings"
    assert finding.evidence[0].measured == max(settings.values())


@pytest.mark.parametrize("settings", [{"SGD.momentum": 0.99}, {"Adam.beta1": 0.9, "Adam.beta2": 0.1}])
def test_else_only_where_the_loss_does_not_fall(settings: Mapping[str, float]) -> None:
    assert not found("unstable-updates", made(FALLING, settings))
    assert the("unstable-updates", made(LEVEL, settings)).severity == "warning"


@pytest.mark.parametrize(
    "settings",
    [{}, {"SGD.momentum": 0.95}, {"Adam.beta1": 0.9, "Adam.beta2": 0.999}, {"Adam.beta1": 0.5}],
)
def test_what_is_usual_is_no_finding(settings: Mapping[str, float]) -> None:
    assert not found("unstable-updates", made(LEVEL, settings))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda of: SGD(of, lr=0.1, momentum=0.5), {"SGD.momentum": 0.5, "SGD.weight_decay": 0.0}),
        (
            lambda of: Adam(of, betas=(0.5, 0.75), eps=0.25),
            {"Adam.beta1": 0.5, "Adam.beta2": 0.75, "Adam.eps": 0.25, "Adam.weight_decay": 0.0},
        ),
        (
            lambda of: RMSprop(of, eps=0.5),
            {"RMSprop.momentum": 0.0, "RMSprop.eps": 0.5, "RMSprop.weight_decay": 0.0},
        ),
    ],
)
def test_a_watch_reads_what_an_optimiser_was_made_with(
    make: Callable[..., Optimizer], expected: Mapping[str, float]
) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = make(model.parameters())
    with relume.watch(model) as watch:
        for step in range(3):
            optimizer.zero_grad()
            model(torch.randn(8, 3)).square().mean().backward()
            optimizer.step()
            for group in optimizer.param_groups:
                group["weight_decay"] = 0.1 * step  # what a schedule does later is not what it was made with
    assert watch.readings().settings == expected
