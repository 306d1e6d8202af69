"""Convolutions over pictures of clocks and of beetles; what they are made of is in `pictures`."""

from torch import nn

from tests.faults.building import he
from tests.faults.eighteenth import odd_pictures, pictures
from tests.faults.eighth.making import ALIKE, CUT, ENDS, GROWTH, INPUT, WEIGHTS, constant
from tests.faults.program import faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION

programs = (
    healthy("cnn-dials-three-by-he", lambda: pictures.plain(he)),
    healthy("cnn-dials-means-of-nine", lambda: pictures.pooled(lambda: nn.AvgPool2d(3, 1))),
    healthy("cnn-dials-thin-by-fan-of-groups", lambda: pictures.thin(is_by_group=True)),
    healthy("cnn-dials-places-about-0", lambda: pictures.placed(1 / 4.5, 4.5)),
    healthy("cnn-dials-way-of-something", lambda: pictures.hand(is_from_zero=False)),
    healthy("cnn-beetles-bent-then-put-about-0", pictures.lit),
    healthy("cnn-beetles-norm-of-four-groups", lambda: pictures.grouped(4)),
    *odd_pictures.programs,
    faulty(
        "cnn-beetles-averages-at-first",
        "symmetric-units",
        lambda: pictures.lit(fill=constant(1 / 27)),
        cause=ALIKE,
        twin="cnn-beetles-bent-then-put-about-0",
        also=(
            "vanishing-gradient",
            "exploding-activation",
            "exploding-gradient",
            "dead-units",
            "unstable-updates",
        ),
    ),
    faulty(
        "cnn-dials-rate-of-three-tenths",
        "dead-units",
        lambda: pictures.plain(he, 0.3),
        cause=DRIVEN,
        twin="cnn-dials-three-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-dials-powers-of-one-summed",
        "exploding-activation",
        lambda: pictures.pooled(lambda: nn.LPPool2d(1, 3, 1)),
        cause=GROWTH + "|pool|sum",
        twin="cnn-dials-means-of-nine",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-dials-thin-by-fan-of-all",
        "vanishing-gradient",
        lambda: pictures.thin(is_by_group=False),
        cause=WEIGHTS + "|fan|group|depthwise",
        twin="cnn-dials-thin-by-fan-of-groups",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-dials-places-of-the-large-photograph",
        "saturated-units",
        lambda: pictures.placed(4.0, 0.0),
        cause=ENDS + "|" + INPUT + "|scale|coordinate",
        twin="cnn-dials-places-about-0",
        also=("vanishing-gradient", "unscaled-input", "dead-units"),
    ),
    faulty(
        "cnn-dials-way-of-nothing",
        "non-finite",
        lambda: pictures.hand(is_from_zero=True),
        cause=OPERATION + r"|length|zero|\b0\b",
        twin="cnn-dials-way-of-something",
    ),
    faulty(
        "cnn-beetles-put-about-0-then-bent",
        "non-finite",
        lambda: pictures.lit(is_bent_first=False),
        cause=OPERATION + "|negative|power|gamma",
        twin="cnn-beetles-bent-then-put-about-0",
        also=("dead-units",),
    ),
    faulty(
        "cnn-beetles-sixteen-bits-over-255",
        "unscaled-input",
        lambda: pictures.lit(levels=257.0),
        cause=INPUT + "|scale",
        twin="cnn-beetles-bent-then-put-about-0",
        also=(
            "exploding-activation",
            "exploding-gradient",
            "dead-units",
            "unstable-updates",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "cnn-beetles-norm-of-each-alone",
        "stalled-layer",
        lambda: pictures.grouped(24),
        cause=CUT + r"|norm|single|one (value|element|pixel)|constant|\b0\b",
        twin="cnn-beetles-norm-of-four-groups",
        also=("vanishing-gradient",),
    ),
)
