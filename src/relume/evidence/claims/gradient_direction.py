"""ReLU has no second derivative, so its gradient is said to point the better way: how far it does."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.contest import best_setting, contestant, final_loss, settings
from relume.evidence.drawing import band, interval_bars
from relume.evidence.picking import pairs, values_along_x
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.training import train
from relume.evidence.verdicts import above, both, verdict
from relume.studies.data import Dataset
from relume.studies.intervals import geometric_mean_interval, ratio_interval
from relume.studies.mlp import MLP
from relume.studies.protocol import Training, probe
from relume.types import Holding, Initialisation, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The last three are of the reason: with and without a second derivative, and alike in all else.
PAIRS = (
    ("tanh", "relu"),
    ("sigmoid", "relu"),
    ("softplus", "relu"),
    ("tanh", "hardtanh"),
    ("sigmoid", "hardsigmoid"),
)
DRAWN = 4  # the others have no colour of their own
COMPARED = tuple(dict.fromkeys(name for pair in PAIRS for name in reversed(pair)))
DEPTH = 3
SCHEMES: tuple[Initialisation, ...] = ("xavier", "he")
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
BATCH = 64
WIDTHS: Mapping[Effort, int] = {"quick": 48, "default": 64, "full": 128}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 12, "full": 24}
STEPS: Mapping[Effort, int] = {"quick": 240, "default": 480, "full": 1920}
# Lengths of a step, as the share of the loss that the gradient promises it to take away: a measure that
# means the same whatever the scale of weights and outputs.
PROMISED = (0.03, 0.1, 0.3, 1.0)
JUDGED = 0.1
VISITS = (0.05, 0.2, 0.5, 1.0)  # when the network is looked at, in shares of the training
PHASES = START, TRAINING = "before training", "in training"
LOSS_ERROR = "error of the promised decrease, {}"
GRADIENT_CHANGE = "change of the gradient along the step, {}"
KEPT = "decrease over the promised one, {}"
LENGTH = "length of a step that promises {:g} of the loss, in training"
CURVATURE, RATE = "largest |f''|", "learning rate"


@dataclass(frozen=True, slots=True)
class Step:
    """One step against the gradient, and what came of its promise."""

    kept: float  # decrease of the loss over eta |g|^2, the decrease that the gradient promises
    change: float  # |g' - g| / |g|, between the gradients behind and before the step
    length: float  # |eta g|


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation."""
    common: Part = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    return [{"activation": name, **common} for name in COMPARED]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Train at the best setting; look along the gradient before, while and after."""
    name, data = str(part["activation"]), dataset(subject)
    network, own = MLP(DEPTH, int(part["width"])), activations[name]
    training = Training(batch_size=BATCH, steps=int(part["steps"]))
    competitor = contestant(subject, network)
    best = best_setting(competitor, settings(competitor, name, SCHEMES, RATES), data, training, final_loss)
    x = torch.linspace(-6, 6, 12_001, dtype=torch.float64)
    yield Sample(quantity=CURVATURE, series=name, value=float(own.second_derivative(x).abs().max()))
    yield Sample(quantity=f"{RATE}, {best.initialisation}", series=name, value=best.learning_rate)
    for seed in range(int(part["seeds"])):
        model = build(subject, own, fallback=network, initialisation=best.initialisation, seed=seed)
        with one_thread(seed):
            found = _visited(model, data, training, seed=seed, rate=best.learning_rate)
        yield from _samples(name, seed, found)


def _visited(
    model: nn.Module, data: Dataset, training: Training, *, seed: int, rate: float
) -> dict[str, list[dict[float, Step]]]:
    """Train, and look along the gradient before and on the way."""
    examples, on_the_way, steps = probe(data), list[dict[float, Step]](), itertools.count(1)
    visits = {max(1, round(share * training.steps)) for share in VISITS}

    def visit(model: nn.Module) -> None:
        if next(steps) in visits:
            on_the_way.append(promises(model, *examples))
            model.train()

    before = promises(model, *examples)
    train(model, data, seed=seed, rate=rate, training=training, after_step=visit)
    return {START: [before], TRAINING: on_the_way}


def promises(model: nn.Module, x: Tensor, y: Tensor) -> dict[float, Step]:
    """Steps against the gradient of the mean loss over these examples, by the share they promise to take."""
    model.eval()
    parameters = [p for p in model.parameters() if p.requires_grad]
    return along_gradient(lambda: F.cross_entropy(model(x), y), parameters)


def along_gradient(loss_of: Callable[[], Tensor], parameters: Sequence[Tensor]) -> dict[float, Step]:
    """Take each step from the same place, and come back to it."""
    loss, gradient = _loss_and_gradient(loss_of, parameters)
    origin = [p.detach().clone() for p in parameters]
    square = float(gradient.square().sum())
    steps = {}
    for share in PROMISED:
        if square == 0.0:
            steps[share] = Step(math.nan, math.nan, math.nan)
            continue
        eta = share * loss / square
        with torch.no_grad():
            for p, start, g in zip(parameters, origin, _split(gradient, parameters), strict=True):
                p.copy_(start - eta * g)
        behind, turned = _loss_and_gradient(loss_of, parameters)
        kept, change = (loss - behind) / (share * loss), float((turned - gradient).norm()) / math.sqrt(square)
        steps[share] = Step(kept, change, eta * math.sqrt(square))
    with torch.no_grad():
        for p, start in zip(parameters, origin, strict=True):
            p.copy_(start)
    return steps


def _loss_and_gradient(loss_of: Callable[[], Tensor], parameters: Sequence[Tensor]) -> tuple[float, Tensor]:
    loss = loss_of()
    gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
    return loss.item(), torch.cat([g.flatten() for g in gradients]).double()


def _split(flat: Tensor, parameters: Sequence[Tensor]) -> Iterator[Tensor]:
    pieces = torch.split(flat, [p.numel() for p in parameters])
    return (piece.view_as(p).to(p.dtype) for piece, p in zip(pieces, parameters, strict=True))


def _samples(name: str, seed: int, found: Mapping[str, Sequence[Mapping[float, Step]]]) -> Iterator[Sample]:
    """Of each phase the mean over its visits; of the errors the geometric one, as of all ratios."""
    for (phase, visits), share in product(found.items(), PROMISED):
        steps = [visit[share] for visit in visits]
        values = {
            LOSS_ERROR.format(phase): _geometric([abs(1 - step.kept) for step in steps]),
            GRADIENT_CHANGE.format(phase): _geometric([step.change for step in steps]),
            KEPT.format(phase): fmean(step.kept for step in steps) if steps else math.nan,
        }
        if phase == TRAINING:
            values[LENGTH.format(share)] = _geometric([step.length for step in steps])
        for quantity, value in values.items():
            yield Sample(quantity=quantity, series=name, x=share, seed=seed, value=value)


def _geometric(values: Sequence[float]) -> float:
    return math.exp(fmean(math.log(max(v, 1e-12)) for v in values)) if values else math.nan


def judge(samples: Sequence[Sample]) -> Verdict:
    """A rival's gradient has to be wrong by more: of the loss, and of itself, along the step."""
    cases: dict[str, Holding] = {}
    for (rival, own), phase in product(PAIRS, PHASES):
        loss, gradient = (ratio(samples, q.format(phase), rival, own) for q in (LOSS_ERROR, GRADIENT_CHANGE))
        if loss.seeds:
            said = f"{rival} over {own}, {phase} ({loss.estimate:.2g} and {gradient.estimate:.2g} times)"
            cases[said] = both(above(loss, 1.0), above(gradient, 1.0))
    effect = "error of the promised decrease in training, tanh over ReLU"
    interval = ratio(samples, LOSS_ERROR.format(TRAINING), *PAIRS[0])
    return verdict("gradient-direction", effect, interval, cases)


def ratio(samples: Sequence[Sample], quantity: str, rival: str, own: str, share: float = JUDGED) -> Interval:
    """The rival's over the other one's, seed by seed."""
    return ratio_interval(*pairs(samples, quantity, (rival, share), (own, share)))


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The two errors by length of the step, and the ratios by pair."""
    *curves, ratios = figure.subplots(1, 3)
    for axes, quantity in zip(curves, (LOSS_ERROR, GRADIENT_CHANGE), strict=True):
        for name in COMPARED[:DRAWN]:
            errors = values_along_x(samples, quantity.format(TRAINING), name)
            band(axes, name, {share: geometric_mean_interval(each) for share, each in errors.items()})
        axes.set(xlabel="promised / loss", xscale="log", yscale="log")
        axes.axvline(JUDGED, color="#8c8c8c", linewidth=0.7)
        axes.set_xticks(PROMISED, [f"{share:g}" for share in PROMISED])
        axes.minorticks_off()
    curves[0].set(ylabel="|decrease - promised| / promised")
    curves[1].set(ylabel="|change of the gradient| / |gradient|")
    curves[0].legend(frameon=False, fontsize=7)
    rows = {
        f"{rival} / {own}, {phase}": (rival, found)
        for (rival, own), phase in product(PAIRS, PHASES)
        if (found := ratio(samples, LOSS_ERROR.format(phase), rival, own)).seeds
    }
    interval_bars(ratios, {k: i for k, (_, i) in rows.items()}, colours=[name for name, _ in rows.values()])
    ratios.axvline(1.0, color="#8c8c8c", linewidth=0.7)
    ratios.tick_params(axis="y", labelsize=7)
    ratios.set(xlabel="error over error")


gradient_direction = Claim(
    name="gradient-direction",
    statement="As ReLU has no second derivative, its gradient shows the way better than sigmoid's or tanh's.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks; no figures are given",
    method=(
        f"Perceptrons of {DEPTH} hidden layers are trained by SGD with momentum 0.9, each activation with "
        "the initialisation and learning rate of the lowest loss on two other seeds; before and 4 times in "
        "training, steps are taken against the gradient of the loss of 512 examples, and taken back. "
        "Compared is by how much the decrease of the loss differs from the promised one, and by how much the "
        f"gradient changes along the step, for steps that promise {100 * JUDGED:.0f} % of the loss; also of "
        "activations that differ in little but their second derivative."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="how much better ReLU's gradient is",
            value="no figure was found",
            source="the statement is repeated without a measurement",
            provenance="secondary",
        ),
    ),
)
