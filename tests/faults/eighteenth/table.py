"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn

from tests.faults.building import he
from tests.faults.eighteenth import mlp, odd_tables
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
)
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN

programs = (
    healthy("mlp-apples-twelve-by-he", lambda: mlp.twelve(he)),
    healthy("mlp-apples-tanh-orthogonal", lambda: mlp.picked(mlp.orthogonal(1.2))),
    healthy("mlp-glazes-as-likely-at-first", lambda: mlp.from_even(nn.init.xavier_normal_)),
    healthy("mlp-bridges-biases-at-twice-the-rate", mlp.inspected),
    healthy("mlp-bridges-steps-of-three-hundredths", lambda: mlp.paced(0.03)),
    healthy("mlp-markets-deviance", lambda: mlp.sold(mlp.deviance)),
    healthy("mlp-candles-sign-turned-at-last", lambda: mlp.burnt(is_every=False)),
    *odd_tables.programs,
    faulty(
        "mlp-apples-twelve-as-they-came",
        "vanishing-gradient",
        mlp.twelve,
        cause=WEIGHTS + "|depth|residual|normali[sz]",
        twin="mlp-apples-twelve-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-apples-twelve-of-truncated-default",
        "exploding-gradient",
        lambda: mlp.twelve(nn.init.trunc_normal_),
        cause=GROWTH,
        twin="mlp-apples-twelve-by-he",
        also=("exploding-activation", "dead-units"),
    ),
    faulty(
        "mlp-apples-tanh-less-itself",
        "vanishing-gradient",
        lambda: mlp.picked(mlp.orthogonal(1.2), nn.Tanhshrink),
        cause="activation|slope|tanhshrink|nonlinear|" + WEIGHTS,
        twin="mlp-apples-tanh-orthogonal",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-apples-orthogonal-times-root",
        "saturated-units",
        lambda: mlp.picked(mlp.times_root),
        cause=ENDS,
        twin="mlp-apples-tanh-orthogonal",
        also=("exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-glazes-one-row-for-all",
        "symmetric-units",
        lambda: mlp.from_even(mlp.copied),
        cause=ALIKE,
        twin="mlp-glazes-as-likely-at-first",
    ),
    faulty(
        "mlp-bridges-number-in-the-register",
        "unscaled-input",
        lambda: mlp.inspected(unit=4000.0),
        cause=INPUT + "|scale",
        twin="mlp-bridges-biases-at-twice-the-rate",
        also=(
            "dead-units",
            "exploding-activation",
            "exploding-gradient",
            "unstable-updates",
            "non-finite",
            "symmetric-units",
        ),
    ),
    faulty(
        "mlp-bridges-biases-at-a-rate-of-a-half",
        "dead-units",
        lambda: mlp.inspected(biases=0.5),
        cause=DRIVEN + "|group",
        twin="mlp-bridges-biases-at-twice-the-rate",
        also=("unstable-updates", "vanishing-gradient", "exploding-activation", "stalled-layer"),
    ),
    faulty(
        "mlp-bridges-steps-of-two",
        "unstable-updates",
        lambda: mlp.paced(2.0),
        cause=STEP + "|length|norm",
        twin="mlp-bridges-steps-of-three-hundredths",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-markets-deviance-chosen-late",
        "non-finite",
        lambda: mlp.sold(mlp.chosen_deviance),
        cause=UNDEFINED + "|where|target",
        twin="mlp-markets-deviance",
    ),
    faulty(
        "mlp-candles-sign-turned-everywhere",
        "dead-units",
        lambda: mlp.burnt(is_every=True),
        cause=r"negative|sign|weights?|initiali[sz]|bias|pre-activation",
        twin="mlp-candles-sign-turned-at-last",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
