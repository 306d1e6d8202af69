"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import Adam

from tests.faults.building import he, xavier
from tests.faults.drawn.dogwood import mlp
from tests.faults.drawn.dogwood.tasks import HONEYS, honey, wells
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    SIGMOID,
    STEP,
    normal,
    trained,
)
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN

programs = (
    healthy("mlp-wells-seven-by-he", lambda: mlp.drilled(he)),
    healthy("mlp-wells-widened-with-noise", lambda: mlp.widened(0.6)),
    healthy("mlp-honey-tanh-by-glorot", lambda: mlp.tasted(xavier)),
    healthy("mlp-wells-three-shares", lambda: trained(mlp.Pinball(), wells(), Adam, mlp.pinball, lr=8e-3)),
    healthy(
        "mlp-honey-greatest-of-three",
        lambda: trained(mlp.Maxout(7, 24, 24, HONEYS), honey(), Adam, lr=6e-3),
    ),
    healthy("mlp-honey-fixed-waves", lambda: trained(mlp.Waves(), honey(), Adam, lr=1e-2)),
    healthy(
        "mlp-wells-mean-and-doubt", lambda: trained(mlp.Doubtful(), wells(), Adam, mlp.likelihood, lr=1e-2)
    ),
    faulty(
        "mlp-wells-seven-of-sigmoids",
        "vanishing-gradient",
        lambda: mlp.drilled(he, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-wells-seven-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-wells-seven-at-a-seventh",
        "dead-units",
        lambda: mlp.drilled(he, lr=0.15),
        cause=DRIVEN,
        twin="mlp-wells-seven-by-he",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "mlp-wells-widened-by-copies",
        "symmetric-units",
        lambda: mlp.widened(0.0),
        cause=ALIKE,
        twin="mlp-wells-widened-with-noise",
        also=("dead-units",),
    ),
    faulty(
        "mlp-honey-tanh-of-unit-normals",
        "saturated-units",
        lambda: mlp.tasted(normal(1.0)),
        cause=ENDS,
        twin="mlp-honey-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-honey-tanh-at-two-fifths",
        "unstable-updates",
        lambda: mlp.tasted(xavier, 0.4),
        cause=STEP,
        twin="mlp-honey-tanh-by-glorot",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
