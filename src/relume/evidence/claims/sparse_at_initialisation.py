"""Of a rectifier network with zero-mean weights about half the values are 0 before training."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import OTHERS, band
from relume.evidence.picking import along_x, mean_of, series_of
from relume.evidence.subjects import build, dataset
from relume.evidence.verdicts import verdict, within
from relume.studies.initialisation import PARAMETERISED
from relume.studies.mlp import MLP
from relume.studies.plain import recorded_outputs
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH, EXAMPLES = 8, 1000
AROUND_HALF = (0.45, 0.55)  # what 'around 50 %' is taken to mean
ZEROS, SILENT = "zeros", "units silent on all examples"
ZERO_MEAN = "zero mean"
# What else weights and biases may be: a multiple of the weights' standard deviation added to each of them,
# and a bias in standard deviations of the pre-activation. Neither is what the claim speaks of.
DRAWS: Mapping[str, tuple[float, float]] = {
    ZERO_MEAN: (0.0, 0.0),
    "weights of mean +0.1 std": (0.1, 0.0),
    "weights of mean -0.1 std": (-0.1, 0.0),
    "biases of +1 std": (0.0, 1.0),
    "biases of -1 std": (0.0, -1.0),
}
WIDTHS: Mapping[Effort, tuple[int, ...]] = {
    "quick": (32, 128, 512),
    "default": (16, 32, 128, 512),
    "full": (16, 32, 128, 512, 2048),
}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 16, "full": 32}
ALL_LAYERS = 0.0  # the place of a sample that is of the whole network


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a draw and a width; the width of a user's network is its own."""
    widths = WIDTHS[effort] if subject.network is None else (0,)
    return [
        {"draw": drawn, "width": width, "seeds": SEEDS[effort]}
        for width in widths
        for drawn in DRAWS
        if drawn == ZERO_MEAN or width in (0, 128)
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Exact zeros by layer over the same examples, for each seed's own draw of the weights."""
    drawn, width = str(part["draw"]), int(part["width"])
    series = f"{drawn}, width {width}" if width else f"{drawn}, {subject.network}"
    x = dataset(subject).train_x[:EXAMPLES]
    for seed in range(int(part["seeds"])):
        model = build(subject, activations["relu"], fallback=MLP(DEPTH, max(width, 1)), seed=seed)
        shift(model, *DRAWS[drawn])
        shares = [(float((y == 0).float().mean()), _silent(y)) for y in hidden(model, x)]
        for layer, (zeros, silent) in enumerate(shares, start=1):
            yield Sample(quantity=ZEROS, series=series, x=layer, seed=seed, value=zeros)
            yield Sample(quantity=SILENT, series=series, x=layer, seed=seed, value=silent)
        whole = sum(zeros for zeros, _ in shares) / len(shares) if shares else math.nan
        yield Sample(quantity=ZEROS, series=series, x=ALL_LAYERS, seed=seed, value=whole)


@torch.no_grad()
def hidden(model: nn.Module, x: Tensor) -> list[Tensor]:
    """The outputs of the model's rectifier modules, layer by layer, [examples, ...] each."""
    model.eval()
    with recorded_outputs(model, "relu") as outputs:
        model(x)
    return [value for _, value in outputs]


@torch.no_grad()
def shift(model: nn.Module, weights: float, biases: float) -> None:
    """Add to all weights a multiple of their standard deviation, to all biases one of the pre-activation's.

    Under He's initialisation the pre-activations have a mean square of about 2.
    """
    for layer in model.modules():
        if isinstance(layer, PARAMETERISED):
            layer.weight.add_(weights * layer.weight.std())
            if layer.bias is not None:
                layer.bias.add_(biases * math.sqrt(2))


def judge(samples: Sequence[Sample]) -> Verdict:
    """For each draw and width the mean share over all layers has to lie within 45 and 55 %."""
    intervals = {series: mean_of(samples, ZEROS, series, ALL_LAYERS) for series in series_of(samples, ZEROS)}
    own = [series for series in intervals if series.startswith(ZERO_MEAN)]
    cases = {
        f"{series} ({100 * found.estimate:.0f} %)": within(found, *AROUND_HALF)
        for series, found in intervals.items()
    }
    widest = own[-1]
    return verdict("sparse-at-initialisation", f"share of zeros, {widest}", intervals[widest], cases)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Zeros by layer, left for every width of zero-mean weights, right for what is not of zero mean."""
    left, right = figure.subplots(1, 2, sharey=True)
    series = series_of(samples, ZEROS)
    for axes, chosen in (
        (left, [s for s in series if s.startswith(ZERO_MEAN)]),
        (right, [s for s in series if not s.startswith(ZERO_MEAN)]),
    ):
        for paint, name in zip(OTHERS, chosen, strict=False):
            found = along_x(samples, ZEROS, name)
            layers = {layer: share for layer, share in found.items() if layer != ALL_LAYERS}
            band(axes, "relu", layers, label=name, paint=paint)
        axes.axhspan(*AROUND_HALF, color="#8c8c8c", alpha=0.15, linewidth=0)
        axes.set(xlabel="hidden layer", ylim=(0, 1.02))
        axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    left.set(ylabel="share of exact zeros")


def _silent(y: Tensor) -> float:
    """The share of units, on axis 1, that are 0 for every example and at every place."""
    return float((y.transpose(0, 1).flatten(1) == 0).all(1).float().mean())


def _own(samples: Sequence[Sample]) -> Interval:
    return judge(samples).interval


sparse_at_initialisation = Claim(
    name="sparse-at-initialisation",
    statement="With weights from a zero-mean normal distribution about half of the hidden values are 0.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks",
    method=(
        f"ReLU networks of {DEPTH} hidden layers, biases 0 and normal weights of variance 2/fan-in, are "
        f"drawn anew for each seed and given the same {EXAMPLES:,} examples, untrained. Counted are all "
        "exact zeros of every layer, also where weights or biases have another mean than 0."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="real zeros after uniform initialisation",
            value="around 50 %",
            source="Glorot, Bordes & Bengio (2011), section 2.2",
            provenance="secondary",
            number=0.5,
            ours=_own,
        ),
    ),
)
