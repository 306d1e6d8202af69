"""The derivatives of sigmoid and tanh fade on both sides; ReLU's does not on the right."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import DASHES, colour
from relume.evidence.verdicts import both, over_cases
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLAT = 0.01  # of the gradient: what two layers like it let through is one part in ten thousand
FAR = 20.0  # where sigmoid passes 2e-9 of a gradient
GRID = torch.linspace(-FAR, FAR, 40_001, dtype=torch.float64)
SIDES = ("left", "right")
LARGEST = "largest |f'|"
END = "|f'| at x = {}20"
FLAT_FROM = "|x| from which |f'| < 0.01, on the {}"  # infinite where it never stays below
RATE = "decay of |f'| on the {}"  # e-folds per unit of x, from 10 to 20: 1 is e^-x
POWER = "order of |f'| in 1/|x| on the {}"  # constant for a power law, growing for an exponential
CURVE, TAIL = "f'(x)", "|f'(x)|"
DRAWN = ("sigmoid", "tanh", "relu", "softplus", "elu", "gelu", "softsign")


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation: the closed forms are all there is to measure."""
    return [{"activation": name} for name, a in activations.items() if a.form == "elementwise"]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Supremum and tails of the derivative on a grid, and its curve."""
    name = str(part["activation"])
    slope = activations[name].derivative

    def sample(quantity: str, value: float, x: float = 0.0, unit: str = "1") -> Sample:
        return Sample(quantity=quantity, series=name, x=x, value=value, unit=unit)

    yield sample(LARGEST, float(slope(GRID).abs().max()))
    for side in SIDES:
        sign = -1 if side == "left" else 1
        ten, twenty = (abs(float(slope(torch.tensor([sign * x], dtype=torch.float64)))) for x in (10.0, FAR))
        yield sample(END.format("-" if sign < 0 else ""), twenty)
        steep = GRID[(slope(GRID).abs() >= FLAT) & (sign * GRID >= 0)].abs()
        last = float(steep.max()) if len(steep) else 0.0
        yield sample(FLAT_FROM.format(side), last if last < FAR else math.inf)
        folds = _folds(ten, twenty)
        yield sample(RATE.format(side), folds / (FAR - 10.0), unit="e-folds per unit of x")
        yield sample(POWER.format(side), folds / math.log(FAR / 10.0))
    if name in DRAWN:
        near = torch.linspace(-6, 6, 121, dtype=torch.float64)
        yield from (sample(CURVE, float(y), float(x)) for x, y in zip(near, slope(near), strict=True))
        far = torch.linspace(-FAR, FAR, 81, dtype=torch.float64)
        yield from (sample(TAIL, float(y), float(x)) for x, y in zip(far, slope(far).abs(), strict=True))


def judge(samples: Sequence[Sample]) -> Verdict:
    """Sigmoid and tanh have to be flat at both ends, ReLU to keep a slope of 1 at them."""
    found = {(s.series, s.quantity): s.value for s in samples}
    fades: list[Holding] = [
        "holds" if found[name, END.format(sign)] < FLAT else "does not hold"
        for name in ("sigmoid", "tanh")
        for sign in ("-", "")
    ]
    ends = {"right": found["relu", END.format("")], "left": found["relu", END.format("-")]}
    cases: dict[str, Holding] = {
        f"the {side}, where ReLU's slope is {slope:g}": both(
            *fades, "holds" if slope == 1.0 else "does not hold"
        )
        for side, slope in ends.items()
    }
    holds, where = over_cases(cases)
    ratio = ends["right"] / max(found["sigmoid", END.format("")], 1e-300)
    return Verdict(
        claim="flat-derivatives",
        holds=holds,
        effect=f"slope at x = {FAR:g}, ReLU over sigmoid",
        interval=Interval(ratio, ratio, ratio, seeds=0),  # computed, not sampled
        limits=where.replace("holds at", "holds on").replace("not at", "not on"),
    )


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left the derivatives as they are, right their tails on a logarithmic scale."""
    near, far = figure.subplots(1, 2)
    _curves(near, samples, CURVE)
    near.set(xlabel="pre-activation x", ylabel="derivative f'(x)")
    _curves(far, samples, TAIL)
    far.axhline(FLAT, color="#8c8c8c", linewidth=0.8, linestyle=":")
    far.set(xlabel="pre-activation x", ylabel="|f'(x)|, logarithmic", yscale="log", ylim=(1e-9, 3))
    far.text(-FAR, FLAT * 1.3, "0.01", fontsize=8)
    far.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))


def _curves(axes: "Axes", samples: Sequence[Sample], quantity: str) -> None:
    for name in DRAWN:
        points = [(s.x, s.value) for s in samples if s.series == name and s.quantity == quantity]
        x, y = zip(*points, strict=True) if points else ((), ())
        axes.plot(x, y, label=name, color=colour(name), linestyle=DASHES.get(name, "-"))


def _folds(nearer: float, further: float) -> float:
    """How many times e the derivative has fallen; infinitely often where it is exactly 0."""
    if further == 0.0:
        return 0.0 if nearer == 0.0 else math.inf
    return math.log(nearer / further) if nearer else -math.inf


def _supremum(samples: Sequence[Sample]) -> Interval:
    (value,) = (s.value for s in samples if (s.series, s.quantity) == ("sigmoid", LARGEST))
    return Interval(value, value, value, seeds=0)


flat_derivatives = Claim(
    name="flat-derivatives",
    statement="The derivatives of sigmoid and tanh go to 0 in both directions; that of ReLU stays at 1.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks",
    method=(
        f"The closed form of each derivative is evaluated at {len(GRID):,} points from -{FAR:g} to {FAR:g} "
        "in float64. Compared are its largest value, its values at both ends, where it stays below "
        f"{FLAT:g}, and how fast it falls from |x| = 10 to {FAR:g}."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="largest slope of sigmoid",
            value="0.25",
            source="f' = f (1 - f)",
            provenance="derived",
            number=0.25,
            ours=_supremum,
        ),
    ),
    not_on={
        "data": "It is about the functions alone: no data enters.",
        "network": "It is about the functions alone: no network enters.",
    },
)
