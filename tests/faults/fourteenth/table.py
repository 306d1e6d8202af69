"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    ENDS,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    STEP,
    UNDEFINED,
    WEIGHTS,
    constant,
    normal,
    trained,
)
from tests.faults.fourteenth import mlp
from tests.faults.fourteenth.tasks import arrears, diamonds, stars
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN

programs = (
    healthy("mlp-diamonds-six-by-he", lambda: mlp.priced(6, he)),
    healthy("mlp-diamonds-tanh-by-glorot", lambda: mlp.priced(3, xavier, nn.Tanh, 5e-3)),
    healthy("mlp-arrears-years-from-usual", lambda: mlp.dated(0.0)),
    healthy("mlp-arrears-mean-where-untold", lambda: mlp.answered(is_filled=True)),
    healthy("mlp-diamonds-over-half-at-least", lambda: mlp.relative(0.5)),
    healthy("mlp-stars-stepped", lambda: mlp.stepped(0.1)),
    healthy("mlp-diamonds-stepped-gently", mlp.descended),
    healthy("mlp-arrears-both-branches", lambda: mlp.branched(is_all=True)),
    healthy("mlp-diamonds-head-on-tensor", lambda: mlp.staged(is_anew=False)),
    healthy("mlp-stars-known-before", mlp.known_before),
    healthy("mlp-stars-one-in-eight-at-a-time", mlp.sparse),
    healthy("mlp-diamonds-eight-silent", mlp.some_silent),
    healthy(
        "mlp-stars-mean-teacher", lambda: trained(mlp.Averaged(), stars(), Adam, mlp.consistent, lr=8e-3)
    ),
    healthy(
        "mlp-diamonds-in-dollars",
        lambda: trained(chain([8, 64, 64, 1], nn.SiLU), diamonds(), Adam, mlp.in_dollars, lr=8e-3),
    ),
    healthy("mlp-stars-layer-norm-rate-of-a-fifth", mlp.warmed_high),
    healthy(
        "mlp-arrears-prelu-below-0",
        lambda: trained(chain([7, 48, 48, 2], lambda: nn.PReLU(init=-0.4)), arrears(), Adam, lr=8e-3),
    ),
    healthy(
        "mlp-diamonds-decay-of-a-half",
        lambda: trained(
            chain([8, 64, 64, 1], nn.GELU), diamonds(), AdamW, squared_error, lr=6e-3, weight_decay=0.5
        ),
    ),
    faulty(
        "mlp-diamonds-six-squashed",
        "vanishing-gradient",
        lambda: mlp.priced(6, xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-diamonds-six-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-diamonds-six-of-a-hundredth",
        "vanishing-gradient",
        lambda: mlp.priced(6, normal(0.01)),
        cause=WEIGHTS,
        twin="mlp-diamonds-six-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-diamonds-six-of-unit-normals",
        "exploding-gradient",
        lambda: mlp.priced(6, normal(1.0)),
        cause=GROWTH,
        twin="mlp-diamonds-six-by-he",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-diamonds-tanh-drawn-wide",
        "saturated-units",
        lambda: mlp.priced(3, normal(2.0), nn.Tanh, 5e-3),
        cause=ENDS,
        twin="mlp-diamonds-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-diamonds-tanh-of-one-number",
        "symmetric-units",
        lambda: mlp.priced(3, constant(0.2), nn.Tanh, 5e-3),
        cause=ALIKE,
        twin="mlp-diamonds-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-stars-in-small-units",
        "unscaled-input",
        lambda: mlp.shining(1e-3),
        cause=INPUT + "|scale",
        twin="mlp-stars-stepped",
        also=("vanishing-gradient", "stalled-layer", "dead-units", "exploding-activation"),
    ),
    faulty(
        "mlp-arrears-year-as-it-is",
        "unscaled-input",
        lambda: mlp.dated(2009.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-arrears-years-from-usual",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "mlp-arrears-income-untold",
        "non-finite",
        lambda: mlp.answered(is_filled=False),
        cause=DATA,
        twin="mlp-arrears-mean-where-untold",
    ),
    faulty(
        "mlp-diamonds-over-price-of-0",
        "non-finite",
        lambda: mlp.relative(0.0),
        cause=UNDEFINED + "|target|label",
        twin="mlp-diamonds-over-half-at-least",
    ),
    faulty(
        "mlp-stars-momentum-and-great-rate",
        "unstable-updates",
        lambda: mlp.stepped(1.5),
        cause=STEP + "|momentum",
        twin="mlp-stars-stepped",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "mlp-diamonds-six-driven-out",
        "dead-units",
        lambda: mlp.priced(6, he, lr=0.2),
        cause=DRIVEN,
        twin="mlp-diamonds-six-by-he",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "mlp-arrears-branch-forgotten",
        "stalled-layer",
        lambda: mlp.branched(is_all=False),
        cause=RATE,
        twin="mlp-arrears-both-branches",
    ),
    faulty(
        "mlp-diamonds-head-on-new-tensor",
        "stalled-layer",
        lambda: mlp.staged(is_anew=True),
        cause=CUT,
        twin="mlp-diamonds-head-on-tensor",
        also=("vanishing-gradient",),
    ),
)
