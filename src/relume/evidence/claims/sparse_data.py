"""Whether rectifiers suit data that is sparse itself: words of real text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from relume.catalogue import activations
from relume.errors import DataError, PlanError
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.codes import INITIALISATION, Recipe, hidden, rate_of_least_loss, train, untrained
from relume.evidence.docstrings import paragraphs_by_library, versions
from relume.evidence.drawing import band, interval_bars
from relume.evidence.picking import along_x, mean_of, series_of, values
from relume.evidence.subjects import dataset
from relume.evidence.verdicts import above, verdict
from relume.studies.data import Dataset
from relume.studies.initialisation import initialise
from relume.studies.intervals import difference_interval
from relume.studies.mlp import MLP
from relume.studies.plain import accuracy
from relume.studies.protocol import weight_generator
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH = 3  # as Glorot's largest network for text
WIDTHS: Mapping[Effort, int] = {"quick": 64, "default": 128, "full": 512}
STEPS: Mapping[Effort, int] = {"quick": 200, "default": 400, "full": 1500}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 10, "full": 20}
COMPARED = ("relu", "leaky_relu", "softplus", "tanh", "sigmoid")
MOSTLY = 0.5  # zeros
AS_GOOD = 0.01  # of accuracy: a loss of less than one point is none
INPUT = 0.0  # the layer that is the data itself
ZEROS, ACCURACY = "zeros", "test accuracy"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation; the text is named by the libraries' versions, for with them it changes.

    Raises
    ------
    PlanError
        A network is given without data: it is not built for counts of words.
    """
    if subject.network is not None and subject.data is None:
        raise PlanError(
            f"no sparse data for the network: {subject.network}. Give --data, one example a row of counts."
        )
    text = versions() if subject.data is None else str(subject.data)
    width, steps, seeds = WIDTHS[effort], STEPS[effort], SEEDS[effort]
    return [
        {"activation": name, "width": width, "steps": steps, "seeds": seeds, "text": text}
        for name in COMPARED
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Zeros of the data and of each hidden layer, and the accuracy, over test examples."""
    name = str(part["activation"])
    data = paragraphs_by_library() if subject.data is None else dataset(subject)
    _check_sparse(data)
    recipe = Recipe(activation=name, depth=DEPTH, width=int(part["width"]), steps=int(part["steps"]))

    def draw_network(seed: int) -> nn.Module:
        return untrained(subject, recipe, seed) if subject.data else _own_network(recipe, data, seed)

    rate = rate_of_least_loss(draw_network, data, recipe)
    for seed in range(int(part["seeds"])):
        model = draw_network(seed)
        train(model, data, recipe, rate=rate, seed=seed)
        shares = [share_of_commonest(data.test_x)]
        shares += [float((code == 0).float().mean()) for code in hidden(model, name, data.test_x)]
        for layer, share in enumerate(shares):
            yield Sample(quantity=ZEROS, series=name, x=layer, seed=seed, value=share)
        yield Sample(quantity=ACCURACY, series=name, seed=seed, value=accuracy(model, data))


def _check_sparse(data: Dataset) -> None:
    share = share_of_commonest(data.train_x)
    if share < MOSTLY:
        raise DataError(
            f"the data are not sparse, no value is more than {100 * share:.0f} % of all: {data.name}. "
            "Give counts of words, or another data set that is mostly zeros."
        )


def _own_network(recipe: Recipe, data: Dataset, seed: int) -> nn.Module:
    activation = activations[recipe.activation]
    network = MLP(recipe.depth, recipe.width)
    model = network.build(activation, inputs=data.train_x[0].numel(), classes=data.classes)
    initialise(model, INITIALISATION, activation, generator=weight_generator(seed))
    return model


def share_of_commonest(x: Tensor) -> float:
    """The share of the values that are the commonest one: what was 0 before the data was standardised.

    >>> import torch
    >>> share_of_commonest(torch.tensor([[-0.1, -0.1, 7.0, -0.1]]))
    0.75
    """
    _, counts = np.unique(x.numpy(), return_counts=True)
    return float(counts.max()) / x.numel()


def judge(samples: Sequence[Sample]) -> Verdict:
    """ReLU's layers have to be mostly zeros and its accuracy not worse."""
    zeros = along_x(samples, ZEROS, "relu")
    cases: dict[str, Holding] = {
        f"layer {layer:g} mostly zeros ({100 * share.estimate:.0f} %)": above(share, MOSTLY)
        for layer, share in zeros.items()
        if layer != INPUT
    }
    for name in series_of(samples, ACCURACY):
        if name != "relu":
            better = difference(samples, name)
            cases[f"accuracy against {name} ({100 * better.estimate:+.1f} points)"] = above(better, -AS_GOOD)
    effect = "share of zeros in the hidden layers of a ReLU network, last layer"
    return verdict("sparse-data", effect, zeros[max(zeros)], cases)


def difference(samples: Sequence[Sample], other: str) -> Interval:
    """ReLU's accuracy less that of another activation, over paired seeds."""
    return difference_interval(values(samples, ACCURACY, "relu"), values(samples, ACCURACY, other))


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Left zeros from the data to the last layer, right the accuracies."""
    left, right = figure.subplots(1, 2)
    names = series_of(samples, ACCURACY)
    for name in names:
        band(left, name, along_x(samples, ZEROS, name))
    layers = range(int(max(s.x for s in samples if s.quantity == ZEROS)) + 1)
    left.set_xticks(layers, ["data" if layer == INPUT else f"layer {layer}" for layer in layers])
    left.set(xlabel="place in the network", ylabel="share of zeros", ylim=(-0.03, 1.03))
    left.legend(frameon=False, fontsize=8)
    interval_bars(right, {name: mean_of(samples, ACCURACY, name) for name in names})
    right.set(xlabel=ACCURACY)


sparse_data = Claim(
    name="sparse-data",
    statement=(
        "On text, whose words are a very sparse input, the code of a ReLU network is sparse too, and it "
        "classifies at least as well as dense activations."
    ),
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, sections 2.2 and 4.2",
    method=(
        "Paragraphs of the documentation in the source of Python, NumPy, PyTorch, SciPy and Matplotlib, as "
        "installed here, are told apart by which of 2,000 words they hold; the libraries' names are left "
        f"out, and test paragraphs are of other files. Networks of {DEPTH} hidden layers are trained, each "
        "activation at its own best learning rate of five, chosen on held-out training paragraphs with seeds "
        f"that are not reported. A loss of up to {100 * AS_GOOD:g} point of accuracy counts as none, over "
        "paired seeds. One text, one task, one shape of network."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="zeros of restaurant reviews as words",
            value="99.1 %",
            source="Glorot, Bordes & Bengio (2011), section 4.2",
            provenance="remembered",
        ),
        Published(
            quantity="zeros in the hidden layers, 3 layers of rectifiers; of tanh",
            value="53.9 %; 0 %",
            source="Glorot, Bordes & Bengio (2011), section 4.2",
            provenance="remembered",
        ),
        Published(
            quantity="error of ratings (root mean square), 3 layers of rectifiers; of tanh",
            value="0.746; 0.774",
            source="Glorot, Bordes & Bengio (2011), section 4.2",
            provenance="remembered",
        ),
    ),
)
