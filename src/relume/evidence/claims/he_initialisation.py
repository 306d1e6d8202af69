"""He's initialisation trains deep rectifier networks that stall from Xavier's; PReLU improves on ReLU."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import mean
from typing import TYPE_CHECKING, get_args

from torch import nn

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import OTHERS, band
from relume.evidence.picking import along_x, mean_of, values
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.training import best_rate, guessing_loss, thinned, train
from relume.evidence.verdicts import above, below, both, verdict
from relume.replacement import replace
from relume.studies.intervals import difference_interval, mean_interval, ratio_interval
from relume.studies.mlp import MLP
from relume.studies.plain import accuracy
from relume.studies.protocol import Training
from relume.types import Holding, Initialisation, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HE, XAVIER, PRELU = "relu, he", "relu, xavier", "prelu, he"
DEPTHS = (22, 30)
STALLED_DEPTH = 30  # where He et al. saw Xavier stall
OWN_DEPTH = 0  # the place of what is measured on a user's network
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
WIDTHS: Mapping[Effort, int] = {"quick": 32, "default": 64, "full": 128}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 8, "full": 20}
STEPS: Mapping[Effort, int] = {"quick": 150, "default": 300, "full": 2000}
BATCH = 64
# A network that has not brought the loss 5 % below that of guessing has not begun to learn.
STALLED = 0.95
LOSS, CURVE = "final training loss over that of guessing", "training loss over that of guessing"
ACCURACY, SLOPE, RATE = "test accuracy", "learned slope for x < 0", "learning rate"
CURVE_POINTS = 20


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a depth and a start; a user's network has the depth it has."""
    depths = DEPTHS if subject.network is None else (OWN_DEPTH,)
    common: Part = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    return [{"start": start, "depth": d, **common} for start, d in product((HE, XAVIER, PRELU), depths)]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Choose the learning rate on other seeds, then train one network a seed with it."""
    start, depth, data = str(part["start"]), int(part["depth"]), dataset(subject)
    training = Training(steps=int(part["steps"]), batch_size=BATCH)

    def trained(rate: float, seed: int) -> tuple[nn.Module, Sequence[float], float]:
        model = network(subject, start, depth=depth, width=int(part["width"]), seed=seed)
        with one_thread(seed):
            history = train(model, data, seed=seed, rate=rate, training=training)
        return model, history.losses, history.final_loss

    rate = best_rate(lambda rate, seed: trained(rate, seed)[2], RATES)
    yield Sample(quantity=RATE, series=start, x=depth, value=rate)
    guessing = guessing_loss(data)
    for seed in range(int(part["seeds"])):
        model, losses, final = trained(rate, seed)
        left = final / guessing if math.isfinite(final) else 1.0  # what diverged knows no more than a guess
        yield Sample(quantity=LOSS, series=start, x=depth, seed=seed, value=left)
        yield Sample(quantity=ACCURACY, series=start, x=depth, seed=seed, value=accuracy(model, data))
        for step, loss in thinned(losses, points=CURVE_POINTS):
            curve = f"{start}, {_where(depth)}"
            yield Sample(quantity=CURVE, series=curve, x=step, seed=seed, value=loss / guessing)
        for layer, slope in enumerate(learned_slopes(model), start=1):
            series = f"prelu, {_where(depth)}"
            yield Sample(quantity=SLOPE, series=series, x=layer, seed=seed, value=slope)


def network(subject: Subject, start: str, *, depth: int, width: int, seed: int) -> nn.Module:
    """The network with this activation and initialisation: of one seed all start from the same draws."""
    name, _, scheme = start.partition(", ")
    drawn_by: Initialisation = next(each for each in get_args(Initialisation) if each == scheme)
    if name == "prelu" and subject.network is None:  # the built-in MLP takes no learnable activation
        return replace(network(subject, HE, depth=depth, width=width, seed=seed), {"relu": "prelu"})
    fallback = MLP(max(depth, 1), width)
    return build(subject, activations[name], fallback=fallback, initialisation=drawn_by, seed=seed)


def learned_slopes(model: nn.Module) -> list[float]:
    """Of each PReLU, in the order of the layers, the mean over its channels."""
    return [float(each.weight.detach().mean()) for each in model.modules() if isinstance(each, nn.PReLU)]


def judge(samples: Sequence[Sample]) -> Verdict:
    """He beside Xavier by the loss they come to, and whether Xavier stalls; PReLU by accuracy."""
    depths = sorted({int(s.x) for s in samples if s.quantity == LOSS})
    cases: dict[str, Holding] = {}
    for depth in depths:
        he, xavier = (values(samples, LOSS, start, depth) for start in (HE, XAVIER))
        if he and xavier:
            said = f"{_where(depth)}, He against Xavier ({mean(he):.2f}, {mean(xavier):.2f} of guessing)"
            cases[said] = above(ratio_interval(xavier, he), 1.0)
            if depth == STALLED_DEPTH:
                stalls = above(mean_interval(xavier), STALLED)
                cases[f"{_where(depth)}, Xavier stalls and He does not"] = both(
                    stalls, below(mean_interval(he), STALLED)
                )
        relu, prelu = (values(samples, ACCURACY, start, depth) for start in (HE, PRELU))
        if relu and prelu:
            gain = difference_interval(prelu, relu)
            points = f"{100 * gain.estimate:+.1f} points of accuracy"
            cases[f"{_where(depth)}, PReLU against ReLU ({points})"] = above(gain, 0.0)
    he, xavier = (values(samples, LOSS, start, depths[-1]) for start in (HE, XAVIER))
    effect = f"final training loss, {_where(depths[-1])}, Xavier over He"
    if he and xavier:
        return verdict("he-initialisation", effect, ratio_interval(xavier, he), cases)
    return verdict("he-initialisation", _PRELU_EFFECT, _prelu_gain(samples), cases)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The loss of the three by step at each depth, and the slopes that PReLU learned."""
    depths = sorted({int(s.x) for s in samples if s.quantity == LOSS})
    *curves, slopes = figure.subplots(1, len(depths) + 1)
    for axes, depth in zip(curves, depths, strict=True):
        for start in (HE, XAVIER, PRELU):
            place = f"{start}, {_where(depth)}"
            paint = OTHERS[3] if start == XAVIER else None  # ReLU's own colour is He's
            band(axes, start.partition(",")[0], along_x(samples, CURVE, place), label=start, paint=paint)
        axes.axhline(STALLED, color="#8c8c8c", linewidth=0.7)
        axes.set(xlabel="step", ylabel="training loss over guessing's", ylim=(0, 1.3))
        axes.set_title(_where(depth), loc="left")
    curves[0].legend(frameon=False, fontsize=8)
    for depth in depths:
        place = f"prelu, {_where(depth)}"
        paint = None if depth == depths[-1] else OTHERS[4]
        band(slopes, "prelu", along_x(samples, SLOPE, place), label=_where(depth), paint=paint)
    slopes.axhline(0.25, color="#8c8c8c", linewidth=0.7)
    slopes.set(xlabel="hidden layer", ylabel="learned slope of PReLU")
    slopes.set_title("began at 0.25", loc="left")
    slopes.legend(frameon=False, fontsize=8)


def _where(depth: float) -> str:
    return "this network" if depth == OWN_DEPTH else f"{depth:g} layers"


def _xavier_at_22(samples: Sequence[Sample]) -> Interval:
    return mean_of(samples, LOSS, XAVIER, 22)


def _xavier_at_30(samples: Sequence[Sample]) -> Interval:
    return mean_of(samples, LOSS, XAVIER, STALLED_DEPTH)


_PRELU_EFFECT = "test accuracy, PReLU less ReLU"


def _prelu_gain(samples: Sequence[Sample]) -> Interval:
    depths = {s.x for s in samples if s.quantity == ACCURACY and s.series == PRELU}
    depth = min(depths, default=math.nan)
    prelu, relu = (values(samples, ACCURACY, start, depth) for start in (PRELU, HE))
    return difference_interval(prelu, relu)


def _first_slope(samples: Sequence[Sample]) -> Interval:
    return mean_of(samples, SLOPE, f"prelu, {_where(22)}", 1)


HE_2015 = "He, Zhang, Ren & Sun (2015), Delving deep into rectifiers"

he_initialisation = Claim(
    name="he-initialisation",
    statement=(
        "He's initialisation trains rectifier networks of 22 and 30 layers further than Xavier's, which "
        "stalls at 30; PReLU is more accurate than ReLU."
    ),
    source=HE_2015,
    method=(
        "Perceptrons of 22 and 30 narrow hidden layers, not the convolutional networks of the paper, are "
        f"trained by SGD with momentum in batches of {BATCH}, for the same few steps and from the same draws "
        "of the weights, scaled by each initialisation. Each has its own best learning rate of "
        f"{len(RATES)}, from {RATES[0]:g} to {RATES[-1]:g}, chosen on two other seeds; a loss that stays "
        f"above {STALLED:g} of guessing's counts as stalled. PReLU has one slope a layer, 0.25 at first."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="30 layers, Xavier, ReLU",
            value="completely stalls",
            source=f"{HE_2015}, figure 3",
            provenance="paper",
            ours=_xavier_at_30,
        ),
        Published(
            quantity="22 layers, Xavier, ReLU",
            value="converges, later than He",
            source=f"{HE_2015}, figure 2",
            provenance="paper",
            ours=_xavier_at_22,
        ),
        Published(
            quantity="gain of PReLU over ReLU, 14 layers on ImageNet, top-1",
            value="1.2 points",
            source=f"{HE_2015}, table 2: 33.82 % to 32.64 % error",
            provenance="paper",
            ours=_prelu_gain,
        ),
        Published(
            quantity="learned slope of the first layer, shared by its channels",
            value="0.681",
            source=f"{HE_2015}, table 1",
            provenance="paper",
            ours=_first_slope,
        ),
    ),
)
