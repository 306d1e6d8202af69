"""Sigmoid and tanh lose the error signal over many layers, ReLU keeps it: of a network before training."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from torch import nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.errors import BuildError
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import INK, band
from relume.evidence.picking import series_of, values, values_along_x
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.verdicts import above, below, both, verdict
from relume.probe.begin import watch
from relume.studies.data import Dataset
from relume.studies.initialisation import INITIALISATIONS, PARAMETERISED, fans, weight_scale
from relume.studies.intervals import geometric_mean_interval, ratio_interval
from relume.studies.mlp import MLP
from relume.theory.mean_field import gradient_profile
from relume.types import Initialisation, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARED = ("sigmoid", "tanh", "relu")
DEPTHS = (5, 10, 20, 50)
JUDGED_DEPTH = 20
WIDTHS: Mapping[Effort, int] = {"quick": 64, "default": 128, "full": 512}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 16, "full": 32}
EXAMPLES = 256
# An error signal is called gone where less than a tenth of it is left, and kept where more is.
KEPT = 0.1
FIRST = "gradient norm at the first layer over that at the last"
LAYER, PREDICTED = "gradient norm at a layer over that at the last", "the same, from the product of chi"
OVER_THEORY, HALF_DEPTH = "first over last layer, measured over predicted", "half depth"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation, an initialisation and a depth; a user's network has the depth it has."""
    depths = DEPTHS if subject.network is None else (0,)
    return [
        {
            "activation": name,
            "initialisation": scheme,
            "depth": depth,
            "width": WIDTHS[effort],
            "seeds": SEEDS[effort],
        }
        for name, scheme, depth in product(COMPARED, INITIALISATIONS, depths)
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Gradient norms by layer, of the loss on the same examples, for each seed's own draw of the weights."""
    name, scheme = str(part["activation"]), _scheme(part["initialisation"])
    own, data, series = activations[name], dataset(subject), f"{name}, {scheme}"
    network = MLP(max(int(part["depth"]), 1), int(part["width"]))
    for seed in range(int(part["seeds"])):
        model = build(subject, own, fallback=network, initialisation=scheme, seed=seed)
        norms = gradient_norms(model, data, seed=seed)
        left = [norm / norms[-1] if norms[-1] else math.nan for norm in norms]
        yield from _samples(series, left, seed)
        if subject.network is None:
            predicted = prediction(own, scheme, model, data)
            yield _sample(OVER_THEORY, series, len(left), seed, left[0] / predicted[0])
            if seed == 0 and len(left) == JUDGED_DEPTH:  # the same for every seed
                for layer, share in enumerate(predicted, start=1):
                    yield _sample(PREDICTED, series, layer, 0, share)


def gradient_norms(model: nn.Module, data: Dataset, *, seed: int) -> list[float]:
    """The norm of the gradient that arrives at each activation, in the order of execution.

    In float64: a sigmoid network of 50 layers leaves less than float32 can hold.
    """
    model.double()
    x, y = data.train_x[:EXAMPLES].double(), data.train_y[:EXAMPLES]
    with one_thread(seed), watch(model) as watched:
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
    readings = watched.readings().values()
    if not readings:
        raise BuildError("no activation was seen in the network: its layers. Use what build() is given.")
    return [math.sqrt(each.gradient.sum_of_squares.sum()) for each in readings]


def prediction(
    activation: Activation, scheme: Initialisation, model: nn.Module, data: Dataset
) -> list[float]:
    """The same norms over the last one's, from the product of chi."""
    layers = [layer for layer in model.modules() if isinstance(layer, PARAMETERISED)][:-1]
    scales = []
    for layer in layers:
        fan_in, fan_out = fans(layer)
        first = layer is layers[0]
        scales.append(weight_scale(scheme, activation, fan_in=fan_in, fan_out=fan_out, is_first=first))
    return gradient_profile(
        activation,
        q_input=float(data.train_x[:EXAMPLES].square().mean()),
        sigma_w2=[sigma_w2 for sigma_w2, _ in scales],
        sigma_b2=[sigma_b2 for _, sigma_b2 in scales],
    )


def judge(samples: Sequence[Sample]) -> Verdict:
    """Of an activation beside ReLU: its signal has to be gone at the first layer, and ReLU's kept."""
    depth = judged_depth(samples)
    left = {series: _left(samples, series, depth) for series in _series(samples)}
    cases = {}
    for series, found in left.items():
        name, _, scheme = series.partition(", ")
        if name != "relu" and (kept := left.get(f"relu, {scheme}")):
            shares = f"{found.estimate:.1g} left, ReLU {kept.estimate:.1g}"
            cases[f"{series} ({shares})"] = both(below(found, KEPT), above(kept, KEPT))
    best, schemes = "he", [series.partition(", ")[2] for series in left]
    scheme = best if best in schemes else schemes[0]
    own, other = _firsts(samples, f"relu, {scheme}", depth), _firsts(samples, f"sigmoid, {scheme}", depth)
    effect = f"error signal at the first of {depth} layers, ReLU over sigmoid, {scheme} initialisation"
    if not other:  # of ReLU beside others alone, what ReLU keeps
        effect, other = f"error signal kept at the first of {depth} layers, ReLU, {scheme}", [1.0] * len(own)
    return verdict("vanishing-error-signal", effect, ratio_interval(own, other), cases)


def judged_depth(samples: Sequence[Sample]) -> int:
    """The depth that a verdict is of: 20 layers, or the deepest there is."""
    depths = {int(s.x) for s in samples if s.quantity == FIRST}
    return JUDGED_DEPTH if JUDGED_DEPTH in depths else max(depths)


def told_apart(samples: Sequence[Sample]) -> dict[str, float]:
    """What the activation, the initialisation and their meeting have to do with the loss of the signal.

    Shares of the variance of its logarithm over all pairs, of an analysis of variance in two ways.
    """
    depth = judged_depth(samples)
    names, schemes = (list(dict.fromkeys(s.split(", ")[i] for s in _series(samples))) for i in (0, 1))
    table = np.array([[np.log(_firsts(samples, f"{n}, {s}", depth)).mean() for s in schemes] for n in names])
    table -= table.mean()
    by_name, by_scheme = table.mean(1, keepdims=True), table.mean(0, keepdims=True)
    rest = table - by_name - by_scheme
    squares = [float(np.broadcast_to(part, table.shape).var()) for part in (by_name, by_scheme, rest)]
    return dict(
        zip(("activation", "initialisation", "both together"), squares / np.sum(squares), strict=True)
    )


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The signal by layer, a panel an initialisation; theory as thin lines through it."""
    schemes = list(dict.fromkeys(series.partition(", ")[2] for series in _series(samples)))
    panels = figure.subplots(1, len(schemes), sharey=True, squeeze=False)[0]
    for axes, scheme in zip(panels, schemes, strict=True):
        for name in COMPARED:
            left = values_along_x(samples, LAYER, f"{name}, {scheme}")
            band(axes, name, {layer: geometric_mean_interval(shares) for layer, shares in left.items()})
            theory = [
                (s.x, s.value) for s in samples if (s.quantity, s.series) == (PREDICTED, f"{name}, {scheme}")
            ]
            if theory:
                style: dict[str, Any] = {"color": INK, "linewidth": 0.7, "linestyle": "-"}
                axes.plot(*zip(*theory, strict=True), **style, label="theory" if name == "relu" else None)
        axes.axhline(KEPT, color="#8c8c8c", linewidth=0.7, label="a tenth")
        axes.set(xlabel="hidden layer", yscale="log")
        axes.set_title(scheme, loc="left")
    panels[0].set(ylabel="gradient norm over the last layer's")
    panels[-1].legend(frameon=False, fontsize=8)
    if all(f"{name}, {scheme}" in _series(samples) for name in COMPARED for scheme in schemes):
        parts = ", ".join(f"{name} {100 * share:.0f} %" for name, share in told_apart(samples).items())
        figure.suptitle(f"What decides how much is left: {parts}", fontsize=9)


def _samples(series: str, left: Sequence[float], seed: int) -> Iterator[Sample]:
    depth = len(left)
    yield _sample(FIRST, series, depth, seed, left[0])
    halvings = -math.log2(left[0]) if left[0] > 0 else math.inf
    half_depth = (depth - 1) / halvings if halvings > 0 else math.inf
    yield Sample(quantity=HALF_DEPTH, series=series, x=depth, seed=seed, value=half_depth, unit="layers")
    if depth not in set(DEPTHS) - {JUDGED_DEPTH}:  # of all layers: the depth that is judged and drawn
        for layer, share in enumerate(left, start=1):
            yield _sample(LAYER, series, layer, seed, share)


def _sample(quantity: str, series: str, x: float, seed: int, value: float) -> Sample:
    return Sample(quantity=quantity, series=series, x=x, seed=seed, value=value)


def _scheme(value: object) -> Initialisation:
    return next(scheme for scheme in get_args(Initialisation) if scheme == value)


def _series(samples: Sequence[Sample]) -> list[str]:
    return series_of(samples, FIRST)


def _firsts(samples: Sequence[Sample], series: str, depth: int) -> list[float]:
    return values(samples, FIRST, series, depth)


def _left(samples: Sequence[Sample], series: str, depth: int) -> Interval:
    return geometric_mean_interval(_firsts(samples, series, depth))


def _relu_with_xavier(samples: Sequence[Sample]) -> Interval:
    return _left(samples, "relu, xavier", JUDGED_DEPTH)


def _tanh_with_xavier(samples: Sequence[Sample]) -> Interval:
    return _left(samples, "tanh, xavier", JUDGED_DEPTH)


vanishing_error_signal = Claim(
    name="vanishing-error-signal",
    statement="Over many layers the error signal of sigmoid and tanh vanishes; that of ReLU does not.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks; and most textbooks since",
    method=(
        f"Perceptrons of {', '.join(map(str, DEPTHS))} hidden layers of one width are drawn anew for each "
        f"seed under four initialisations, and the loss on the same {EXAMPLES} training examples is carried "
        "back once, untrained, in float64. Compared is the norm of the gradient that arrives at the first "
        f"hidden layer with that at the last, at depth {JUDGED_DEPTH}, beside the prediction of mean-field "
        "theory."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="ReLU, Xavier, depth 20: what is left",
            value="1/sqrt(2)^19 = 0.0014",
            source="He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, section 2.2",
            provenance="paper",
            number=2**-9.5,
            ours=_relu_with_xavier,
        ),
        Published(
            quantity="tanh, Xavier: singular values of a layer's Jacobian, on average",
            value="about 0.8",
            source="Glorot & Bengio (2010), Understanding the difficulty of training, section 4.2",
            provenance="paper",
        ),
        Published(
            quantity="depth that can be trained",
            value="about 6 correlation lengths",
            source="Schoenholz, Gilmer, Ganguli & Sohl-Dickstein (2017), Deep information propagation",
            provenance="remembered",
        ),
    ),
)
