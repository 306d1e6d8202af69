"""The programs of plain layers; what they are made of is in `mlp`."""

from torch import nn
from torch.optim import Adam

from tests.faults.building import chain, he, xavier
from tests.faults.eighth.making import (
    DATA,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    STEP,
    UNDEFINED,
    normal,
    trained,
)
from tests.faults.program import faulty, healthy
from tests.faults.thirteenth import mlp
from tests.faults.thirteenth.tasks import fraud, houses

programs = (
    healthy("mlp-houses-about-their-means", lambda: mlp.priced(is_standardised=True)),
    healthy("mlp-houses-eight-by-he", lambda: mlp.deep(8, he)),
    healthy("mlp-houses-mean-of-batch", lambda: mlp.summed("mean")),
    healthy("mlp-fraud-by-hand-and-a-bit", lambda: mlp.by_hand(1e-4)),
    healthy("mlp-fraud-holes-filled", lambda: mlp.holes(0.0)),
    healthy("mlp-fraud-centred-once", lambda: mlp.centred_twice(0.0)),
    healthy("mlp-fraud-head-before-optimiser", lambda: mlp.new_head(is_before=True)),
    healthy("mlp-houses-five-tanh", lambda: mlp.deep(5, xavier, nn.Tanh, lr=4e-3)),
    healthy("mlp-fraud-slow-average", lambda: trained(mlp.Averaged(), fraud(), Adam, mlp.distilled, lr=8e-3)),
    healthy(
        "mlp-houses-in-tens-of-dollars",
        lambda: trained(chain([6, 64, 64, 1], nn.SiLU), houses(), Adam, mlp.in_dollars, lr=8e-3),
    ),
    healthy("mlp-houses-one-in-eight-off", mlp.quiet),
    healthy("mlp-fraud-mixed-and-smoothed", mlp.mixed),
    healthy("mlp-fraud-great-rate-batch-norm", mlp.normed_great_rate),
    healthy("mlp-fraud-decay-of-one", mlp.decayed),
    faulty(
        "mlp-houses-as-in-the-file",
        "unscaled-input",
        lambda: mlp.priced(is_standardised=False),
        cause=INPUT + "|scale",
        twin="mlp-houses-about-their-means",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-houses-eight-sigmoids",
        "vanishing-gradient",
        lambda: mlp.deep(8, he, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-houses-eight-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-houses-eight-by-randn",
        "exploding-gradient",
        lambda: mlp.deep(8, normal(1.0)),
        cause=GROWTH,
        twin="mlp-houses-eight-by-he",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-houses-eight-negative",
        "dead-units",
        lambda: mlp.deep(8, mlp.negative),
        cause=r"initiali[sz]|weights?|negative|below|pre-activation|before any update|bias",
        twin="mlp-houses-eight-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-houses-sum-of-batch",
        "unstable-updates",
        lambda: mlp.summed("sum"),
        cause=STEP + r"|momentum|\bsum|reduction|loss",
        twin="mlp-houses-mean-of-batch",
        also=("non-finite", "dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-fraud-by-hand",
        "non-finite",
        lambda: mlp.by_hand(0.0),
        cause=UNDEFINED + r"|saturat",
        twin="mlp-fraud-by-hand-and-a-bit",
        also=("saturated-units",),
    ),
    faulty(
        "mlp-fraud-holes-read-as-nan",
        "non-finite",
        lambda: mlp.holes(float("nan")),
        cause=DATA,
        twin="mlp-fraud-holes-filled",
    ),
    faulty(
        "mlp-fraud-holes-of-minus-9999",
        "unscaled-input",
        lambda: mlp.holes(-9999.0),
        cause=INPUT + "|scale|data",
        twin="mlp-fraud-holes-filled",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-fraud-centred-twice",
        "unscaled-input",
        lambda: mlp.centred_twice(80.0),
        cause=INPUT + "|scale|offset|mean",
        twin="mlp-fraud-centred-once",
        also=("dead-units", "unstable-updates", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "mlp-fraud-head-after-optimiser",
        "stalled-layer",
        lambda: mlp.new_head(is_before=False),
        cause=RATE,
        twin="mlp-fraud-head-before-optimiser",
    ),
    faulty(
        "mlp-houses-five-tanh-by-randn",
        "saturated-units",
        lambda: mlp.deep(5, normal(1.0), nn.Tanh, lr=4e-3),
        cause=r"\bweights?\b|initiali[sz]|pre-activation|before any update",
        twin="mlp-houses-five-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
