"""A study made by hand, with everything that can go wrong in one."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from relume.studies.summary import Basis, Comparison, Cost, Pace, Row, Summary
from relume.types import Initialisation, Interval

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu", "gelu")
INITIALISATIONS: tuple[Initialisation, ...] = ("pytorch", "xavier", "he", "variance-preserving")
DEPTHS = {"mlp 4x32": 4, "mlp 10x32": 10, "mlp 20x32": 20}
TARGETS = (1.0, 0.5, 0.3)
SPEED = {"sigmoid": 2, "tanh": 5, "relu": 8, "leaky_relu": 8.2, "softplus": 3, "elu": 7, "gelu": 7.5}
# How much of the gradient one layer passes on.
FACTOR = {
    "pytorch": dict(zip(ACTIVATIONS, (0.14, 0.55, 0.41, 0.42, 0.35, 0.56, 0.3), strict=True)),
    "xavier": dict(zip(ACTIVATIONS, (0.25, 0.95, 0.71, 0.72, 0.6, 0.93, 0.6), strict=True)),
    "he": dict(zip(ACTIVATIONS, (0.35, 1.25, 1.0, 1.0, 0.85, 1.3, 0.9), strict=True)),
    "variance-preserving": dict(zip(ACTIVATIONS, (0.82, 1.1, 1.0, 1.0, 0.97, 1.06, 1.03), strict=True)),
}


def row(network: str, activation: str, initialisation: Initialisation) -> Row:
    depth = DEPTHS[network]
    factor = FACTOR[initialisation][activation]
    theory = factor ** np.arange(depth - 1, -1, -1.0)
    wobble = 1 + 0.1 * np.sin(np.arange(depth) + len(activation))
    speed = 1.5 * SPEED[activation] * depth**-0.5 * min(factor, 1 / factor) ** (depth / 6)
    curve = 0.2 + 2.1 * np.exp(-speed * np.arange(300) / 40)
    reached = {target: (float(np.argmax(curve <= target)) or None) for target in TARGETS}
    accuracy = max(0.1, 0.87 - curve[-1] / 3)
    rectifies = activation == "relu"
    return Row(
        network=network,
        activation=activation,
        initialisation=initialisation,
        learning_rate=0.1 if factor > 0.5 else 1.0,
        steps_to=reached,
        final_loss=float(curve[-1]),
        accuracy=Interval(accuracy, accuracy - 0.012, accuracy + 0.011, 5),
        diverged=0,
        seeds=5,
        gradient_ratio_start=float(theory[0] * wobble[0] / wobble[-1]),
        gradient_ratio_theory=float(theory[0]),
        gradient_ratio_end=float(theory[0] ** 0.5),
        zeros_start=0.5 if rectifies else 0.0,
        zeros_end=0.71 if rectifies else 0.0,
        gradient_by_layer_start=theory * wobble / wobble[-1],
        gradient_by_layer_theory=theory,
        curve=curve,
    )


def diverged(row: Row) -> Row:
    nothing = np.full(300, np.nan)
    nothing[:12] = np.linspace(2.3, 9, 12)
    return replace(
        row,
        steps_to=dict.fromkeys(TARGETS),
        final_loss=math.nan,
        accuracy=Interval(math.nan, math.nan, math.nan, 0),
        diverged=5,
        gradient_ratio_end=math.nan,
        zeros_end=math.nan,
        gradient_ratio_theory=math.nan,
        gradient_by_layer_theory=np.full_like(row.gradient_by_layer_start, np.nan),
        curve=nothing,
    )


def compare(basis: Basis, rows: dict[str, Row], activation: str, baseline: str) -> Iterator[Comparison]:
    for target in TARGETS:
        own, other = rows[activation].steps_to[target], rows[baseline].steps_to[target]
        ratio, pace = None, "neither got there"
        if own and other:
            ratio = Interval(other / own, 0.8 * other / own, 1.2 * other / own, 5)
            pace = "faster" if ratio.low > 1 else "slower" if ratio.high < 1 else "not decided"
        elif own or other:
            pace = "baseline never got there" if own else "never got there"
        yield Comparison(
            basis=basis,
            network=rows[activation].network,
            activation=activation,
            baseline=baseline,
            target=target,
            ratio=ratio,
            pace=_pace(pace),
        )


def _pace(pace: str) -> Pace:
    return pace  # type: ignore[return-value]


@pytest.fixture(scope="session")
def summary() -> Summary:
    rows = [row(n, a, i) for n in DEPTHS for i in INITIALISATIONS for a in ACTIVATIONS]
    rows = [
        diverged(r) if (r.network, r.initialisation, r.activation) == ("mlp 20x32", "he", "elu") else r
        for r in rows
    ]
    same = [replace(r, learning_rate=0.1) for r in rows if r.initialisation == "he"]
    best = [
        min((r for r in rows if (r.network, r.activation) == (n, a)), key=loss)
        for n in DEPTHS
        for a in ACTIVATIONS
    ]
    groups: list[tuple[Basis, list[Row]]] = [("each at its best", best), ("same setting", same)]
    return Summary(
        data="Fashion-MNIST subset: 6,000 training and 1,000 test images of 28 x 28, 10 classes",
        training="momentum 0.9, batch 128, 300 steps, 5 seeds, 4 learning rates from 0.001 to 1",
        engine="stacked: 140 networks at a time as batched matrix products",
        cost_setting="1,000,000 float32 values, 1 thread",
        targets=TARGETS,
        rows=tuple(rows),
        same_setting=tuple(same),
        best=tuple(best),
        comparisons=tuple(
            comparison
            for basis, group in groups
            for network in DEPTHS
            for activation in ("relu", "gelu", "leaky_relu")
            for baseline in ("sigmoid", "tanh")
            for comparison in compare(
                basis, {r.activation: r for r in group if r.network == network}, activation, baseline
            )
        ),
        costs=tuple(
            Cost(
                activation=a,
                forward_ns=0.2 * k,
                backward_ns=0.3 * k,
                copy_ns=0.21,
                forward_over_copy=0.95 * k,
                backward_over_copy=1.4 * k,
            )
            for k, a in enumerate(ACTIVATIONS, start=1)
        ),
    )


def loss(row: Row) -> float:
    return math.inf if math.isnan(row.final_loss) else row.final_loss
