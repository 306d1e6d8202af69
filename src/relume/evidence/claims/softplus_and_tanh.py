"""Rectifiers against softplus and tanh, with and without an L1 penalty: Glorot's table at a small scale."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from torch import nn

from relume.catalogue.activation import Activation
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.contest import best_setting, contestant, settings, trained, validation
from relume.evidence.drawing import colour
from relume.evidence.penalty import penalised
from relume.evidence.picking import mean_of, pairs
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, verdict
from relume.studies.data import Dataset
from relume.studies.engines import Network
from relume.studies.intervals import difference_interval
from relume.studies.mlp import MLP
from relume.studies.protocol import Job, Training
from relume.types import Holding, Initialisation, Interval, Outcome, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAIN, L1 = "without penalty", "with L1"
COMPARED = ("relu", "softplus", "tanh")
RIVALS = ("softplus", "tanh")
DEPTH = 3  # as in the paper
SCHEMES: tuple[Initialisation, ...] = ("xavier", "he")
RATES = (0.01, 0.03, 0.1)
COEFFICIENT = 0.001  # of the paper's runs with a penalty
BATCH = 64
WIDTHS: Mapping[Effort, int] = {"quick": 48, "default": 96, "full": 256}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 12, "full": 32}
STEPS: Mapping[Effort, int] = {"quick": 400, "default": 1000, "full": 6000}
ERROR, ZEROS, RATE = "test error", "zeros in the hidden layers, trained", "learning rate"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation, with and without the penalty."""
    common: Part = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    return [{"activation": name, "penalty": p, **common} for name, p in product(COMPARED, (PLAIN, L1))]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Choose the setting by a part of the training examples; train on all of them, and test."""
    name, penalty, data = str(part["activation"]), str(part["penalty"]), dataset(subject)
    network = entrant(subject, MLP(DEPTH, int(part["width"])), penalty, data)
    training = Training(batch_size=BATCH, steps=int(part["steps"]))
    grid = settings(network, name, SCHEMES, RATES)
    best = best_setting(network, grid, validation(data), training, share_wrong)
    series = f"{name}, {penalty}"
    yield Sample(quantity=f"{RATE}, {best.initialisation}", series=series, value=best.learning_rate)
    for outcome in trained(network, [Job(best, seed) for seed in range(int(part["seeds"]))], data, training):
        yield Sample(quantity=ERROR, series=series, seed=outcome.seed, value=share_wrong(outcome))
        zeros = [reading.value.zero_fraction for reading in outcome.at_end.values()]
        if zeros:  # a network that diverged, or calls its activation as a function, has no readings
            yield Sample(quantity=ZEROS, series=series, seed=outcome.seed, value=sum(zeros) / len(zeros))


def entrant(subject: Subject, fallback: MLP, penalty: str, data: Dataset) -> Network:
    """The network, with a penalty behind each of its activations where one is asked for."""
    plain = contestant(subject, fallback)
    if penalty == PLAIN:
        return plain
    build: Callable[[Activation], nn.Module]
    if isinstance(plain.build, MLP):
        build = partial(plain.build.build, inputs=data.train_x[0].numel(), classes=data.classes)
    else:
        build = plain.build
    return Network(f"{plain.name} {L1}", penalised(build, COEFFICIENT))


def share_wrong(outcome: Outcome) -> float:
    """The share of the test examples that it gets wrong; all of them, where training diverged."""
    return 1.0 if math.isnan(outcome.accuracy) else 1 - outcome.accuracy


def judge(samples: Sequence[Sample]) -> Verdict:
    """The rectifier has to err less than each of the two; and the penalty to leave its codes sparse."""
    cases: dict[str, Holding] = {}
    for rival, penalty in product(RIVALS, (PLAIN, L1)):
        found = behind(samples, (rival, penalty), ("relu", penalty))
        if found.seeds:
            cases[f"{rival}, {penalty} ({_points(found)} points of error)"] = above(found, 0.0)
    gain = behind(samples, ("relu", PLAIN), ("relu", L1))
    if gain.seeds:
        cases[f"L1 against none, rectifier ({_points(gain)} points of error)"] = above(gain, 0.0)
    zeros = [mean_of(samples, ZEROS, f"relu, {penalty}") for penalty in (PLAIN, L1)]
    more = difference_interval(*pairs(samples, ZEROS, (f"relu, {L1}", 0.0), (f"relu, {PLAIN}", 0.0)))
    if more.seeds:
        before, after = (100 * found.estimate for found in zeros)
        cases[f"L1 makes rectifiers sparser ({before:.0f} to {after:.0f} % zeros)"] = above(more, 0.0)
    effect = f"test error, tanh less rectifier, {PLAIN}"
    return verdict("softplus-and-tanh", effect, behind(samples, ("tanh", PLAIN), ("relu", PLAIN)), cases)


def behind(samples: Sequence[Sample], own: tuple[str, str], other: tuple[str, str]) -> Interval:
    """The test error of one less that of another, seed by seed."""
    return difference_interval(*pairs(samples, ERROR, (", ".join(own), 0.0), (", ".join(other), 0.0)))


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Test error and zeros of each, with and without the penalty."""
    panels = figure.subplots(1, 2)
    for axes, quantity in zip(panels, (ERROR, ZEROS), strict=True):
        for (row, name), (shift, penalty) in product(enumerate(COMPARED), ((-0.12, PLAIN), (0.12, L1))):
            found, place = mean_of(samples, quantity, f"{name}, {penalty}"), row + shift
            if not found.seeds:
                continue
            ink, marker = colour(name), "o" if penalty == PLAIN else "s"
            label = penalty if row == 0 else None
            axes.plot([found.low * 100, found.high * 100], [place, place], color=ink, linewidth=3, alpha=0.5)
            axes.plot(found.estimate * 100, place, color=ink, marker=marker, linestyle="", label=label)
        axes.set_yticks(range(len(COMPARED)), COMPARED)
        axes.set(xlabel=f"{quantity}, %", ylim=(len(COMPARED) - 0.5, -0.5))
    panels[0].legend(frameon=False, fontsize=8)


def _points(found: Interval) -> str:
    return f"{100 * found.estimate:+.2g}"


softplus_and_tanh = Claim(
    name="softplus-and-tanh",
    statement="Rectifiers err less than softplus and tanh, and an L1 penalty makes their codes sparser.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, table 1",
    method=(
        f"Perceptrons of {DEPTH} hidden layers are trained by SGD with momentum 0.9 on batches of {BATCH}, "
        f"with and without an L1 penalty of {COEFFICIENT:g} on all hidden values, without pre-training, each "
        f"with the initialisation ({' or '.join(SCHEMES)}) and learning rate (of {len(RATES)}) of the lowest "
        "error on a sixth of the training examples and two other seeds. Compared is the error on the test "
        "examples, seed by seed, on one data set at one width; the paper's networks have 1,000 units a layer "
        "and train far longer."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="test error on MNIST without pre-training: rectifier; tanh; softplus",
            value="1.43 %; 1.57 %; 1.77 %",
            source="Glorot, Bordes & Bengio (2011), table 1",
            provenance="remembered",
        ),
        Published(
            quantity="test error on CIFAR-10 without pre-training: rectifier; tanh; softplus",
            value="50.86 %; 52.62 %; 53.20 %",
            source="Glorot, Bordes & Bengio (2011), table 1",
            provenance="remembered",
        ),
        Published(
            quantity="zeros in the hidden layers, trained on MNIST",
            value="83.4 %",
            source="Glorot, Bordes & Bengio (2011), section 4",
            provenance="remembered",
        ),
    ),
)
