"""The programs of plain layers; what they are made of is in `mlp`."""

import torch
from torch import nn
from torch.optim import SGD, Adam

from tests.faults.building import chain, he, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    STEP,
    WEIGHTS,
    constant,
    normal,
    trained,
)
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.twelfth import mlp
from tests.faults.twelfth.making import EMPTY
from tests.faults.twelfth.tasks import SPECIES, churn, heating, penguins

programs = (
    healthy("mlp-penguins-standardised", lambda: mlp.weighed_in(is_standardised=True)),
    healthy("mlp-minutes-and-one", lambda: mlp.logged(1.0)),
    healthy("mlp-heating-six-by-he", lambda: mlp.heated(6, he, lr=2e-3)),
    healthy("mlp-heating-descended", lambda: mlp.descended(0.05)),
    healthy("mlp-heating-drawn", lambda: mlp.filled_with(xavier)),
    healthy("mlp-plans-and-walls", lambda: mlp.joined(is_numpy=False)),
    healthy("mlp-early-layers-at-a-hundredth", lambda: mlp.grouped(1e-2)),
    healthy("mlp-landings-deviation-of-all", lambda: mlp.fired(0)),
    healthy("mlp-leavers-slow-teacher", lambda: trained(mlp.Teacher(), churn(), Adam, mlp.agreeing, lr=1e-2)),
    healthy(
        "mlp-heating-in-watts",
        lambda: trained(chain([8, 64, 64, 1], nn.GELU), heating(), Adam, mlp.in_watts, lr=1e-2),
    ),
    healthy("mlp-leavers-one-in-seven-off", mlp.some_off),
    healthy("mlp-penguins-known-before", mlp.known_before),
    healthy("mlp-leavers-head-on-fixed-body", mlp.adapter),
    healthy("mlp-penguins-a-third-wrong", mlp.noisy),
    healthy("mlp-heating-one-in-five-fires", mlp.sparse),
    healthy(
        "mlp-leavers-prelu-above-one",
        lambda: trained(chain([8, 48, 48, 2], lambda: nn.PReLU(init=1.3)), churn(), Adam, lr=1e-2),
    ),
    healthy(
        "mlp-penguins-great-rate-batch-norm",
        lambda: trained(
            chain([5, 64, 64, SPECIES], between=(lambda: nn.BatchNorm1d(64),)), penguins(), SGD, lr=0.6
        ),
    ),
    faulty(
        "mlp-penguins-in-grams",
        "unscaled-input",
        lambda: mlp.weighed_in(is_standardised=False),
        cause=INPUT,
        twin="mlp-penguins-standardised",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient", "non-finite"),
    ),
    faulty(
        "mlp-minutes-of-none",
        "non-finite",
        lambda: mlp.logged(0.0),
        cause=DATA,
        twin="mlp-minutes-and-one",
    ),
    faulty(
        "mlp-landings-deviation-of-one",
        "non-finite",
        lambda: mlp.fired(1),
        cause=OPERATION + EMPTY + "|batch",
        twin="mlp-landings-deviation-of-all",
    ),
    faulty(
        "mlp-heating-six-sigmoids",
        "vanishing-gradient",
        lambda: mlp.heated(6, he, nn.Sigmoid, lr=2e-3),
        cause=SIGMOID,
        twin="mlp-heating-six-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-heating-six-of-two-hundredths",
        "vanishing-gradient",
        lambda: mlp.heated(6, normal(0.02), lr=2e-3),
        cause=WEIGHTS,
        twin="mlp-heating-six-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-heating-six-by-randn",
        "exploding-activation",
        lambda: mlp.heated(6, normal(1.0), lr=2e-3),
        cause=GROWTH,
        twin="mlp-heating-six-by-he",
        also=("exploding-gradient", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-heating-descended-at-one",
        "unstable-updates",
        lambda: mlp.descended(1.0),
        cause=STEP,
        twin="mlp-heating-descended",
        also=("non-finite", "dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-heating-momentum-kills",
        "dead-units",
        lambda: mlp.descended(0.05, momentum=0.98),
        cause=DRIVEN,
        twin="mlp-heating-descended",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "mlp-heating-all-ones",
        "symmetric-units",
        lambda: mlp.filled_with(constant(1.0)),
        cause=ALIKE,
        twin="mlp-heating-drawn",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-heating-all-zeros",
        "symmetric-units",
        lambda: mlp.filled_with(torch.nn.init.zeros_),
        cause=ALIKE,
        twin="mlp-heating-drawn",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-plans-by-way-of-numpy",
        "stalled-layer",
        lambda: mlp.joined(is_numpy=True),
        cause=CUT,
        twin="mlp-plans-and-walls",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-early-layers-at-no-rate",
        "stalled-layer",
        lambda: mlp.grouped(0.0),
        cause=RATE,
        twin="mlp-early-layers-at-a-hundredth",
    ),
)
