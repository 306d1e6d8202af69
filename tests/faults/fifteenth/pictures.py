"""The programs of convolutions with a fault, and their twins; what they are made of is in `cnn`."""

from torch import nn

from tests.faults.building import he
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, RATE, STEP, WEIGHTS
from tests.faults.fifteenth import cnn
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION

programs = (
    healthy("cnn-dins-small-and-normed", lambda: cnn.heard(lambda: nn.BatchNorm2d(12))),
    healthy("cnn-dins-rate-that-falls", lambda: cnn.listened(0.03, 0.99)),
    healthy("cnn-scrawls-six-by-he", lambda: cnn.written(he)),
    healthy("cnn-scrawls-tanh-as-it-is", lambda: cnn.steep(1.0)),
    healthy("cnn-knits-evened-by-nine-tenths", cnn.stitched),
    healthy("cnn-knits-signed-root-and-a-bit", lambda: cnn.paired(1e-3)),
    faulty(
        "cnn-dins-small-without-norms",
        "vanishing-gradient",
        cnn.heard,
        cause=WEIGHTS + "|normali[sz]|batch ?norm",
        twin="cnn-dins-small-and-normed",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-dins-rate-of-another-script",
        "dead-units",
        lambda: cnn.listened(0.6, 0.99),
        cause=DRIVEN,
        twin="cnn-dins-rate-that-falls",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "cnn-dins-rate-that-rises",
        "unstable-updates",
        lambda: cnn.listened(0.03, 1.09),
        cause=STEP + "|schedul|gamma|gr[eo]w|ris",
        twin="cnn-dins-rate-that-falls",
        also=(
            "dead-units",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "cnn-scrawls-six-channels-forgotten",
        "exploding-gradient",
        lambda: cnn.written(cnn.channels_forgotten),
        cause=GROWTH,
        twin="cnn-scrawls-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-scrawls-six-seeded-each",
        "symmetric-units",
        lambda: cnn.written(cnn.seeded_each),
        cause=ALIKE + "|seed",
        twin="cnn-scrawls-six-by-he",
        also=("vanishing-gradient", "dead-units", "exploding-activation", "stalled-layer"),
    ),
    faulty(
        "cnn-scrawls-divided-twice",
        "unscaled-input",
        lambda: cnn.written(he, 1 / 255),
        cause=INPUT + "|scale",
        twin="cnn-scrawls-six-by-he",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-scrawls-tanh-near-signs",
        "saturated-units",
        lambda: cnn.steep(40.0),
        cause="steep|slope|saturat|tanh|activation|temperature|factor|scale|pre-activation|threshold",
        twin="cnn-scrawls-tanh-as-it-is",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-knits-times-deviation",
        "exploding-activation",
        lambda: cnn.stitched(is_divided=False),
        cause=GROWTH + "|multipl|deviation|scale",
        twin="cnn-knits-evened-by-nine-tenths",
        also=("exploding-gradient", "dead-units", "unstable-updates", "non-finite"),
    ),
    faulty(
        "cnn-knits-evened-by-tenths",
        "stalled-layer",
        lambda: cnn.stitched(0.1),
        cause=RATE,
        twin="cnn-knits-evened-by-nine-tenths",
    ),
    faulty(
        "cnn-knits-signed-root-of-nothing",
        "non-finite",
        lambda: cnn.paired(0.0),
        cause=OPERATION,
        twin="cnn-knits-signed-root-and-a-bit",
    ),
)
