"""Neurons answer on one side only, as ReLU does; tanh answers both, and sigmoid is tanh in other units."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from relume.catalogue import activations
from relume.errors import require
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import DASHES, colour
from relume.evidence.verdicts import over_cases
from relume.theory.lif import MILLISECONDS_PER_SECOND, firing_rate
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONE_SIDED, ODD = "one-sidedness", "oddness"
IDENTITY = "largest |tanh(x) - (2 sigmoid(2x) - 1)|"
MISFIT, FITTED, RATE = "misfit to the neuron's rate", "fitted rate", "rate of the neuron"
# Standard normal pre-activations by their quantiles: as good as 4,000 draws, and the same every time.
Z = torch.special.ndtri((torch.arange(4000, dtype=torch.float64) + 0.5) / 4000)
# Both sides of the threshold (0 nA) count alike; at 3 nA the rate has come to four tenths of its limit.
CURRENTS = torch.linspace(-3, 3, 301, dtype=torch.float64)  # nA
WIDTHS = torch.logspace(-2, 3, 61, dtype=torch.float64)  # of the input's scale b, per nA
PLACES = torch.linspace(-3, 3, 61, dtype=torch.float64)  # of the threshold c, nA
ROUNDING = 1e-15  # a few last digits of a float64 near 1
SILENT = 0.99  # from here on an activation counts as one-sided, or as odd
NAMED = ("sigmoid", "tanh", "relu", "softplus", "elu", "lif")


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation."""
    return [{"activation": name} for name, a in activations.items() if a.form == "elementwise"]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """How odd and how one-sided an activation is, and how well it follows a neuron's rate."""
    name = str(part["activation"])
    value = activations[name].value
    odd, one_sided = symmetry(value(Z), rest=float(value(Z.new_zeros(1))))
    yield Sample(quantity=ODD, series=name, value=odd)
    yield Sample(quantity=ONE_SIDED, series=name, value=one_sided)
    rate = firing_rate(CURRENTS)
    fitted = fit(name, rate)
    misfit = float((fitted - rate).square().mean().sqrt() / rate.std(correction=0))
    yield Sample(quantity=MISFIT, series=name, value=misfit)
    if name in ("tanh", "relu"):
        for x, y in zip(CURRENTS[::4].tolist(), fitted[::4].tolist(), strict=True):
            yield Sample(quantity=FITTED, series=name, x=x, value=y, unit="Hz")
    if name == "lif":
        for x, y in zip(CURRENTS[::4].tolist(), rate[::4].tolist(), strict=True):
            yield Sample(quantity=RATE, series=name, x=x, value=y, unit="Hz")
    if name == "tanh":
        x = torch.linspace(-20, 20, 100_001, dtype=torch.float64)
        error = (value(x) - (2 * activations["sigmoid"].value(2 * x) - 1)).abs().max()
        yield Sample(quantity=IDENTITY, series=name, value=float(error))


def symmetry(response: Tensor, *, rest: float) -> tuple[float, float]:
    """How odd and how one-sided a response to the points `Z` is, about its value at 0; each from 0 to 1.

    Oddness is the odd part's share of the mean square: 1 for tanh, 0 for the absolute value, 1/2 for ReLU.
    One-sidedness is how much more of the mean square one side has than the other, over both: 1 for ReLU,
    0 for tanh and the absolute value.
    """
    answer = response - rest
    mirrored = answer.flip(0)
    odd, even = ((answer - mirrored) / 2).square().sum(), ((answer + mirrored) / 2).square().sum()
    left, right = (side.square().sum() for side in answer.chunk(2))
    whole = float(odd + even)
    return (float(odd) / whole, float((right - left).abs()) / whole) if whole else (math.nan, math.nan)


def fit(name: str, rate: Tensor) -> Tensor:
    """The nearest that a f(b (I - c)) + d comes to the rate, least squares over a >= 0, b, c, d, [currents].

    For given b and c the best a and d follow; b and c are searched on a grid, then by Nelder and Mead.
    """
    require("scipy", extra="why", purpose="fitting a neuron's rate")
    from scipy.optimize import minimize

    value = activations[name].value

    def fitted(b: float, c: float) -> Tensor:
        f = value(b * (CURRENTS - c))
        deviation = f - f.mean()
        power = deviation.square().sum()
        a = ((deviation * (rate - rate.mean())).sum() / power).clamp(min=0) if power > 1e-18 else 0.0
        return rate.mean() + a * deviation

    def loss(log_b_c: "np.ndarray") -> float:
        return float((fitted(math.exp(min(log_b_c[0], 50.0)), float(log_b_c[1])) - rate).square().mean())

    grid = [(math.log(b), c) for b in WIDTHS.tolist() for c in PLACES.tolist()]
    start = min(grid, key=lambda point: loss(np.asarray(point)))
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    return fitted(math.exp(min(float(found[0]), 50.0)), float(found[1]))


def judge(samples: Sequence[Sample]) -> Verdict:
    """Each part of the statement is a case; the effect is how much better than tanh ReLU fits the neuron."""
    found = {(s.series, s.quantity): s.value for s in samples}
    ratio = found["tanh", MISFIT] / max(found["relu", MISFIT], 1e-300)
    shape = found["sigmoid", MISFIT] / max(found["relu", MISFIT], 1e-300)

    def case(true: bool) -> Holding:
        return "holds" if true else "does not hold"

    neuron, relu = found["lif", ONE_SIDED], found["relu", ONE_SIDED]
    cases: Mapping[str, Holding] = {
        f"one side only (neuron {neuron:.2g}, ReLU {relu:.2g})": case(min(neuron, relu) > SILENT),
        f"tanh is odd ({found['tanh', ODD]:.2g})": case(found["tanh", ODD] > SILENT),
        f"tanh is sigmoid in other units (to {found['tanh', IDENTITY]:.0e})": case(
            found["tanh", IDENTITY] < ROUNDING
        ),
        f"ReLU follows the neuron's rate better than tanh and sigmoid (misfit {found['relu', MISFIT]:.2g} "
        f"against {found['tanh', MISFIT]:.2g} and {found['sigmoid', MISFIT]:.2g})": case(
            min(ratio, shape) > 1
        ),
    }
    holds, where = over_cases(cases)
    return Verdict(
        claim="one-sidedness",
        holds=holds,
        effect="misfit to a neuron's rate, tanh over ReLU",
        interval=Interval(ratio, ratio, ratio, seeds=0),  # computed, not sampled
        limits=where.replace("holds at", "holds:").replace("not at", "not:"),
    )


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left every activation by oddness and one-sidedness, right what follows the neuron's rate best."""
    left, right = figure.subplots(1, 2)
    found = {(s.series, s.quantity): s.value for s in samples}
    for name in dict.fromkeys(s.series for s in samples):
        point = found.get((name, ODD), math.nan), found.get((name, ONE_SIDED), math.nan)
        named = name in NAMED
        left.plot(*point, "o", color=colour(name) if named else "#8c8c8c", alpha=1 if named else 0.35)
    places = {"relu": (8, -4), "lif": (8, 8), "tanh": (-8, 8), "sigmoid": (-8, 20), "elu": (8, -8)}
    for name in NAMED:
        if (name, ODD) in found:
            left.annotate(
                name,
                (found[name, ODD], found[name, ONE_SIDED]),
                xytext=places.get(name, (8, 0)),
                textcoords="offset points",
                color=colour(name),
                fontsize=9,
                ha="right" if places.get(name, (8, 0))[0] < 0 else "left",
            )
    left.set(xlabel="oddness: 1 is antisymmetric", ylabel="one-sidedness: 1 is silent on one side")
    left.set(xlim=(-0.05, 1.08), ylim=(-0.05, 1.12))
    for name, quantity in (("lif", RATE), ("tanh", FITTED), ("relu", FITTED)):
        points = [(s.x, s.value) for s in samples if (s.series, s.quantity) == (name, quantity)]
        x, y = zip(*points, strict=True) if points else ((), ())
        wide = 4.0 if quantity == RATE else 1.6
        style, label = DASHES.get(name, "-"), {"lif": "neuron", "tanh": "tanh; sigmoid is alike"}
        ink = colour(name)
        right.plot(x, y, label=label.get(name, name), color=ink, linestyle=style, linewidth=wide)
    right.set(xlabel="current above the threshold, nA", ylabel=f"spikes in {MILLISECONDS_PER_SECOND:,.0f} ms")
    right.legend(frameon=False, fontsize=9)


one_sidedness = Claim(
    name="one-sidedness",
    statement=(
        "Biological neurons fire above a threshold or not at all, as ReLU does; tanh is antisymmetric, and "
        "sigmoid is tanh up to a linear transformation: tanh(x) = 2 sigmoid(2x) - 1."
    ),
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks",
    method=(
        "Each activation's answer to standard normal inputs is split into its odd and its even part and into "
        "its two sides; the identity is evaluated at 100,001 points in float64. The rate of a leaky "
        "integrate-and-fire neuron, from 3 nA below its threshold to 3 nA above, is fitted by "
        "a f(b (I - c)) + d: the misfit is the root mean square error over the rate's standard deviation."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="tanh(x) - (2 sigmoid(2x) - 1)",
            value="0",
            source="algebra",
            provenance="derived",
        ),
    ),
    not_on={
        "data": "It is about the functions alone: no data enters.",
        "network": "It is about the functions alone: no network enters.",
    },
)
