"""The derivatives of sigmoid and tanh fade on both sides; ReLU's does not on the right."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUPREMUM, RIGHT, LEFT = "largest |f'|", "|f'| far on the right", "|f'| far on the left"
CURVE = "f'(x)"
FLAT_RIGHT, FLAT_LEFT = "|f'| < 0.01 from x =", "|f'| < 0.01 up to x ="
FLAT = 0.01
FAR = 20.0  # where sigmoid passes 2e-9 of a gradient
GRID = torch.linspace(-FAR, FAR, 40_001, dtype=torch.float64)


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation: the closed forms are all there is to measure."""
    return [{"activation": name} for name, a in activations.items() if a.form == "elementwise"]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Supremum and tails of the derivative on a grid, and its curve."""
    name = str(part["activation"])
    slope = activations[name].derivative(GRID).abs()

    def sample(quantity: str, value: float, x: float = 0.0) -> Sample:
        return Sample(quantity=quantity, series=name, x=x, value=value)

    yield sample(SUPREMUM, float(slope.max()))
    yield sample(LEFT, float(slope[0]))
    yield sample(RIGHT, float(slope[-1]))
    steep = GRID[slope >= FLAT]
    yield sample(FLAT_LEFT, float(steep.min()) if len(steep) and steep.min() > -FAR else -math.inf)
    yield sample(FLAT_RIGHT, float(steep.max()) if len(steep) and steep.max() < FAR else math.inf)
    for x, value in zip(
        GRID[::100].tolist(), activations[name].derivative(GRID[::100]).tolist(), strict=True
    ):
        if abs(x) <= 6:
            yield sample(CURVE, value, x)


def judge(samples: Sequence[Sample]) -> Verdict:
    """It holds if sigmoid and tanh are flat at both ends, and ReLU keeps a slope of 1 at one of them."""
    far = {(s.series, s.quantity): s.value for s in samples}
    fades = [far[name, end] < FLAT for name in ("sigmoid", "tanh") for end in (LEFT, RIGHT)]
    keeps = far["relu", RIGHT] == 1.0
    shut = far["relu", LEFT] == 0.0
    kept = far["relu", RIGHT]
    return Verdict(
        claim="flat-derivatives",
        holds="does not hold" if not (all(fades) and keeps) else "holds within limits" if shut else "holds",
        effect=f"ReLU's slope at x = {FAR:g}, where sigmoid's is {far['sigmoid', RIGHT]:.1e}",
        interval=Interval(estimate=kept, low=kept, high=kept, seeds=0),  # computed, not sampled
        limits="on the right only: on the left ReLU's slope is 0 at once, not small" if shut else "",
    )


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The derivatives of the three, side by side."""
    axes = figure.subplots()
    for name in ("sigmoid", "tanh", "relu"):
        points = [(s.x, s.value) for s in samples if s.series == name and s.quantity == CURVE]
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set(xlabel="pre-activation x", ylabel="derivative f'(x)")
    axes.legend(frameon=False)


flat_derivatives = Claim(
    name="flat-derivatives",
    statement="The derivatives of sigmoid and tanh go to 0 on both sides; that of ReLU is 1 for all x > 0.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks",
    method=(
        f"The closed form of each derivative is evaluated at {len(GRID):,} points from -{FAR:g} to {FAR:g} "
        f"in float64. Compared are its largest value, its value at both ends, and where it is below {FLAT:g}."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="largest slope of sigmoid", value="0.25", source="f' = f (1 - f)", provenance="derived"
        ),
    ),
    not_on={
        "data": "It is about the functions alone: no data enters.",
        "network": "It is about the functions alone: no network enters.",
    },
)
