"""Multilayer perceptrons: flowers, houses, loudness, and a function that regressions are tried on."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, chain, he, squared_error, weighted, xavier
from tests.faults.fifth.making import (
    ALIKE,
    DATA,
    INPUT,
    SIGMOID,
    STEP,
    WEIGHTS,
    constant,
    filled,
    seen_through,
    trained,
)
from tests.faults.fifth.tasks import friedman, houses, irises, loudness
from tests.faults.fourth.making import Fill
from tests.faults.program import Job, faulty, healthy


def six(activation: Make) -> Job:
    """Six hidden layers by Glorot's rule."""
    model = filled(chain([4, *[24] * 6, 3], activation), xavier)
    return trained(model, irises(), SGD, lr=0.05, momentum=0.9)


def as_in_transformers(weight: Tensor) -> None:
    """A deviation of 0.02, which is meant for layers between normalisations."""
    nn.init.trunc_normal_(weight, std=0.02)


def seven(fill: Fill) -> Job:
    return trained(filled(chain([10, *[40] * 7, 1]), fill), friedman(), Adam, squared_error, lr=3e-3)


def of_houses(*, is_standardised: bool) -> Job:
    batches = houses(is_standardised=is_standardised)
    return trained(filled(chain([6, 48, 48, 1]), he), batches, Adam, squared_error, lr=5e-3)


def all_alike(fill: Fill) -> Job:
    return trained(filled(chain([6, 32, 32, 1], nn.ELU), fill), houses(), RMSprop, squared_error, lr=3e-3)


def between_0_and_1(least: float) -> Job:
    """A column that is the same for all flowers of a batch has no range to be divided by."""

    def scaled(x: Tensor) -> Tensor:
        x = torch.cat([x, torch.ones(len(x), 1)], 1)
        low, high = x.amin(0), x.amax(0)
        return 4 * (x - low) / (high - low).clamp(min=least) - 2

    return trained(filled(chain([5, 32, 32, 3]), he), seen_through(scaled, irises()), Adam, lr=1e-2)


def of_loudness(low: float) -> Job:
    """Weights drawn evenly, between two opposite bounds or from 0 on, of bands that are all below 0."""
    model = filled(chain([12, 48, 1]), he)
    nn.init.uniform_(weighted(model)[0].weight, low, 1.0)
    return trained(model, loudness(), Adam, squared_error, lr=2e-2)


def at_rate(lr: float) -> Job:
    return trained(chain([10, 48, 48, 1], nn.SiLU), friedman(), AdamW, squared_error, lr=lr)


programs = (
    healthy("mlp-six-tanh", lambda: six(nn.Tanh)),
    healthy("mlp-seven-by-he", lambda: seven(he)),
    healthy("mlp-houses-standardised", lambda: of_houses(is_standardised=True)),
    healthy("mlp-elu-by-he", lambda: all_alike(he)),
    healthy("mlp-range-of-at-least-a-bit", lambda: between_0_and_1(1e-6)),
    healthy("mlp-loudness-by-both-signs", lambda: of_loudness(-1.0)),
    healthy("mlp-rate-of-a-two-hundredth", lambda: at_rate(0.005)),
    faulty(
        "mlp-six-sigmoids",
        "vanishing-gradient",
        lambda: six(nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-six-tanh",
    ),
    faulty(
        "mlp-weights-for-transformers",
        "vanishing-gradient",
        lambda: seven(as_in_transformers),
        cause=WEIGHTS,
        twin="mlp-seven-by-he",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-houses-as-listed",
        "unscaled-input",
        lambda: of_houses(is_standardised=False),
        cause=INPUT,
        twin="mlp-houses-standardised",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-every-weight-a-twentieth",
        "symmetric-units",
        lambda: all_alike(constant(0.05)),
        cause=ALIKE,
        twin="mlp-elu-by-he",
    ),
    faulty(
        "mlp-range-of-nothing",
        "non-finite",
        lambda: between_0_and_1(0.0),
        cause=DATA,
        twin="mlp-range-of-at-least-a-bit",
    ),
    faulty(
        "mlp-loudness-by-weights-above-0",
        "dead-units",
        lambda: of_loudness(0.0),
        cause=r"weight|born dead|initiali[sz]|negative|\bsign|never (positive|above)|\binputs?\b.*below",
        twin="mlp-loudness-by-both-signs",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-rate-of-one",
        "unstable-updates",
        lambda: at_rate(1.0),
        cause=STEP,
        twin="mlp-rate-of-a-two-hundredth",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
)
