"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, xavier
from tests.faults.drawn.elder import mlp
from tests.faults.drawn.elder.tasks import CANOES, canoes, visitors
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    UNDEFINED,
    constant,
    normal,
    trained,
)
from tests.faults.program import faulty, healthy

programs = (
    healthy("mlp-canoes-eight-relus", lambda: mlp.eight(nn.ReLU, he)),
    healthy("mlp-ovens-six-drawn-by-he", lambda: mlp.leaky(he)),
    healthy("mlp-freezers-nothing-at-the-end", lambda: mlp.frozen_air(nn.Identity())),
    healthy("mlp-visitors-one-more-in-the-log", lambda: mlp.counted(1.0)),
    healthy("mlp-canoes-head-then-optimiser", lambda: mlp.reheaded(is_late=False)),
    healthy(
        "mlp-canoes-focal",
        lambda: trained(chain([9, 64, 64, CANOES]), canoes(), Adam, mlp.focal, lr=5e-3),
    ),
    healthy(
        "mlp-canoes-sigmoid-for-each",
        lambda: trained(
            nn.Sequential(chain([9, 64, CANOES]), nn.Sigmoid()), canoes(), Adam, mlp.one_against_rest, lr=6e-3
        ),
    ),
    healthy(
        "mlp-visitors-poisson",
        lambda: trained(chain([6, 48, 48, 1], nn.Tanh), visitors(), AdamW, mlp.poisson, lr=6e-3),
    ),
    healthy(
        "mlp-canoes-gated-and-dropped",
        lambda: trained(
            nn.Sequential(mlp.Gated(9, 64), nn.Dropout(0.5), mlp.Gated(64, 64), nn.Linear(64, CANOES)),
            canoes(),
            Adam,
            lr=8e-3,
        ),
    ),
    healthy("mlp-ovens-fixed-waves", mlp.waves),
    faulty(
        "mlp-canoes-eight-sigmoids",
        "vanishing-gradient",
        lambda: mlp.eight(nn.Sigmoid, xavier),
        cause=SIGMOID,
        twin="mlp-canoes-eight-relus",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-ovens-six-drawn-by-randn",
        "exploding-gradient",
        lambda: mlp.leaky(normal(1.0)),
        cause=GROWTH,
        twin="mlp-ovens-six-drawn-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-canoes-eight-of-zeros",
        "symmetric-units",
        lambda: mlp.eight(nn.ReLU, constant(0.0)),
        cause=ALIKE,
        twin="mlp-canoes-eight-relus",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-ovens-as-the-dial-says",
        "unscaled-input",
        lambda: mlp.leaky(he, is_standard=False),
        cause=INPUT + "|scale|offset",
        twin="mlp-ovens-six-drawn-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "dead-units"),
    ),
    faulty(
        "mlp-freezers-relu-at-the-end",
        "dead-units",
        lambda: mlp.frozen_air(nn.ReLU()),
        cause=r"relu|rectif|output|last|negative|target|activation|bias",
        twin="mlp-freezers-nothing-at-the-end",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-visitors-none-in-the-log",
        "non-finite",
        lambda: mlp.counted(0.0),
        cause=UNDEFINED + "|target|label",
        twin="mlp-visitors-one-more-in-the-log",
    ),
    faulty(
        "mlp-canoes-optimiser-then-head",
        "stalled-layer",
        lambda: mlp.reheaded(is_late=True),
        cause=RATE,
        twin="mlp-canoes-head-then-optimiser",
        also=("vanishing-gradient",),
    ),
)
