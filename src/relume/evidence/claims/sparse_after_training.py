"""A trained rectifier network is sparse, and can be made sparser still without harm, up to a point."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.codes import Recipe, hidden, trained
from relume.evidence.drawing import COLOURS, INK, OTHERS, band, colour
from relume.evidence.picking import along_x, mean_of, series_of, values
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, verdict
from relume.studies.intervals import difference_interval
from relume.studies.plain import accuracy
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEPTH, EXAMPLES = 3, 1000
WIDTHS: Mapping[Effort, int] = {"quick": 128, "default": 128, "full": 512}
STEPS: Mapping[Effort, int] = {"quick": 300, "default": 1000, "full": 3000}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 12, "full": 20}
# Of the penalty, from nothing to what leaves a few per cent of the values.
PENALTIES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
OTHER_RATES = (
    0.003,
    0.01,
    0.03,
)  # without penalty; how sparse a network becomes depends on the steps it takes
BEST = 0.0  # stands for the best rate of the grid
HALF = 0.5  # 'mostly zeros'
NO_HARM = 0.01  # of accuracy: a loss of less than one point is called none
GLOROT, BRAIN = 0.85, (0.96, 0.99)  # zeros: without harm on MNIST; of the neurons of a brain at a time
ZEROS, LIVING, SILENT = "zeros", "zeros, of units that ever fire", "units that never fire"
ACCURACY = "test accuracy"
BY_UNIT, BY_EXAMPLE = "zeros of a unit, by rank", "zeros of an example, by rank"
RANKS = torch.linspace(0, 1, 21)
PLAIN = "as trained"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a penalty, or a learning rate without one."""
    shared = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    penalised = [{"l1": l1, "rate": BEST, **shared} for l1 in PENALTIES]
    return penalised + [{"l1": 0.0, "rate": rate, **shared} for rate in OTHER_RATES]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Zeros over test examples, by layer, unit and example, and the accuracy, of each seed's network."""
    l1, rate = float(part["l1"]), float(part["rate"])
    series = f"L1 {l1:g}" if l1 else f"rate {rate:g}" if rate else PLAIN
    recipe = Recipe(activation="relu", depth=DEPTH, width=int(part["width"]), steps=int(part["steps"]), l1=l1)
    data = dataset(subject)
    for seed in range(int(part["seeds"])):
        model = trained(subject, recipe, seed, rate=rate or None)
        codes = hidden(model, "relu", data.test_x[:EXAMPLES])
        ever = [(code > 0).any(0) for code in hidden(model, "relu", data.train_x[:EXAMPLES])]
        found = {
            ZEROS: _share([code == 0 for code in codes]),
            LIVING: _share([code[:, fires] == 0 for code, fires in zip(codes, ever, strict=True)]),
            SILENT: 1 - _share(ever),
            ACCURACY: accuracy(model, data),
        }
        for quantity, value in found.items():
            yield Sample(quantity=quantity, series=series, seed=seed, value=value)
        for layer, code in enumerate(codes, start=1):
            zeros = float((code == 0).float().mean())
            yield Sample(quantity=ZEROS, series=series, x=layer, seed=seed, value=zeros)
        yield from _by_rank(series, seed, codes)


def _by_rank(series: str, seed: int, codes: Sequence[Tensor]) -> Iterator[Sample]:
    zeros = torch.cat([code == 0 for code in codes], 1).float()
    for quantity, shares in ((BY_UNIT, zeros.mean(0)), (BY_EXAMPLE, zeros.mean(1))):
        for rank, value in zip(RANKS.tolist(), shares.quantile(RANKS).tolist(), strict=True):
            yield Sample(quantity=quantity, series=series, x=round(rank, 2), seed=seed, value=value)


def judge(samples: Sequence[Sample]) -> Verdict:
    """Most values have to be 0 as trained, and a penalty that makes more of them 0 must not cost accuracy."""
    cases: dict[str, Holding] = {}
    for series in series_of(samples, ACCURACY):
        harm = difference(samples, series)
        zeros = mean_of(samples, ZEROS, series)
        share = f"{100 * zeros.estimate:.0f} % zeros"
        if series.startswith("L1"):
            cases[f"{share} by {series} ({100 * harm.estimate:+.1f} points)"] = above(harm, -NO_HARM)
        elif series == PLAIN or _trains_as_well(samples, series):
            name = series if series == PLAIN else f"{series} without penalty"
            cases[f"{name} ({share})"] = above(mean_of(samples, LIVING, series), HALF)
    effect = "share of hidden values that are 0 after training, ReLU, units that never fire left out"
    return verdict("sparse-after-training", effect, mean_of(samples, LIVING, PLAIN), cases)


def difference(samples: Sequence[Sample], series: str) -> Interval:
    """Accuracy less that of the same seeds without penalty at the best rate."""
    return difference_interval(values(samples, ACCURACY, series), values(samples, ACCURACY, PLAIN))


def _trains_as_well(samples: Sequence[Sample], series: str) -> bool:
    """Whether another rate comes to the same accuracy by other networks; one of the rates is the best."""
    own, plain = (values(samples, LIVING, name) for name in (series, PLAIN))
    return own != plain and above(difference(samples, series), -NO_HARM) == "holds"


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left accuracy over sparsity, as Glorot's figure 3; right how zeros spread over units and examples."""
    left, right = figure.subplots(1, 2)
    _accuracy_over_zeros(left, samples)
    for quantity, name, paint in (
        (BY_UNIT, "of a unit", COLOURS["relu"]),
        (BY_EXAMPLE, "of an example", OTHERS[0]),
    ):
        band(right, "relu", along_x(samples, quantity, PLAIN), label=name, paint=paint)
    right.set(xlabel="rank among units or examples", ylabel="share of zeros, as trained", ylim=(-0.02, 1.02))
    right.legend(frameon=False, fontsize=9, loc="lower right")


def _accuracy_over_zeros(axes: "Axes", samples: Sequence[Sample]) -> None:
    axes.axvspan(*BRAIN, color="#8c8c8c", alpha=0.2, linewidth=0)
    axes.axvline(GLOROT, color="#8c8c8c", linewidth=0.8, linestyle=":")
    for kind, paint in (("L1", colour("relu")), ("rate", OTHERS[2]), (PLAIN, INK)):
        label: str | None = {"L1": "more zeros by L1", PLAIN: PLAIN, "rate": "other learning rates"}[kind]
        for series in (s for s in series_of(samples, ACCURACY) if s.startswith(kind)):
            x, y = mean_of(samples, ZEROS, series), mean_of(samples, ACCURACY, series)
            bars = [[y.estimate - y.low], [y.high - y.estimate]] if math.isfinite(y.low) else None
            axes.errorbar([x.estimate], [y.estimate], yerr=bars, fmt="o", color=paint, label=label)
            label = None
    axes.set(xlabel="share of zeros in hidden layers", ylabel=ACCURACY, xlim=(None, 1.0))
    top = axes.get_xaxis_transform()
    axes.text(GLOROT - 0.005, 0.03, "harmless on MNIST", fontsize=8, ha="right", transform=top)
    axes.text(BRAIN[1], 1.01, "brain", fontsize=8, ha="right", transform=top)
    axes.legend(frameon=False, fontsize=8, loc="center left")


def _share(masks: Sequence[Tensor]) -> float:
    """The mean over the layers of the share that is true."""
    shares = [float(mask.float().mean()) for mask in masks if mask.numel()]
    return sum(shares) / len(shares) if shares else math.nan


sparse_after_training = Claim(
    name="sparse-after-training",
    statement=(
        "A trained ReLU network is mostly zeros in its hidden layers, and more zeros can be imposed "
        "without a loss of accuracy."
    ),
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks",
    method=(
        f"ReLU networks of {DEPTH} hidden layers are trained by SGD with momentum at the best learning rate "
        "of five, chosen on held-out training examples with seeds that are not reported; then with an L1 "
        "penalty on hidden values that grows over the first half of the steps, at the same rate. Zeros are "
        f"counted over {EXAMPLES:,} test examples; accuracy is compared with the same seeds without penalty, "
        f"and a loss of up to {100 * NO_HARM:g} point counts as none. One shape of network, one data set."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="zeros after training on MNIST, CIFAR-10, NISTP, NORB",
            value="83.4, 72.0, 68.0, 73.8 %",
            source="Glorot, Bordes & Bengio (2011), table 1",
            provenance="remembered",
        ),
        Published(
            quantity="zeros imposed by L1 without harm, MNIST",
            value="up to about 85 %",
            source="Glorot, Bordes & Bengio (2011), figure 3",
            provenance="secondary",
        ),
        Published(
            quantity="neurons of a brain active at a time",
            value="1 to 4 %",
            source="Glorot, Bordes & Bengio (2011), section 1, after Lennie (2003)",
            provenance="secondary",
        ),
        Published(
            quantity="zeros in the feed-forward layers of OPT-1.3B",
            value="96.1 %",
            source="an independent repository's measurement of a trained language model",
            provenance="secondary",
        ),
    ),
)
