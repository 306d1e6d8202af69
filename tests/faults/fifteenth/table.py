"""The programs of plain layers with a fault, and their twins; what they are made of is in `mlp`."""

import torch
from torch import nn

from tests.faults.building import he
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, RATE, SIGMOID, STEP, UNDEFINED
from tests.faults.fifteenth import mlp
from tests.faults.program import faulty, healthy


def uniform(weight: torch.Tensor) -> None:
    nn.init.uniform_(weight, -1.0, 1.0)


programs = (
    healthy("mlp-hives-seven-of-tanh", lambda: mlp.seven(nn.Tanh)),
    healthy("mlp-cheeses-three-hidden", lambda: mlp.told_apart(mlp.three())),
    healthy("mlp-parcels-seven-by-he", lambda: mlp.broken(he)),
    healthy("mlp-parcels-kept-over-nine-tenths", lambda: mlp.dropped(0.9)),
    healthy("mlp-hives-in-kilograms", mlp.weighed),
    healthy("mlp-creams-open-at-the-end", mlp.skimmed),
    healthy("mlp-ferries-logarithm-of-rate", lambda: mlp.boarded(is_log=True)),
    healthy("mlp-cheeses-units-at-a-small-price", lambda: mlp.spared(1e-4)),
    faulty(
        "mlp-hives-seven-of-the-textbook",
        "vanishing-gradient",
        lambda: mlp.seven(nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-hives-seven-of-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-cheeses-softmax-after-each",
        "vanishing-gradient",
        lambda: mlp.told_apart(mlp.three(lambda: nn.Softmax(-1))),
        cause=r"softmax|activation|slope|sums? to (1|one)",
        twin="mlp-cheeses-three-hidden",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-parcels-seven-between-minus-one-and-one",
        "exploding-gradient",
        lambda: mlp.broken(uniform),
        cause=GROWTH,
        twin="mlp-parcels-seven-by-he",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-parcels-kept-over-a-tenth",
        "exploding-activation",
        lambda: mlp.dropped(0.1),
        cause=GROWTH + "|drop|divi|scale|factor",
        twin="mlp-parcels-kept-over-nine-tenths",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-hives-kilograms-of-tanh",
        "saturated-units",
        lambda: mlp.weighed(nn.Tanh()),
        cause=r"output|target|bounded|range|\bends?\b|tanh|last|reach",
        twin="mlp-hives-in-kilograms",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-hives-pressure-in-hectopascals",
        "unscaled-input",
        mlp.pressed,
        cause=INPUT + "|scale|offset",
        twin="mlp-hives-in-kilograms",
        also=("saturated-units", "vanishing-gradient", "stalled-layer", "unstable-updates"),
    ),
    faulty(
        "mlp-cheeses-one-row-of-loadings",
        "symmetric-units",
        lambda: mlp.told_apart(mlp.loaded(mlp.three())),
        cause=ALIKE,
        twin="mlp-cheeses-three-hidden",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-hives-errors-summed",
        "unstable-updates",
        lambda: mlp.weighed(loss=mlp.by_sum),
        cause=STEP + r"|\bsum|reduction|mean",
        twin="mlp-hives-in-kilograms",
        also=(
            "saturated-units",
            "exploding-gradient",
            "exploding-activation",
            "non-finite",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "mlp-hives-gradients-never-cleared",
        "unstable-updates",
        lambda: mlp.weighed(kind=mlp.Kept),
        cause=STEP + "|zero_grad|accumul|clear|momentum|add(ed|s)? up",
        twin="mlp-hives-in-kilograms",
        also=(
            "saturated-units",
            "exploding-gradient",
            "exploding-activation",
            "non-finite",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "mlp-creams-rectified-at-the-end",
        "dead-units",
        lambda: mlp.skimmed(nn.ReLU()),
        cause=r"output|target|negative|below 0|last|rectif|relu|\bends?\b",
        twin="mlp-creams-open-at-the-end",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-ferries-rate-itself",
        "non-finite",
        lambda: mlp.boarded(is_log=False),
        cause=UNDEFINED + "|poisson|negative|log_input",
        twin="mlp-ferries-logarithm-of-rate",
    ),
    faulty(
        "mlp-cheeses-body-made-later",
        "stalled-layer",
        mlp.body_made_later,
        cause=RATE,
        twin="mlp-cheeses-three-hidden",
    ),
    faulty(
        "mlp-cheeses-units-at-a-great-price",
        "dead-units",
        lambda: mlp.spared(0.3),
        cause=r"penalt|spars|\bl1\b|regulari|price|\bloss\b|driven|pushed",
        twin="mlp-cheeses-units-at-a-small-price",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
