"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.drawn.alder import mlp
from tests.faults.drawn.alder.tasks import DELAYS, ferries, greenhouses, tickets
from tests.faults.eighth.making import (
    ALIKE,
    DATA,
    ENDS,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    constant,
    normal,
    trained,
)
from tests.faults.program import faulty, healthy

programs = (
    healthy("mlp-greenhouse-seven-by-glorot", lambda: mlp.grown(xavier, nn.ELU)),
    healthy("mlp-tickets-tanh-by-glorot", lambda: mlp.sold(xavier)),
    healthy("mlp-greenhouse-frost-as-it-is", lambda: mlp.frost(is_rectified=False)),
    healthy("mlp-tickets-gaps-filled", lambda: mlp.gaps(is_filled=True)),
    healthy("mlp-ferries-on-unit-scale", mlp.crossing),
    healthy("mlp-ferries-mean-of-losses", lambda: mlp.summed("mean")),
    healthy(
        "mlp-ferries-net-of-functions",
        lambda: trained(mlp.Net(), ferries(), Adam, mlp.by_likelihood, lr=1e-2),
    ),
    healthy(
        "mlp-tickets-chances-out",
        lambda: trained(
            nn.Sequential(*chain([7, 64, 64, 1]), nn.Sigmoid()), tickets(), Adam, mlp.of_chances, lr=1e-2
        ),
    ),
    healthy(
        "mlp-greenhouse-three-quantiles",
        lambda: trained(chain([8, 64, 64, 3], nn.SiLU), greenhouses(), Adam, mlp.quantiles, lr=8e-3),
    ),
    healthy(
        "mlp-ferries-gates",
        lambda: trained(
            nn.Sequential(mlp.Gated(6, 48), mlp.Gated(48, 48), nn.Linear(48, DELAYS)),
            ferries(),
            Adam,
            lr=1e-2,
        ),
    ),
    healthy("mlp-greenhouse-fixed-waves", mlp.fixed_waves),
    faulty(
        "mlp-greenhouse-seven-of-sigmoids",
        "vanishing-gradient",
        lambda: mlp.grown(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-greenhouse-seven-by-glorot",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-greenhouse-seven-of-unit-normals",
        "exploding-gradient",
        lambda: mlp.grown(normal(1.0), nn.ELU),
        cause=GROWTH,
        twin="mlp-greenhouse-seven-by-glorot",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-tickets-tanh-of-unit-normals",
        "saturated-units",
        lambda: mlp.sold(normal(1.0)),
        cause=ENDS,
        twin="mlp-tickets-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-greenhouse-frost-rectified",
        "dead-units",
        lambda: mlp.frost(is_rectified=True),
        cause="output|last|target|negative|below (0|zero)|final",
        twin="mlp-greenhouse-frost-as-it-is",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-tickets-gaps-in-the-table",
        "non-finite",
        lambda: mlp.gaps(is_filled=False),
        cause=DATA + "|nan|missing",
        twin="mlp-tickets-gaps-filled",
    ),
    faulty(
        "mlp-ferries-air-in-pascals",
        "unscaled-input",
        lambda: mlp.crossing(by=(1, 1, 1, 900.0, 1, 1), plus=(0, 0, 0, 101325.0, 0, 0)),
        cause=INPUT + "|scale|offset",
        twin="mlp-ferries-on-unit-scale",
        also=(
            "exploding-activation",
            "exploding-gradient",
            "unstable-updates",
            "dead-units",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "mlp-ferries-all-zeros",
        "symmetric-units",
        lambda: mlp.crossing(fill=constant(0.0)),
        cause=ALIKE,
        twin="mlp-ferries-on-unit-scale",
        also=("vanishing-gradient", "dead-units", "stalled-layer"),
    ),
    faulty(
        "mlp-tickets-adam-at-a-half",
        "unstable-updates",
        lambda: mlp.sold(xavier, lr=0.5),
        cause=STEP,
        twin="mlp-tickets-tanh-by-glorot",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-ferries-sum-of-losses",
        "unstable-updates",
        lambda: mlp.summed("sum"),
        cause=STEP + r"|\bsum|reduction|\bmean",
        twin="mlp-ferries-mean-of-losses",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
