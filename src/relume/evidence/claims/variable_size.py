"""Whether an input of more information is described by more active units."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relume.errors import require
from relume.evidence.claim import Claim, Effort, Part, Subject
from relume.evidence.codes import Recipe, hidden, trained, untrained
from relume.evidence.drawing import OTHERS, band, colour
from relume.evidence.picking import along_x, mean_of, series_of
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, verdict
from relume.types import Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

DEPTH = 3
WIDTHS: Mapping[Effort, int] = {"quick": 128, "default": 128, "full": 512}
STEPS: Mapping[Effort, int] = {"quick": 300, "default": 1000, "full": 3000}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 16, "full": 20}
TRAINED, PENALISED, UNTRAINED = "trained", "trained with L1", "untrained"
L1 = 1.0  # where an active unit costs something, a network has a reason to be brief
LEVELS = 256  # a value is written in one byte before its example is compressed
# Cohen (1988), Statistical power analysis: a correlation of 0.3 is of medium size. Below it the number of
# active units tells less than a tenth of how examples are ranked by their information.
MEDIUM = 0.3
ACTIVE = "active units, by tenths of the examples"
TENTHS = 10
PAINTS = {TRAINED: colour("relu"), PENALISED: OTHERS[0], UNTRAINED: "#8c8c8c"}


def compressed_sizes(x: Tensor) -> Values:
    """Bytes of each example, [examples, ...], written in 256 levels and compressed by zlib."""
    return np.array([len(zlib.compress(row.tobytes(), 9)) for row in _levels(x)], dtype=np.float64)


def entropies(x: Tensor) -> Values:
    """Entropy, in bits, of the values of each example in 256 levels, wherever in it they stand."""
    counts = np.stack([np.bincount(row, minlength=LEVELS) for row in _levels(x)])
    shares = counts / counts.sum(1, keepdims=True)
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(1), dtype=np.float64)


INFORMATION: Mapping[str, Callable[[Tensor], Values]] = {
    "compressed size": compressed_sizes,
    "entropy of the values": entropies,
}
EVERYWHERE, SAME_NORM, SAME_CLASS = "", ", at equal norm", ", within a class"
WAYS = (EVERYWHERE, SAME_NORM, SAME_CLASS)


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part for networks as drawn, one for those trained, one for those trained to be sparse."""
    return [
        {"state": state, "width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
        for state in (TRAINED, PENALISED, UNTRAINED)
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Rank correlations of the number of active units with what an example holds, by layer.

    Each seed has a network and a random half of the test examples of its own: the interval over the seeds
    then covers the choice of both.
    """
    state, data = str(part["state"]), dataset(subject)
    l1 = L1 if state == PENALISED else 0.0
    recipe = Recipe(activation="relu", depth=DEPTH, width=int(part["width"]), steps=int(part["steps"]), l1=l1)
    for seed in range(int(part["seeds"])):
        chosen = torch.randperm(len(data.test_y), generator=torch.Generator().manual_seed(seed))
        chosen = chosen[: max(2, len(chosen) // 2)]
        x, y = data.test_x[chosen], data.test_y[chosen].numpy()
        model = (untrained if state == UNTRAINED else trained)(subject, recipe, seed)
        counts = [(code > 0).double().mean(1).numpy() for code in hidden(model, "relu", x)]
        norms = x.flatten(1).double().norm(dim=1).numpy()
        for (name, information), (layer, active) in product(
            INFORMATION.items(), enumerate([np.mean(counts, axis=0), *counts])
        ):
            held = information(x)
            found = (
                rank_correlation(active, held),
                partial_rank_correlation(active, held, given=norms),
                rank_correlation_within(active, held, groups=y),
            )
            for way, value in zip(WAYS, found, strict=True):
                quantity = f"rank correlation of active units with {name}{way}"
                yield Sample(quantity=quantity, series=state, x=layer, seed=seed, value=value)
        tenths = np.array_split(np.argsort(compressed_sizes(x), kind="stable"), TENTHS)
        for tenth, rows in enumerate(tenths, start=1):
            share = float(np.mean(counts, axis=0)[rows].mean())
            yield Sample(quantity=ACTIVE, series=state, x=tenth, seed=seed, value=share)


def rank_correlation(a: Values, b: Values) -> float:
    """Spearman's: the correlation of the ranks, 0 where one of them does not vary.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.5, 9.0]))
    1.0
    """
    return _correlation(_ranks(a), _ranks(b))


def partial_rank_correlation(a: Values, b: Values, *, given: Values) -> float:
    """Spearman's, of what in the ranks of both is not told by a line in the ranks of a third."""
    z = _ranks(given)

    def rest(ranks: Values) -> Values:
        slope, offset = np.polyfit(z, ranks, 1) if np.ptp(z) > 0 else (0.0, float(ranks.mean()))
        return np.asarray(ranks - slope * z - offset, dtype=np.float64)

    return _correlation(rest(_ranks(a)), rest(_ranks(b)))


def rank_correlation_within(a: Values, b: Values, *, groups: NDArray[np.int64]) -> float:
    """Spearman's, of the ranks less the mean rank of their group."""
    index = np.unique(groups, return_inverse=True)[1]

    def rest(ranks: Values) -> Values:
        means = np.bincount(index, ranks) / np.bincount(index)
        return np.asarray(ranks - means[index], dtype=np.float64)

    return _correlation(rest(_ranks(a)), rest(_ranks(b)))


def judge(samples: Sequence[Sample]) -> Verdict:
    """The correlation has to be of medium size, for both measures of information, and within a class too."""
    found = {
        f"{state}, {_measure_of(quantity)}": mean_of(samples, quantity, state)
        for quantity in _correlations(samples)
        for state in series_of(samples, quantity)
    }
    cases = {f"{name} ({i.estimate:.2f})": above(i, MEDIUM) for name, i in found.items()}
    name = f"{TRAINED}, {next(iter(INFORMATION))}"
    effect = "rank correlation of active units with an example's compressed size, trained ReLU network"
    return verdict("variable-size", effect, found[name], cases)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left active units over compressed size; right every correlation with its interval."""
    left, right = figure.subplots(1, 2)
    quantities = _correlations(samples)
    for shift, state in zip((-0.2, 0, 0.2), series_of(samples, ACTIVE), strict=False):
        band(left, "relu", along_x(samples, ACTIVE, state), label=state, paint=PAINTS[state])
        rows = [row + shift for row in range(len(quantities))]
        found = [mean_of(samples, quantity, state) for quantity in quantities]
        right.hlines(rows, [i.low for i in found], [i.high for i in found], color=PAINTS[state])
        right.plot([i.estimate for i in found], rows, "o", color=PAINTS[state])
    left.set(xlabel="examples by compressed size, tenths", ylabel="share of units that are active")
    left.legend(frameon=False, fontsize=9)
    right.axvline(0, color="#8c8c8c", linewidth=0.8)
    right.axvline(MEDIUM, color="#8c8c8c", linewidth=0.8, linestyle=":")
    right.text(MEDIUM, 1.0, "medium", fontsize=8, transform=right.get_xaxis_transform(), ha="center")
    right.set_yticks(range(len(quantities)), [_measure_of(name) for name in quantities], fontsize=8)
    right.invert_yaxis()
    right.set(xlabel="rank correlation with active units")


def _correlations(samples: Sequence[Sample]) -> list[str]:
    """The quantities that are correlations, in the order of their names in `INFORMATION`."""
    names = [f"rank correlation of active units with {name}{way}" for name in INFORMATION for way in WAYS]
    measured = {s.quantity for s in samples}
    return [name for name in names if name in measured]


def _measure_of(quantity: str) -> str:
    return quantity.removeprefix("rank correlation of active units with ")


def _levels(x: Tensor) -> NDArray[np.uint8]:
    """Values as whole numbers from 0 to 255, [examples, values]; as they were in an image of 8 bits."""
    low, high = x.min(), x.max()
    levels = (x - low) / (high - low).clamp(min=1e-12) * (LEVELS - 1)
    return levels.round().to(torch.uint8).flatten(1).contiguous().numpy()


def _ranks(values: Values) -> Values:
    require("scipy", extra="why", purpose="rank correlations")
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _correlation(a: Values, b: Values) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    # What is left of ranks that a third tells wholly is rounding.
    return round(float(a @ b) / size, 12) if size > 1e-9 * len(a) else 0.0


variable_size = Claim(
    name="variable-size",
    statement="A ReLU network describes an input of more information with more active units.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 2.2",
    method=(
        f"ReLU networks of {DEPTH} hidden layers, before and after training, without and with an L1 "
        "penalty on hidden values, each see a random half of the "
        "test examples. The share of units that are active is ranked against the example's size in bytes "
        "after compression by zlib and against the entropy of its values: over all examples, at equal norm "
        f"of the input, and within a class. A rank correlation above {MEDIUM:g} counts, which is of medium "
        "size. One shape of network, one data set."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
)
