"""The programs of plain layers; what they are made of is in `mlp`."""

import torch
from torch import nn
from torch.optim import Adam, AdamW

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    ENDS,
    INPUT,
    RATE,
    SIGMOID,
    STEP,
    UNDEFINED,
    constant,
    trained,
)
from tests.faults.program import faulty, healthy
from tests.faults.tenth import mlp
from tests.faults.tenth.making import DRIVEN
from tests.faults.tenth.tasks import KINDS, air, beans, cars, passengers

programs = (
    healthy("mlp-air-standardised", lambda: mlp.aired(is_standardised=True)),
    healthy("mlp-cars-scaled", mlp.priced),
    healthy("mlp-microamperes", lambda: mlp.in_amperes(1.0)),
    healthy("mlp-randn-over-root", lambda: mlp.from_scratch(0.5)),
    healthy("mlp-ages-filled-in", lambda: mlp.with_ages(0.0)),
    healthy("mlp-log-of-fare-and-one", mlp.by_fares),
    healthy("mlp-arrivals-softplus", lambda: mlp.poisson(nn.Softplus())),
    healthy("mlp-arrivals-exponential", lambda: mlp.poisson(mlp.Exponential())),
    healthy("mlp-errors-in-32-bits", lambda: mlp.squared_in(torch.float32)),
    healthy("mlp-beans-by-glorot", lambda: mlp.by_rule(xavier)),
    healthy("mlp-passengers-seven-relu", lambda: mlp.deep(nn.ReLU)),
    healthy("mlp-air-descended", lambda: mlp.descended(0.02)),
    healthy("mlp-cars-stepped", lambda: mlp.stepped(5e-3)),
    healthy("mlp-head-replaced-in-time", lambda: mlp.replaced(is_in_time=True)),
    healthy("mlp-parts-by-cat", lambda: mlp.stacked(is_new=False)),
    healthy("mlp-mean-and-log-variance", lambda: trained(mlp.Spread(), air(), Adam, mlp.doubtful, lr=1e-2)),
    healthy("mlp-low-rank-tuning", lambda: trained(mlp.Tuned(), beans(), AdamW, lr=1e-2)),
    healthy("mlp-averaged-aside", lambda: trained(mlp.Averaged(), passengers(), Adam, lr=1e-2)),
    healthy(
        "mlp-prices-in-hundreds",
        lambda: trained(chain([6, 64, 64, 1], nn.GELU), cars(), Adam, mlp.large_targets, lr=2e-2),
    ),
    healthy("mlp-slopes-start-at-minus-a-half", lambda: mlp.slopes(-0.5)),
    healthy("mlp-one-in-eight-off", mlp.partly_off),
    healthy("mlp-beans-learned-before", mlp.learned_before),
    healthy("mlp-strongly-decayed", mlp.decayed),
    healthy(
        "mlp-smoothed-beans",
        lambda: trained(chain([16, 64, KINDS], nn.GELU), beans(), Adam, mlp.smoothed, lr=1e-2),
    ),
    healthy("mlp-four-a-step", mlp.one_by_one),
    healthy("mlp-twenty-four-a-step", mlp.few_at_a_time),
    healthy(
        "mlp-multi-margin",
        lambda: trained(chain([16, 64, KINDS], nn.Softsign), beans(), Adam, mlp.hinged, lr=1e-2),
    ),
    faulty(
        "mlp-air-in-pascals",
        "unscaled-input",
        lambda: mlp.aired(is_standardised=False),
        cause=INPUT,
        twin="mlp-air-standardised",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "mlp-amperes",
        "unscaled-input",
        lambda: mlp.in_amperes(1e-6),
        cause=INPUT,
        twin="mlp-microamperes",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-randn",
        "saturated-units",
        lambda: mlp.from_scratch(0.0),
        cause=ENDS,
        twin="mlp-randn-over-root",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-ages-missing",
        "non-finite",
        lambda: mlp.with_ages(float("nan")),
        cause=DATA,
        twin="mlp-ages-filled-in",
    ),
    faulty(
        "mlp-arrivals-relu",
        "non-finite",
        lambda: mlp.poisson(nn.ReLU()),
        cause=UNDEFINED + "|relu|rate",
        twin="mlp-arrivals-softplus",
        also=("dead-units",),
    ),
    faulty(
        "mlp-errors-in-16-bits",
        "non-finite",
        lambda: mlp.squared_in(torch.float16),
        cause=UNDEFINED + r"|half|16|precision|float|large",
        twin="mlp-errors-in-32-bits",
    ),
    faulty(
        "mlp-beans-from-zeros",
        "symmetric-units",
        lambda: mlp.by_rule(constant(0.0)),
        cause=ALIKE,
        twin="mlp-beans-by-glorot",
        also=("dead-units", "stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "mlp-beans-from-halves",
        "symmetric-units",
        lambda: mlp.by_rule(constant(0.5)),
        cause=ALIKE,
        twin="mlp-beans-by-glorot",
        also=("exploding-activation", "exploding-gradient", "dead-units"),
    ),
    faulty(
        "mlp-passengers-seven-sigmoid",
        "vanishing-gradient",
        lambda: mlp.deep(nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-passengers-seven-relu",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-air-descended-at-three-tenths",
        "dead-units",
        lambda: mlp.descended(0.3),
        cause=DRIVEN,
        twin="mlp-air-descended",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "mlp-cars-stepped-at-a-half",
        "unstable-updates",
        lambda: mlp.stepped(0.5),
        cause=STEP,
        twin="mlp-cars-stepped",
        also=("exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-head-replaced-too-late",
        "stalled-layer",
        lambda: mlp.replaced(is_in_time=False),
        cause=RATE,
        twin="mlp-head-replaced-in-time",
    ),
    faulty(
        "mlp-parts-as-a-new-tensor",
        "stalled-layer",
        lambda: mlp.stacked(is_new=True),
        cause=CUT,
        twin="mlp-parts-by-cat",
        also=("vanishing-gradient",),
    ),
)
