"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    ENDS,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    WEIGHTS,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.eleventh import mlp
from tests.faults.eleventh.tasks import WINES, churn, rentals, wines
from tests.faults.fourth.making import LEFT_OUT
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN

programs = (
    healthy("mlp-rentals-standardised", mlp.rented),
    healthy("mlp-wines-twelve-normalised", mlp.normalised),
    healthy("mlp-wines-nine-by-he", lambda: mlp.plain(9, he)),
    healthy("mlp-wines-twelve-tanh", lambda: mlp.plain(12, xavier, nn.Tanh)),
    healthy("mlp-wines-sigmoid-about-0", lambda: mlp.squashed(mlp.by_rand(1.0))),
    healthy("mlp-rentals-descended", lambda: mlp.descended(0.02)),
    healthy("mlp-churn-adam", lambda: mlp.leaving(5e-3)),
    healthy("mlp-churn-tanh-adam", lambda: mlp.leaving(5e-3, nn.Tanh)),
    healthy(
        "mlp-wines-divergence-and-a-bit",
        lambda: trained(chain([11, 64, 64, WINES]), wines(), Adam, mlp.divergence(1e-6), lr=5e-3),
    ),
    healthy("mlp-body-as-it-is", lambda: mlp.headed(is_wrapped=False)),
    healthy("mlp-churn-all-layers-given", lambda: mlp.part_of("one", "two", "head")),
    healthy("mlp-wines-widened-by-draws", lambda: mlp.tiled(is_tiled=False)),
    healthy("mlp-wines-taught-by-slow-mean", lambda: trained(mlp.Slow(), wines(), Adam, mlp.taught, lr=1e-2)),
    healthy("mlp-gates-mostly-shut", lambda: trained(mlp.Gated(), churn(), AdamW, lr=2e-2)),
    healthy("mlp-eight-of-64-silent", mlp.silent_some),
    healthy(
        "mlp-rents-in-euros",
        lambda: trained(chain([7, 64, 64, 1], nn.SiLU), rentals(), Adam, mlp.in_euros, lr=1e-2),
    ),
    healthy("mlp-churn-known-before", mlp.known_before),
    healthy("mlp-wines-warmed-to-three-tenths", lambda: mlp.warmed([0.1, 0.2, 0.3, 0.4, 0.6, 0.8])),
    healthy(
        "mlp-wines-half-dropped",
        lambda: trained(
            chain([11, 128, 64, WINES], between=[lambda: nn.Dropout(0.5)]), wines(), AdamW, lr=5e-3
        ),
    ),
    healthy(
        "mlp-rate-of-a-half-with-norm",
        lambda: trained(
            chain([11, 64, 64, WINES], between=[lambda: nn.BatchNorm1d(64)]), wines(), SGD, lr=0.5
        ),
    ),
    healthy(
        "mlp-prelu-from-two",
        lambda: trained(chain([8, 48, 48, 2], lambda: nn.PReLU(init=2.0)), churn(), Adam, lr=1e-2),
    ),
    healthy(
        "mlp-churn-decay-of-three-tenths",
        lambda: trained(chain([8, 64, 64, 2], nn.CELU), churn(), AdamW, lr=1e-2, weight_decay=0.3),
    ),
    faulty(
        "mlp-rentals-as-listed",
        "unscaled-input",
        lambda: mlp.rented(is_standardised=False),
        cause=INPUT,
        twin="mlp-rentals-standardised",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "mlp-income-in-euros-beside-the-rest",
        "unscaled-input",
        lambda: mlp.leaving(5e-3, change=mlp.earned),
        cause=INPUT,
        twin="mlp-churn-adam",
        also=("dead-units", "unstable-updates", "exploding-activation", "non-finite"),
    ),
    faulty(
        "mlp-wines-nine-as-torch-draws",
        "vanishing-gradient",
        lambda: mlp.plain(9, None),
        cause=WEIGHTS + "|normali[sz]|depth|residual",
        twin="mlp-wines-nine-by-he",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-wines-twelve-logistic",
        "vanishing-gradient",
        lambda: mlp.plain(12, xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-wines-twelve-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-wines-nine-of-a-hundredth",
        "vanishing-gradient",
        lambda: mlp.plain(9, normal(0.01)),
        cause=WEIGHTS,
        twin="mlp-wines-nine-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-wines-nine-of-unit-normals",
        "exploding-activation",
        lambda: mlp.plain(9, normal(1.0)),
        cause=GROWTH,
        twin="mlp-wines-nine-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-wines-twelve-tanh-by-randn",
        "exploding-gradient",
        lambda: mlp.plain(12, normal(1.0), nn.Tanh),
        cause=ENDS + "|saturat",
        twin="mlp-wines-twelve-tanh",
        also=("saturated-units", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-wines-sigmoid-by-rand",
        "saturated-units",
        lambda: mlp.squashed(mlp.by_rand(0.0)),
        cause=ENDS,
        twin="mlp-wines-sigmoid-about-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-rentals-descended-at-a-half",
        "dead-units",
        lambda: mlp.descended(0.5),
        cause=DRIVEN,
        twin="mlp-rentals-descended",
        also=(
            "unstable-updates",
            "vanishing-gradient",
            "stalled-layer",
            "exploding-activation",
            "non-finite",
        ),
    ),
    faulty(
        "mlp-churn-adam-at-a-third",
        "dead-units",
        lambda: mlp.leaving(0.3),
        cause=DRIVEN,
        twin="mlp-churn-adam",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "mlp-wines-bias-of-minus-six",
        "dead-units",
        lambda: mlp.plain(9, he, bias=-6.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="mlp-wines-nine-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-churn-tanh-adam-at-one",
        "unstable-updates",
        lambda: mlp.leaving(1.0, nn.Tanh),
        cause=STEP,
        twin="mlp-churn-tanh-adam",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-rents-sum-of-errors",
        "unstable-updates",
        lambda: mlp.descended(0.02, mlp.of_sum),
        cause=STEP + r"|\bsum",
        twin="mlp-rentals-descended",
        also=("dead-units", "saturated-units", "exploding-activation", "exploding-gradient", "non-finite"),
    ),
    faulty(
        "mlp-wines-divergence-of-0",
        "non-finite",
        lambda: trained(chain([11, 64, 64, WINES]), wines(), Adam, mlp.divergence(0.0), lr=5e-3),
        cause=UNDEFINED + "|softmax",
        twin="mlp-wines-divergence-and-a-bit",
    ),
    faulty(
        "mlp-floors-not-noted",
        "non-finite",
        lambda: mlp.rented(mlp.not_noted),
        cause=DATA,
        twin="mlp-rentals-standardised",
    ),
    faulty(
        "mlp-log1p-of-standardised",
        "non-finite",
        lambda: trained(mlp.Logged(), rentals(), Adam, squared_error, lr=5e-3),
        cause=UNDEFINED,
        twin="mlp-rentals-standardised",
    ),
    faulty(
        "mlp-body-through-numpy",
        "stalled-layer",
        lambda: mlp.headed(is_wrapped=True),
        cause=CUT,
        twin="mlp-body-as-it-is",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-churn-only-the-head-given",
        "stalled-layer",
        lambda: mlp.part_of("head"),
        cause=LEFT_OUT,
        twin="mlp-churn-all-layers-given",
    ),
    faulty(
        "mlp-wines-from-zeros",
        "symmetric-units",
        lambda: trained(filled(chain([11, 48, 48, WINES], nn.Tanh), constant(0.0)), wines(), Adam, lr=1e-2),
        cause=ALIKE,
        twin="mlp-wines-widened-by-draws",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "mlp-wines-widened-by-copies",
        "symmetric-units",
        lambda: mlp.tiled(is_tiled=True),
        cause=ALIKE,
        twin="mlp-wines-widened-by-draws",
        also=("unstable-updates",),
    ),
)
