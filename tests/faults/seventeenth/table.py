"""The faulty programs of plain layers and their twins; what they are made of is in `mlp`."""

import math

from torch import nn
from torch.optim import SGD

from tests.faults.building import he
from tests.faults.eighth.making import ALIKE, DATA, INPUT, RATE, SIGMOID, STEP, UNDEFINED, WEIGHTS
from tests.faults.program import faulty, healthy
from tests.faults.seventeenth import mlp

programs = (
    healthy("mlp-soil-seven-by-he", lambda: mlp.laid(7, he)),
    healthy("mlp-trams-four-tanh", lambda: mlp.excused(nn.Identity)),
    healthy("mlp-soil-five-over-deviation", lambda: mlp.tuned(is_turned=False)),
    healthy("mlp-soil-temperature-of-one", lambda: mlp.cooled(1.0)),
    healthy("mlp-bread-powers-sized", lambda: mlp.powered(is_sized=True)),
    healthy("mlp-bread-rising-throughout", lambda: mlp.rising(1.0)),
    healthy("mlp-bread-printed-with-decimals", lambda: mlp.printed(is_whole=False)),
    healthy("mlp-trams-light-decay", lambda: mlp.hurried(SGD, lr=0.15, momentum=0.8, weight_decay=1e-4)),
    healthy("mlp-trams-long-ones-clipped", lambda: mlp.hurried(mlp.Clipping, lr=0.4, most=1.0)),
    healthy("mlp-soil-rate-found", lambda: mlp.searched(1.0)),
    healthy("mlp-soil-over-spread", lambda: mlp.over(200.0)),
    healthy("mlp-trams-stop-from-middle", lambda: mlp.stopped(1.0, 0.0)),
    healthy("mlp-soil-signed-logs", lambda: mlp.logged(is_signed=True)),
    healthy("mlp-trams-rates-of-nine-tenths", lambda: mlp.deeper_slower(0.9)),
    healthy("mlp-soil-usual-before-norm", lambda: mlp.before_norm(0.3)),
    faulty(
        "mlp-trams-softmax-between",
        "vanishing-gradient",
        lambda: mlp.excused(lambda: nn.Softmax(1)),
        cause=SIGMOID + "|softmax",
        twin="mlp-trams-four-tanh",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-soil-seven-over-fan",
        "vanishing-gradient",
        lambda: mlp.laid(7, mlp.by_fan),
        cause=WEIGHTS,
        twin="mlp-soil-seven-by-he",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-soil-five-times-deviation",
        "vanishing-gradient",
        lambda: mlp.tuned(is_turned=True),
        cause=WEIGHTS,
        twin="mlp-soil-five-over-deviation",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "mlp-soil-temperature-of-a-twentieth",
        "saturated-units",
        lambda: mlp.cooled(20.0),
        cause=WEIGHTS + "|pre-activation|scale|multipl|temperature|steep|tanh",
        twin="mlp-soil-temperature-of-one",
        also=("vanishing-gradient", "exploding-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-bread-powers-as-they-are",
        "saturated-units",
        lambda: mlp.powered(is_sized=False),
        cause=INPUT + "|pre-activation|scale|tanh|power",
        twin="mlp-bread-powers-sized",
        also=("unscaled-input", "vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-bread-falling-throughout",
        "dead-units",
        lambda: mlp.rising(-1.0),
        cause=WEIGHTS + "|negative|sign|below 0|pre-activation|bias",
        twin="mlp-bread-rising-throughout",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-bread-printed-as-whole-numbers",
        "symmetric-units",
        lambda: mlp.printed(is_whole=True),
        cause=ALIKE,
        twin="mlp-bread-printed-with-decimals",
        also=("vanishing-gradient", "dead-units", "stalled-layer"),
    ),
    faulty(
        "mlp-trams-short-ones-stretched",
        "unstable-updates",
        lambda: mlp.hurried(mlp.Clipping, lr=0.4, most=math.inf),
        cause=STEP + "|clip|norm",
        twin="mlp-trams-long-ones-clipped",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-trams-decay-of-three",
        "unstable-updates",
        lambda: mlp.hurried(SGD, lr=0.15, momentum=0.8, weight_decay=3.0),
        cause=STEP + "|decay",
        twin="mlp-trams-light-decay",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "symmetric-units"),
    ),
    faulty(
        "mlp-soil-search-left-on",
        "unstable-updates",
        lambda: mlp.searched(1.13),
        cause=STEP + "|schedul",
        twin="mlp-soil-rate-found",
        also=("dead-units", "exploding-activation", "exploding-gradient", "non-finite", "vanishing-gradient"),
    ),
    faulty(
        "mlp-soil-over-variance",
        "unscaled-input",
        lambda: mlp.over(200.0**2),
        cause=INPUT + "|scale",
        twin="mlp-soil-over-spread",
        also=("vanishing-gradient", "stalled-layer", "dead-units", "exploding-activation"),
    ),
    faulty(
        "mlp-trams-stop-as-signed",
        "unscaled-input",
        lambda: mlp.stopped(290.0, 700.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-trams-stop-from-middle",
        also=("exploding-gradient", "unstable-updates", "dead-units", "vanishing-gradient"),
    ),
    faulty(
        "mlp-soil-logs-below-none",
        "non-finite",
        lambda: mlp.logged(is_signed=False),
        cause=UNDEFINED + "|" + DATA,
        twin="mlp-soil-signed-logs",
    ),
    faulty(
        "mlp-trams-rates-of-a-twentieth",
        "stalled-layer",
        lambda: mlp.deeper_slower(0.05),
        cause=RATE,
        twin="mlp-trams-rates-of-nine-tenths",
    ),
    faulty(
        "mlp-soil-huge-before-norm",
        "stalled-layer",
        lambda: mlp.before_norm(20.0),
        cause=WEIGHTS + "|norm",
        twin="mlp-soil-usual-before-norm",
        also=("exploding-activation", "vanishing-gradient"),
    ),
)
