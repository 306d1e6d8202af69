"""For symmetric behaviour rectifiers are said to need twice the units: how wide networks have to be."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import band, interval_bars
from relume.evidence.picking import values_along_x
from relume.evidence.subjects import dataset, one_thread
from relume.evidence.training import guessing_loss
from relume.evidence.verdicts import above, verdict, within
from relume.evidence.widths import trained_errors, width_for
from relume.studies.intervals import median_interval
from relume.studies.protocol import Training, batch_order
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Batches = list[tuple[Tensor, Tensor]]
ODD, EVEN, BENT, NEITHER, DATA = "odd", "even", "even, bent", "without symmetry", "the data"
# Of h = <w, x>, over several directions w that are added up; the phase makes neither odd nor even of a sine.
TARGETS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    ODD: lambda h, phase: h.sin(),
    EVEN: lambda h, phase: h.cos(),
    BENT: lambda h, phase: h.abs(),
    NEITHER: lambda h, phase: (h + phase).sin(),
}
# What has the target's symmetry itself, and so is what rectifiers are compared with.
REFERENCE = {ODD: "tanh", EVEN: "gaussian", BENT: "abs", NEITHER: "tanh", DATA: "tanh"}
WITH_PAIRS = (ODD, EVEN, DATA)  # where CReLU, two rectifiers that share their weights, is tried as well
FEATURES, EXAMPLES, DIRECTIONS = 3, 256, 4
RATES = (0.01, 0.03)
GRID = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
SPAN = 16  # from the narrowest network to the widest
WIDEST: Mapping[Effort, int] = {"quick": 24, "default": 32, "full": 96}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 12, "full": 24}
STEPS: Mapping[Effort, int] = {"quick": 240, "default": 400, "full": 3000}
RESTARTS: Mapping[Effort, int] = {"quick": 2, "default": 3, "full": 8}
BATCH = 32  # of the data; of a target all examples are one batch
# Nearer to twice than to the same, and nearer than to four times, as ratios are counted.
TWICE = (math.sqrt(2), 2 * math.sqrt(2))
GOOD_ENOUGH = 0.01  # of the error of guessing: below it an error says little of the units
ERROR = "error over that of guessing"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a target and an activation."""
    common: Part = {
        "widest": WIDEST[effort],
        "steps": STEPS[effort],
        "restarts": RESTARTS[effort],
        "seeds": SEEDS[effort],
        "directions": DIRECTIONS,
    }
    return [
        {"target": target, "activation": name, **common}
        for target, own in REFERENCE.items()
        for name in (own, "relu", *(("crelu",) if target in WITH_PAIRS else ()))
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """The error that each width comes to: of every seed the best of its rates and restarts."""
    target, name = str(part["target"]), str(part["activation"])
    own = widths(int(part["widest"]))
    for seed in range(int(part["seeds"])):
        batches, outputs, guessing = _task(subject, part, seed)
        restarts = 1 if target == DATA else int(part["restarts"])
        with one_thread(seed):
            errors = trained_errors(name, own, RATES, batches, outputs=outputs, restarts=restarts, seed=seed)
        for width, error in zip(own, errors.flatten(1).amin(1).tolist(), strict=True):
            yield Sample(
                quantity=ERROR, series=f"{target}: {name}", x=width, seed=seed, value=error / guessing
            )


def widths(widest: int) -> list[int]:
    """The widths up to the widest.

    >>> widths(32)
    [2, 3, 4, 6, 8, 12, 16, 24, 32]
    """
    return [width for width in GRID if widest / SPAN <= width <= widest]


def _task(subject: Subject, part: Part, seed: int) -> tuple[Batches, int, float]:
    """The batches, how many numbers to answer with, and the error of guessing."""
    steps = int(part["steps"])
    if part["target"] == DATA:
        data = dataset(subject)
        order = batch_order(len(data.train_y), Training(batch_size=BATCH, steps=steps), seed)
        batches = [(data.train_x[batch].flatten(1), data.train_y[batch]) for batch in order]
        return batches, data.classes, guessing_loss(data)
    x, y = examples(str(part["target"]), int(part["directions"]), seed=seed)
    return [(x, y)] * steps, 1, 1.0


def examples(target: str, directions: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """A target drawn from the seed, of variance 1: [examples, features] and [examples, 1]."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(EXAMPLES, FEATURES, generator=generator)
    h = x @ torch.randn(FEATURES, directions, generator=generator)
    phase = 2 * math.pi * torch.rand(directions, generator=generator)
    signs = torch.randn(directions, 1, generator=generator).sign()
    y = TARGETS[target](h, phase) @ signs
    return x, (y - y.mean()) / y.std()


def judge(samples: Sequence[Sample]) -> Verdict:
    """Of every target how many units ReLU needs for the same error; and whether symmetry is the reason."""
    found = {target: ratio(samples, target, "relu") for target in REFERENCE}
    measured = {target: interval for target, interval in found.items() if interval.seeds}
    cases = {
        f"{_named(target)}, ReLU over {REFERENCE[target]} ({_times(interval)})": within(interval, *TWICE)
        for target, interval in measured.items()
        if target != NEITHER
    }
    if ODD in measured and NEITHER in measured:
        more = median_interval([a / b for a, b in zip(*_ratios_of_both(samples), strict=True)])
        cases[f"because of the symmetry: odd over without ({_times(more)})"] = above(more, 1.0)
    first = next(iter(measured), ODD)
    effect = f"units for the same error, ReLU over {REFERENCE[first]}, {_named(first)}"
    return verdict("twice-the-units", effect, found[first], cases)


def ratio(samples: Sequence[Sample], target: str, name: str) -> Interval:
    """Units that an activation needs over those that the reference needs, for the same error: the median."""
    return median_interval(list(ratios(samples, target, name).values()))


def ratios(samples: Sequence[Sample], target: str, name: str) -> dict[int, float]:
    """By seed, the median over the errors that the reference reaches with up to a quarter of the widest."""
    own, other = (_errors(samples, f"{target}: {each}") for each in (name, REFERENCE[target]))
    found = {}
    for seed in sorted(own.keys() & other.keys()):
        grid = sorted(other[seed])
        needs, has = ([max(by[seed][width], GOOD_ENOUGH) for width in grid] for by in (own, other))
        levels = [
            max(min(has[: i + 1]), GOOD_ENOUGH) for i, width in enumerate(grid) if 4 * width <= grid[-1]
        ]
        found[seed] = median(width_for(needs, grid, e) / width_for(has, grid, e) for e in levels)
    return found


def _ratios_of_both(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    odd, neither = (ratios(samples, target, "relu") for target in (ODD, NEITHER))
    seeds = [seed for seed in sorted(odd) if seed in neither and math.isfinite(odd[seed] + neither[seed])]
    return [odd[seed] for seed in seeds], [neither[seed] for seed in seeds]


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The error by width for the odd target and the data, and the ratios of all."""
    *curves, bars = figure.subplots(1, 3)
    for axes, target in zip(curves, (ODD, DATA), strict=True):
        for name in (REFERENCE[target], "relu", "crelu"):
            errors = values_along_x(samples, ERROR, f"{target}: {name}")
            band(axes, name, {width: median_interval(found) for width, found in errors.items()})
        axes.set(xlabel="units (of crelu, pairs)", xscale="log", yscale="log")
        axes.set_xticks((2, 4, 8, 16, 32), ("2", "4", "8", "16", "32"))
        axes.set_yticks((0.01, 0.03, 0.1, 0.3, 1), ("0.01", "0.03", "0.1", "0.3", "1"))
        axes.minorticks_off()
        axes.set(xlim=(1.8, None), ylim=(0.008, 1.1))
        axes.set_title(target, loc="left")
    curves[0].set(ylabel=ERROR)
    curves[0].legend(frameon=False, fontsize=8)
    rows = {
        f"{target}: {name} / {REFERENCE[target]}": (name, found)
        for target, name in product(REFERENCE, ("relu", "crelu"))
        if (found := ratio(samples, target, name)).seeds and math.isfinite(found.estimate)
    }
    interval_bars(bars, {k: i for k, (_, i) in rows.items()}, colours=[name for name, _ in rows.values()])
    bars.axvspan(*TWICE, color="#8c8c8c", alpha=0.2, linewidth=0)
    bars.tick_params(axis="y", labelsize=7)
    bars.set(xlabel="units over units", xscale="log")
    ticks = (0.5, 1, 2, 4)
    bars.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    bars.minorticks_off()


def _named(target: str) -> str:
    return target if target == DATA else f"{target} target"


def _times(found: Interval) -> str:
    return f"{found.estimate:.2g} times" if math.isfinite(found.estimate) else "more than were tried"


def _errors(samples: Sequence[Sample], series: str) -> dict[int, dict[int, float]]:
    errors: dict[int, dict[int, float]] = {}
    for s in samples:
        if (s.quantity, s.series) == (ERROR, series):
            errors.setdefault(s.seed, {})[int(s.x)] = s.value
    return errors


twice_the_units = Claim(
    name="twice-the-units",
    statement="For symmetric or antisymmetric behaviour ReLU needs twice the units of one like tanh.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 3",
    method=(
        f"Networks of one hidden layer and many widths learn sums of {DIRECTIONS} odd, even or unsymmetric "
        f"functions of projections of {FEATURES} inputs, and the data's classes, by Adam; of every width "
        "counts the best of two rates and some restarts, for it is about what a width can do. Compared are, "
        "seed by seed, the widths that reach the errors which the symmetric activation reaches with up to a "
        "quarter of the widest network's units; a ratio from 1.4 to 2.8 is nearer to 2 than to 1 or 4."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="units for |x|: ReLU; abs",
            value="2; 1, exactly",
            source="|x| = max(0, x) + max(0, -x)",
            provenance="derived",
        ),
        Published(
            quantity="units of a rectifier network over those of a symmetric one",
            value="twice as many",
            source="Glorot, Bordes & Bengio (2011), section 3",
            provenance="remembered",
        ),
        Published(
            quantity="CReLU in the first layers of a convolutional network: error against ReLU, ImageNet",
            value="39.8 % against 42.6 %",
            source="Shang, Sohn, Almeida & Lee (2016), as given by another author's repository",
            provenance="secondary",
        ),
    ),
    not_on={
        "network": "It is about the units of one hidden layer, which has to be of any width that is asked."
    },
)
