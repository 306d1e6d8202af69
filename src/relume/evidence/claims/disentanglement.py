"""Whether a small change of the input leaves the set of active units as it was, and moves a dense code."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.codes import Recipe, hidden, trained, untrained
from relume.evidence.drawing import OTHERS, band, colour
from relume.evidence.picking import along_x, mean_of, series_of, values
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, both, verdict
from relume.studies.intervals import difference_interval
from relume.types import Holding, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH, EXAMPLES = 3, 500
WIDTHS: Mapping[Effort, int] = {"quick": 64, "default": 128, "full": 512}
STEPS: Mapping[Effort, int] = {"quick": 300, "default": 1000, "full": 3000}
SEEDS: Mapping[Effort, int] = {"quick": 5, "default": 8, "full": 16}
L1, NOISE = 1.0, 0.5  # what makes a code sparser, and what makes it robust
UNTRAINED, PLAIN, SPARSE, ROBUST, SPARSE_AND_ROBUST = (
    "untrained relu",
    "relu",
    "sparse relu",
    "robust relu",
    "sparse and robust relu",
)
CODES: Mapping[str, tuple[str, float, float]] = {  # activation, L1, noise
    UNTRAINED: ("relu", 0.0, 0.0),
    PLAIN: ("relu", 0.0, 0.0),
    SPARSE: ("relu", L1, 0.0),
    ROBUST: ("relu", 0.0, NOISE),
    SPARSE_AND_ROBUST: ("relu", L1, NOISE),
    "tanh": ("tanh", 0.0, 0.0),
    "sigmoid": ("sigmoid", 0.0, 0.0),
    "softplus": ("softplus", 0.0, 0.0),
}
DENSE = ("tanh", "sigmoid", "softplus")
CHANGES = (0.01, 0.03, 0.1, 0.3, 1.0)  # of every input value, over the standard deviation of them all
SMALL = 0.1  # the change that a verdict is of
STILL_SMALL = 0.3  # the largest that is judged; one of a whole standard deviation is small to nobody
KEPT = 0.9  # of the union of two active sets: 'roughly the same'
MOST = 0.5  # of the entries
# 'Moves' at all: by a hundredth of the change, in deviations of the entry; a unit that is off does not.
AT_ALL = 0.01
JACCARD, RANDOM = "Jaccard similarity of active sets", "the same, of two random examples"
MOVED, MOVED_MORE = "entries that move at all", "entries that move by more than the input"
ZEROS = "zeros"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a kind of code."""
    shared = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    return [{"code": code, **shared} for code in CODES]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Codes of test examples beside the codes of the same examples with noise, mean over hidden layers."""
    series = str(part["code"])
    name, l1, noise = CODES[series]
    recipe = Recipe(
        activation=name,
        depth=DEPTH,
        width=int(part["width"]),
        steps=int(part["steps"]),
        l1=l1,
        noise=noise,
    )
    x = dataset(subject).test_x[:EXAMPLES]
    for seed in range(int(part["seeds"])):
        model = (untrained if series == UNTRAINED else trained)(subject, recipe, seed)
        generator = torch.Generator().manual_seed(seed)
        before = hidden(model, name, x)
        shuffled = torch.randperm(len(x), generator=generator)
        random = _over_layers([jaccard(code, code[shuffled]) for code in before])
        yield Sample(quantity=RANDOM, series=series, seed=seed, value=random)
        zeros = _over_layers([float((code == 0).float().mean()) for code in before])
        yield Sample(quantity=ZEROS, series=series, seed=seed, value=zeros)
        for change in CHANGES:
            after = hidden(model, name, x + change * torch.randn(x.shape, generator=generator))
            layers = list(zip(before, after, strict=True))
            found = {
                JACCARD: _over_layers([jaccard(b, a) for b, a in layers]),
                MOVED: _over_layers([moved(b, a, by=AT_ALL * change) for b, a in layers]),
                MOVED_MORE: _over_layers([moved(b, a, by=change) for b, a in layers]),
            }
            for quantity, value in found.items():
                yield Sample(quantity=quantity, series=series, x=change, seed=seed, value=value)


def jaccard(one: Tensor, other: Tensor) -> float:
    """Units active in both codes over units active in either, mean over examples that have any.

    Parameters
    ----------
    one, other
        Codes, [examples, units] each.

    References
    ----------
    Jaccard (1912), The distribution of the flora in the alpine zone.

    >>> jaccard(torch.tensor([[1.0, 2.0, 0.0]]), torch.tensor([[3.0, 0.0, 0.0]]))
    0.5
    """
    intersection = ((one > 0) & (other > 0)).sum(1).double()
    union = ((one > 0) | (other > 0)).sum(1).double()
    shares = (intersection / union)[union > 0]
    return float(shares.mean()) if len(shares) else math.nan


def moved(before: Tensor, after: Tensor, *, by: float) -> float:
    """Share of the entries that moved by more than so many standard deviations of the entry over examples."""
    return float(((after - before).abs() > by * before.std(0)).double().mean())


def judge(samples: Sequence[Sample]) -> Verdict:
    """The active set has to stay, and a dense code has to move in most entries.

    What is small is one number; it is varied for the code that the claim speaks of, sparse and robust.
    """
    cases: dict[str, Holding] = {}
    for series in (s for s in CODES if s in series_of(samples, JACCARD)):
        if CODES[series][0] == "relu":
            spoken_of = [change for change in CHANGES if change <= STILL_SMALL]
            changes = spoken_of if series == SPARSE_AND_ROBUST else [SMALL]
            cases |= {_case(samples, series, change): _is_kept(samples, series, change) for change in changes}
        else:
            at_all, more = (mean_of(samples, quantity, series, SMALL) for quantity in (MOVED, MOVED_MORE))
            cases[f"{series} whose entries move at all ({100 * at_all.estimate:.0f} %)"] = above(at_all, MOST)
            name = f"{series} whose entries move by more than the input"
            cases[f"{name} ({100 * more.estimate:.0f} %)"] = above(more, MOST)
    told = SPARSE_AND_ROBUST if SPARSE_AND_ROBUST in series_of(samples, JACCARD) else PLAIN
    effect = f"Jaccard similarity of active sets, {told}, input changed by {100 * SMALL:g} %"
    return verdict("disentanglement", effect, mean_of(samples, JACCARD, told, SMALL), cases)


def _is_kept(samples: Sequence[Sample], series: str, change: float) -> Holding:
    """Nearly all of the active set is the same, and more than of two examples that have nothing in common."""
    random = values(samples, RANDOM, series)
    gained = difference_interval(values(samples, JACCARD, series, change), random)
    return both(above(mean_of(samples, JACCARD, series, change), KEPT), above(gained, 0.0))


def _case(samples: Sequence[Sample], series: str, change: float) -> str:
    kept = mean_of(samples, JACCARD, series, change).estimate
    return f"{series} changed by {100 * change:g} % ({kept:.2f} kept)"


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left how much of the active set is kept, right how many entries of a code move, over the change."""
    left, right = figure.subplots(1, 2)
    relus = [series for series in series_of(samples, JACCARD) if CODES[series][0] == "relu"]
    for paint, series in zip((colour("lif"), colour("relu"), *OTHERS), relus, strict=False):
        band(left, "relu", along_x(samples, JACCARD, series), label=series, paint=paint)
        random = mean_of(samples, RANDOM, series).estimate
        left.axhline(random, color=paint, linewidth=0.8, linestyle=":")
    left.set(xlabel="change of the input, standard deviations", ylabel="active set kept (Jaccard), ReLU")
    left.legend(frameon=False, fontsize=8, loc="lower left")
    left.set_title("dotted: two random examples", loc="left", fontsize=8)
    for series in [s for s in (PLAIN, *DENSE) if s in series_of(samples, MOVED)]:
        band(right, series, along_x(samples, MOVED, series), label=f"{series}, at all")
        band(right, series, along_x(samples, MOVED_MORE, series), label="_")
    right.set(xlabel="change of the input, standard deviations", ylabel="share of entries that move")
    right.set_title("above: at all; below: by more than the input", loc="left", fontsize=8)
    right.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0, 0.65))
    for axes in (left, right):
        axes.set(xscale="log", ylim=(-0.02, 1.04))


def _over_layers(found: Sequence[float]) -> float:
    return sum(found) / len(found)


disentanglement = Claim(
    name="disentanglement",
    statement=(
        "A small change of the input leaves the active units of a sparse and robust code roughly the same, "
        "while it changes most entries of a dense code."
    ),
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 2.2",
    method=(
        f"Networks of {DEPTH} hidden layers, each activation at its own best learning rate of five; ReLU "
        f"also with an L1 penalty on hidden values ('sparse'), with normal noise of {NOISE:g} standard "
        f"deviations on training inputs ('robust'), and with both. {EXAMPLES} test examples are changed by "
        "normal noise; "
        "compared are the sets of active units (kept: a Jaccard similarity above "
        f"{KEPT:g}, and above that of two random examples) and the entries of dense codes, in standard "
        "deviations of the entry. Mean over the layers; one shape of network, one data set."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="active set under small changes, of a code that is both sparse and robust",
            value="'almost always roughly conserved' (no figure)",
            source="Glorot, Bordes & Bengio (2011), section 2.2",
            provenance="secondary",
        ),
    ),
)
