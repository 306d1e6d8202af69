"""ReLU has no upper bound, so deep networks can blow up; normalisation or regularisation prevents it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from torch import nn

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.deep_perceptron import (
    BATCH_NORM,
    EXAMPLES,
    LAYER_NORM,
    PLAIN,
    RESIDUAL,
    RESIDUAL_BATCH_NORM,
    build_deep,
    limit_norms,
    sizes,
)
from relume.evidence.drawing import COLOURS, OTHERS, band, interval_bars
from relume.evidence.picking import values
from relume.evidence.subjects import dataset, one_thread
from relume.evidence.training import History, best_rate, guessing_loss, train
from relume.evidence.verdicts import above, below, both, verdict
from relume.studies.data import Dataset
from relume.studies.intervals import geometric_mean_interval, median_interval
from relume.studies.protocol import Training
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FREE = (PLAIN, RESIDUAL)  # nothing is done there against a blow-up
WEIGHT_DECAY, MAX_NORM = "weight decay", "max-norm"
DECAY = 5e-4  # as in He et al. (2015)
LARGEST_NORM = math.sqrt(2)  # of a unit's incoming weights: that of He's initialisation
HE, LARGE = 1.0, 1.5  # times the standard deviation of He's weights
SCALES = {HE: "He's weights", LARGE: f"{LARGE:g} times He's weights"}
DEPTHS = (5, 10, 20, 50)
JUDGED_DEPTH, TRAINED_DEPTH = 50, 20
# Times as large at one end of a network as at the other. What grows by a constant a layer, as the values of
# normalised residual networks, stays below; what grows by a factor of 1.1 a layer does not.
BLOWN_UP = 100.0
LEARNT = 0.95  # of the loss of guessing
BATCH = 64
RATES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
WIDTHS: Mapping[Effort, int] = {"quick": 64, "default": 128, "full": 512}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 10, "full": 20}
STEPS: Mapping[Effort, int] = {"quick": 100, "default": 200, "full": 1000}
# What is measured before training: an activation, what it is built into, and the scale of its weights.
STARTS = (
    ("relu", PLAIN, HE),
    ("relu", PLAIN, LARGE),
    ("relu", BATCH_NORM, LARGE),
    ("relu", LAYER_NORM, LARGE),
    ("relu", RESIDUAL, HE),
    ("relu", RESIDUAL_BATCH_NORM, HE),
    ("tanh", PLAIN, LARGE),
)
TRAINED = (PLAIN, BATCH_NORM, LAYER_NORM, WEIGHT_DECAY, MAX_NORM)
FORWARD = "rms value at the last hidden layer over that at the first"
BACKWARD = "gradient norm at the first hidden layer over that at the last"
AFTER = "rms value at the last hidden layer over that at the first, after training"
SAID = {FORWARD: "values", BACKWARD: "gradients", AFTER: "values after training"}
LOSS, RATE = "final training loss over that of guessing", "learning rate"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a network and a depth before training, one a remedy in training."""
    common: Part = {"width": WIDTHS[effort], "seeds": SEEDS[effort]}
    starts: list[Part] = [
        {"activation": name, "variant": variant, "gain": gain, "depth": depth, "steps": 0, **common}
        for (name, variant, gain), depth in product(STARTS, DEPTHS)
    ]
    trained: Part = {
        "activation": "relu",
        "gain": LARGE,
        "depth": TRAINED_DEPTH,
        "steps": STEPS[effort],
        **common,
    }
    return starts + [{"variant": variant, **trained} for variant in TRAINED]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """The size of values and gradients through the network; after training, if it takes any steps."""
    return (_after_training if part["steps"] else _before_training)(dataset(subject), part)


def _before_training(data: Dataset, part: Part) -> Iterator[Sample]:
    series, depth = _series(part), int(part["depth"])
    for seed in range(int(part["seeds"])):
        values, gradients = sizes(_network(data, part, seed), data)
        forward, backward = values[-1] / values[0], gradients[0] / gradients[-1]
        yield Sample(quantity=FORWARD, series=series, x=depth, seed=seed, value=forward)
        yield Sample(quantity=BACKWARD, series=series, x=depth, seed=seed, value=backward)


def _after_training(data: Dataset, part: Part) -> Iterator[Sample]:
    series, depth = _series(part), int(part["depth"])
    training = Training(steps=int(part["steps"]), batch_size=BATCH)
    decay = DECAY if part["variant"] == WEIGHT_DECAY else 0.0
    after = partial(limit_norms, largest=LARGEST_NORM) if part["variant"] == MAX_NORM else None

    def trained(rate: float, seed: int) -> tuple[nn.Sequential, History]:
        model = _network(data, part, seed)
        if after is not None:  # a constraint holds from the start
            after(model)
        with one_thread(seed):
            history = train(
                model, data, seed=seed, rate=rate, training=training, weight_decay=decay, after_step=after
            )
        return model, history

    rate = best_rate(lambda rate, seed: trained(rate, seed)[1].final_loss, RATES)
    yield Sample(quantity=RATE, series=series, x=depth, value=rate)
    for seed in range(int(part["seeds"])):
        model, history = trained(rate, seed)
        grown = math.inf if history.diverged else growth(sizes(model, data)[0])
        yield Sample(quantity=AFTER, series=series, x=depth, seed=seed, value=grown)
        left = history.final_loss / guessing_loss(data)
        yield Sample(quantity=LOSS, series=series, x=depth, seed=seed, value=left)


def growth(values: Sequence[float]) -> float:
    """The last over the first: infinite where nan is all that is left, 0 where all units have gone silent.

    >>> growth([2.0, 3.0]), growth([1.0, math.nan]), growth([0.0, 0.0])
    (1.5, inf, 0.0)
    """
    if not all(map(math.isfinite, values)):
        return math.inf
    return values[-1] / values[0] if values[0] else 0.0


def judge(samples: Sequence[Sample]) -> Verdict:
    """Whether networks without a remedy blow up, and whether each remedy keeps them from it."""
    depth, own = _judged_depth(samples), _judged_activation(samples)
    cases: dict[str, Holding] = {}
    for quantity, series, x in dict.fromkeys((s.quantity, s.series, s.x) for s in samples):
        name, variant, scale = f"{series}; ; ".split("; ")[:3]
        if name != own or quantity not in SAID or (quantity != AFTER and x != depth):
            continue
        found = _interval(samples, quantity, series, x)
        said = f"({SAID[quantity]} {found.estimate:.2g} times)"
        if quantity == AFTER:  # a network that is silent, or never learned, is none that was saved
            loss = _interval(samples, LOSS, series, x)
            said = f"{said[:-1]}, loss {loss.estimate:.2g} of guessing's)"
            said = "(most networks diverge)" if math.isinf(found.estimate) else said
            if variant not in FREE:
                saved = both(below(found, BLOWN_UP), below(loss, LEARNT))
                cases[f"{variant} prevents it in training with {scale} {said}"] = saved
        elif variant not in FREE:
            cases[f"{variant} prevents it with {scale} {said}"] = below(found, BLOWN_UP)
        elif quantity == FORWARD:
            cases[f"{name} {variant} with {scale} blows up {said}"] = above(found, BLOWN_UP)
    grown = [s.series for s in samples if (s.quantity, s.x) == (FORWARD, depth)]
    large = f"{own}; {PLAIN}; {SCALES[LARGE]}"
    series = large if large in grown else grown[0]
    effect = f"{FORWARD}, {depth:g} layers, {series.replace('; ', ', ')}"
    return verdict("unbounded-outputs", effect, _interval(samples, FORWARD, series, depth), cases)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Values and gradients by depth before training, and the values after it, by remedy."""
    left, middle, right = figure.subplots(1, 3)
    chosen = dict.fromkeys(s.series for s in samples if s.quantity == FORWARD)
    paints = dict(zip(chosen, (COLOURS["relu"], *OTHERS), strict=False))
    for axes, quantity, label in (
        (left, FORWARD, "rms value, last over first"),
        (middle, BACKWARD, "gradient norm, first over last"),
    ):
        for series in chosen:
            name, variant, scale = series.split("; ")
            paint = COLOURS["tanh"] if name == "tanh" else paints[series]
            depths = sorted({s.x for s in samples if (s.quantity, s.series) == (quantity, series)})
            points = {x: _interval(samples, quantity, series, x) for x in depths}
            band(axes, name, points, label=f"{name}, {variant}, {scale}", paint=paint)
        axes.axhline(BLOWN_UP, color="#8c8c8c", linewidth=0.7)
        axes.set(xlabel="hidden layers", ylabel=label, yscale="log")
        axes.set_title("before training", loc="left")
    after = dict.fromkeys(s.series for s in samples if s.quantity == AFTER)
    bars = {each.split("; ")[1]: _interval(samples, AFTER, each, TRAINED_DEPTH) for each in after}
    interval_bars(right, bars, colours=["relu"] * len(bars))
    for row, found in enumerate(bars.values()):
        if math.isinf(found.estimate):
            right.text(BLOWN_UP, row, "most diverge", ha="center", va="center", fontsize=8)
    right.axvline(BLOWN_UP, color="#8c8c8c", linewidth=0.7)
    right.set(xlabel="rms value, last over first", xscale="log")
    right.set_title(f"trained, {TRAINED_DEPTH} layers", loc="left")
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=7
    )


def _network(data: Dataset, part: Part, seed: int) -> nn.Sequential:
    return build_deep(
        data,
        activation=str(part["activation"]),
        variant=str(part["variant"]),
        gain=float(part["gain"]),
        depth=int(part["depth"]),
        width=int(part["width"]),
        seed=seed,
    )


def _series(part: Part) -> str:
    return f"{part['activation']}; {part['variant']}; {SCALES[float(part['gain'])]}"


def _judged_depth(samples: Sequence[Sample]) -> float:
    depths = {s.x for s in samples if s.quantity == FORWARD}
    return JUDGED_DEPTH if JUDGED_DEPTH in depths else max(depths)


def _judged_activation(samples: Sequence[Sample]) -> str:
    names = [s.series.partition("; ")[0] for s in samples if s.quantity == FORWARD]
    return "relu" if "relu" in names else names[0]


def _interval(samples: Sequence[Sample], quantity: str, series: str, x: float) -> Interval:
    # After training some seeds may have diverged: they count by their rank.
    interval = median_interval if quantity in (AFTER, LOSS) else geometric_mean_interval
    return interval(values(samples, quantity, series, x))


def _a_layer(samples: Sequence[Sample], quantity: str, series: str) -> Interval:
    """The factor a layer, from the deepest network there is."""
    depth = max(s.x for s in samples if (s.quantity, s.series) == (quantity, series))
    factors = [value ** (1 / (depth - 1)) for value in values(samples, quantity, series, depth)]
    return geometric_mean_interval(factors)


def _batch_norm_a_layer(samples: Sequence[Sample]) -> Interval:
    return _a_layer(samples, BACKWARD, f"relu; {BATCH_NORM}; {SCALES[LARGE]}")


def _plain_a_layer(samples: Sequence[Sample]) -> Interval:
    return _a_layer(samples, FORWARD, f"relu; {PLAIN}; {SCALES[LARGE]}")


unbounded_outputs = Claim(
    name="unbounded-outputs",
    statement=(
        "ReLU's outputs are not bounded, so values and gradients of deep networks can blow up; batch norm or "
        "other regularisation prevents it."
    ),
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 3.1",
    method=(
        f"Perceptrons of {', '.join(map(str, DEPTHS))} hidden layers are drawn with He's weights or "
        f"{LARGE:g} times them, plain, normalised or residual, and the size of values and gradients on "
        f"{EXAMPLES} training examples is compared at both ends; {BLOWN_UP:g} times as large counts as blown "
        f"up. Those of {TRAINED_DEPTH} layers and large weights are also trained with each remedy by SGD "
        f"with momentum, at the best learning rate of {len(RATES)}, chosen on two other seeds (weight decay "
        f"{DECAY:g}; max-norm sqrt(2) a unit, which is He's own)."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="growth of the gradient a layer under batch norm",
            value="sqrt(pi / (pi - 1)) = 1.21",
            source="Yang et al. (2019), A mean field theory of batch normalization",
            provenance="secondary",
            number=math.sqrt(math.pi / (math.pi - 1)),
            ours=_batch_norm_a_layer,
        ),
        Published(
            quantity=f"growth of values a layer with {LARGE:g} times He's weights",
            value=f"{LARGE:g}",
            source="He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, section 2.2",
            provenance="paper",
            number=LARGE,
            ours=_plain_a_layer,
        ),
    ),
    not_on={
        "network": (
            "Normalisation, shortcuts and the scale of weights are varied: that needs networks of its own."
        )
    },
)
