"""Whether rectified codes are easier to separate by a linear classifier than dense ones."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from relume.evidence.claim import Claim, Effort, Part, Subject
from relume.evidence.codes import Recipe, hidden, trained, untrained
from relume.evidence.drawing import OTHERS, band, colour
from relume.evidence.picking import along_x, series_of, values
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, verdict
from relume.studies.intervals import difference_interval
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH, EXAMPLES = 3, 2000
WIDTHS: Mapping[Effort, int] = {"quick": 64, "default": 128, "full": 512}
STEPS: Mapping[Effort, int] = {"quick": 300, "default": 1000, "full": 3000}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 12, "full": 16}
TRAINED, UNTRAINED = "trained", "untrained"
SPARSER = "relu with L1"
L1 = 1.0
DENSE = ("leaky_relu", "softplus", "tanh", "sigmoid")  # leaky: the same function but for the zeros
MORE = 0.01  # of accuracy: a gain of less than one point is none
PROBE, FIT = "linear probe, test accuracy", "linear probe, training accuracy"
ZEROS = "zeros"
ALL_LAYERS = 0.0  # the mean over the hidden layers
DECAY, ITERATIONS = 1e-3, 40


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation, before and after training; ReLU also with a penalty that makes it sparser."""
    shared = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    whole = product(("relu", *DENSE), (TRAINED, UNTRAINED))
    parts: list[dict[str, int | float | str]] = [
        {"activation": name, "state": state, "l1": 0.0, **shared} for name, state in whole
    ]
    return [*parts, {"activation": "relu", "state": TRAINED, "l1": L1, **shared}]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """The accuracy of a linear classifier on the codes of each hidden layer."""
    name, state, l1 = str(part["activation"]), str(part["state"]), float(part["l1"])
    series = f"{SPARSER if l1 else name}, {state}"
    recipe = Recipe(activation=name, depth=DEPTH, width=int(part["width"]), steps=int(part["steps"]), l1=l1)
    data = dataset(subject)
    x, y = data.train_x[:EXAMPLES], data.train_y[:EXAMPLES]
    for seed in range(int(part["seeds"])):
        model = (trained if state == TRAINED else untrained)(subject, recipe, seed)
        codes = zip(hidden(model, name, x), hidden(model, name, data.test_x), strict=True)
        found = []
        for layer, (own, other) in enumerate(codes, start=1):
            fit, test = linear_probe(own, y, other, data.test_y, classes=data.classes)
            zeros = float((other == 0).float().mean())
            found.append({PROBE: test, FIT: fit, ZEROS: zeros})
            for quantity, value in found[-1].items():
                yield Sample(quantity=quantity, series=series, x=layer, seed=seed, value=value)
        for quantity in (PROBE, FIT, ZEROS):
            mean = sum(each[quantity] for each in found) / len(found)
            yield Sample(quantity=quantity, series=series, x=ALL_LAYERS, seed=seed, value=mean)


def linear_probe(
    x: Tensor, y: Tensor, test_x: Tensor, test_y: Tensor, *, classes: int
) -> tuple[float, float]:
    """Training and test accuracy of multinomial logistic regression on standardised features.

    Standardised, so that no activation gains by the scale of its values; with a small weight decay and
    minimised by L-BFGS, which does not depend on a learning rate.

    References
    ----------
    Alain & Bengio (2016), Understanding intermediate layers using linear classifier probes.
    """
    mean, deviation = x.mean(0), x.std(0).clamp(min=1e-6)
    own, other = (x - mean) / deviation, (test_x - mean) / deviation
    weight = torch.zeros(x.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        solver.zero_grad()
        loss = F.cross_entropy(own @ weight + bias, y) + DECAY / 2 * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        solver.step(objective)  # type: ignore[no-untyped-call]
    fit, test = (
        float(((features @ weight + bias).argmax(1) == labels).float().mean())
        for features, labels in ((own, y), (other, test_y))
    )
    return fit, test


def judge(samples: Sequence[Sample]) -> Verdict:
    """ReLU's codes have to be separated better than those of each dense activation of the same state."""
    found = {pair: gain(samples, *pair) for pair in pairs(samples)}
    cases = {
        f"{own} against {other} ({100 * i.estimate:+.1f} points)": above(i, MORE)
        for (own, other), i in found.items()
    }
    named = f"relu, {TRAINED}", f"tanh, {TRAINED}"
    own, other = named if named in found else next(iter(found))
    effect = f"accuracy of a linear probe, mean over hidden layers, {own}, less {other}"
    return verdict("linear-separability", effect, found[own, other], cases)


def pairs(samples: Sequence[Sample]) -> list[tuple[str, str]]:
    """ReLU's series beside each dense one of its state; the sparser ReLU beside the plain one."""
    measured = series_of(samples, PROBE)
    compared = [(f"relu, {s}", f"{name}, {s}") for s in (TRAINED, UNTRAINED) for name in DENSE]
    compared.append((f"{SPARSER}, {TRAINED}", f"relu, {TRAINED}"))
    return [(own, other) for own, other in compared if own in measured and other in measured]


def gain(samples: Sequence[Sample], own: str, other: str) -> Interval:
    """How much better the probe does on one of two codes, over paired seeds, as a share of the examples."""
    one, two = (values(samples, PROBE, series, ALL_LAYERS) for series in (own, other))
    return difference_interval(one, two)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The probe's accuracy by layer, trained on the left, untrained on the right."""
    panels = dict(zip((TRAINED, UNTRAINED), figure.subplots(1, 2, sharey=True), strict=True))
    for series in series_of(samples, PROBE):
        name, _, state = series.partition(", ")
        paint = OTHERS[0] if name == SPARSER else colour(name)
        points = along_x(samples, PROBE, series)
        layers = {layer: found for layer, found in points.items() if layer != ALL_LAYERS}
        band(panels[state], name, layers, paint=paint)
    for state, axes in panels.items():
        axes.set(xlabel="hidden layer", xticks=range(1, _layers(samples) + 1))
        axes.set_title(state, loc="left")
    panels[TRAINED].set(ylabel=PROBE)
    panels[TRAINED].legend(frameon=False, fontsize=8)


def _layers(samples: Sequence[Sample]) -> int:
    return int(max((s.x for s in samples if s.quantity == PROBE), default=math.nan))


linear_separability = Claim(
    name="linear-separability",
    statement="The sparse codes of ReLU are more likely to be linearly separable than dense ones.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 2.2",
    method=(
        f"Networks of {DEPTH} hidden layers of one width, each activation at its own best learning rate of "
        "five, chosen on held-out training examples with seeds that are not reported. On the values of each "
        f"hidden layer for {EXAMPLES:,} training examples a linear classifier is fitted, and tested on test "
        f"examples. A gain counts above {100 * MORE:g} percentage point, over paired seeds, on average over "
        "the layers. One shape of network, one data set."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
)
