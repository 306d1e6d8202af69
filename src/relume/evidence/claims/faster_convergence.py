"""ReLU networks reach a training loss in fewer steps than sigmoid and tanh networks, each at its best."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from time import process_time
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.contest import best_setting, contestant, final_loss, settings, steps_until, trained
from relume.evidence.drawing import band, interval_bars
from relume.evidence.picking import along_x, by_seed
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.training import guessing_loss, thinned
from relume.evidence.verdicts import above, both, verdict
from relume.studies.intervals import median_interval
from relume.studies.mlp import MLP
from relume.studies.optimizers import torch_optimizer
from relume.studies.protocol import Job, Training, batch_order
from relume.types import Initialisation, Interval, Outcome, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIVALS = ("tanh", "sigmoid")
COMPARED = ("relu", *RIVALS)
DEPTHS = (3, 10)
OWN_DEPTH = 0  # the place of what is measured on a user's network
SCHEMES: tuple[Initialisation, ...] = ("xavier", "he")
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCH = 64
WIDTHS: Mapping[Effort, int] = {"quick": 48, "default": 64, "full": 128}
SEEDS: Mapping[Effort, int] = {"quick": 8, "default": 12, "full": 24}
STEPS: Mapping[Effort, int] = {"quick": 400, "default": 1000, "full": 4000}
TARGETS = (0.5, 0.3, 0.2)  # of the loss of guessing
JUDGED = 0.3  # on Fashion-MNIST a loss at which about 25 % of the training examples are wrong
SEVERAL = 2.0  # the least that 'several times' can mean
TIMED_STEPS = 20
CURVE, RATE, STEP_TIME = "training loss over that of guessing", "learning rate", "CPU time of a training step"
CURVE_POINTS = 25


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation and a depth, and one that times a step at each depth."""
    depths = DEPTHS if subject.network is None else (OWN_DEPTH,)
    common: Part = {"width": WIDTHS[effort], "seeds": SEEDS[effort]}
    return [
        *(
            {"activation": a, "depth": d, "steps": STEPS[effort], **common}
            for a, d in product(COMPARED, depths)
        ),
        *({"activation": "all, timed", "depth": d, "steps": TIMED_STEPS, **common} for d in depths),
    ]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Choose initialisation and learning rate on other seeds, then count the steps of each seed."""
    name, depth, seeds = str(part["activation"]), int(part["depth"]), int(part["seeds"])
    network, data = MLP(max(depth, 1), int(part["width"])), dataset(subject)
    training = Training(batch_size=BATCH, steps=int(part["steps"]))
    if name not in activations:
        yield from _timed(subject, network, training, depth, seeds)
        return
    guessing = guessing_loss(data)

    def steps_or_loss(outcome: Outcome) -> float:
        # What never gets there is ranked behind all that does, by its loss at the end.
        steps = steps_until(outcome, JUDGED * guessing)
        return steps if math.isfinite(steps) else training.steps * (1 + final_loss(outcome) / guessing)

    own = contestant(subject, network)
    best = best_setting(own, settings(own, name, SCHEMES, RATES), data, training, steps_or_loss)
    yield Sample(quantity=f"{RATE}, {best.initialisation}", series=name, x=depth, value=best.learning_rate)
    for outcome in trained(own, [Job(best, seed) for seed in range(seeds)], data, training):
        for share in TARGETS:
            steps = steps_until(outcome, share * guessing)
            yield Sample(
                quantity=steps_to(share), series=name, x=depth, seed=outcome.seed, value=steps, unit="steps"
            )
        for step, loss in thinned(outcome.losses.tolist(), points=CURVE_POINTS):
            series = f"{name}, {where(depth)}"
            yield Sample(quantity=CURVE, series=series, x=step, seed=outcome.seed, value=loss / guessing)


def _timed(subject: Subject, network: MLP, training: Training, depth: int, seeds: int) -> Iterator[Sample]:
    """Take turns, so that whatever else the machine does meets all activations alike."""
    models = {name: build(subject, activations[name], fallback=network) for name in COMPARED}
    data = dataset(subject)
    with one_thread(0):
        for seed, name in product(range(-1, seeds), COMPARED):  # the first round warms up
            milliseconds = 1000 * _seconds_a_step(
                models[name], data.train_x, data.train_y, training, seed=seed
            )
            if seed >= 0:
                yield Sample(
                    quantity=STEP_TIME, series=name, x=depth, seed=seed, value=milliseconds, unit="ms"
                )


def _seconds_a_step(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, training: Training, *, seed: int
) -> float:
    optimizer = torch_optimizer(training.optimizer, list(model.parameters()), min(RATES))
    batches = batch_order(len(y), training, max(seed, 0))
    began = process_time()
    for batch in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return (process_time() - began) / len(batches)


def judge(samples: Sequence[Sample]) -> Verdict:
    """A rival has to need several times ReLU's steps, and several times its seconds."""
    cases = {}
    for depth, rival in product(_depths(samples), RIVALS):
        steps, seconds = (ratio(samples, rival, depth, timed=timed) for timed in (False, True))
        if steps.seeds:
            cases[f"{rival}, {where(depth)} ({_times(steps, seconds)})"] = both(
                above(steps, SEVERAL), above(seconds, SEVERAL)
            )
    depth = _depths(samples)[0]
    rival = next((name for name in RIVALS if ratio(samples, name, depth).seeds), RIVALS[0])
    effect = f"steps to {JUDGED:g} of the loss of guessing, {rival} over ReLU, {where(depth)}"
    return verdict("faster-convergence", effect, ratio(samples, rival, depth), cases)


def ratio(samples: Sequence[Sample], rival: str, depth: int, *, timed: bool = False) -> Interval:
    """The rival's steps, or seconds, to the judged loss over ReLU's of the same seed: the median."""
    own, other = (by_seed(samples, steps_to(JUDGED), name, depth) for name in ("relu", rival))
    if timed:
        own, other = (_in_seconds(samples, steps, n, depth) for n, steps in (("relu", own), (rival, other)))
    # A seed that neither of the two got there with says nothing of which is faster.
    pairs = [(own[s], other[s]) for s in sorted(own) if s in other and math.isfinite(min(own[s], other[s]))]
    return median_interval([b / a for a, b in pairs])


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """The loss by step at each depth, and the ratios to ReLU."""
    depths = _depths(samples)
    *curves, ratios = figure.subplots(1, len(depths) + 1)
    for axes, depth in zip(curves, depths, strict=True):
        for name in COMPARED:
            band(axes, name, along_x(samples, CURVE, f"{name}, {where(depth)}"))
        axes.axhline(JUDGED, color="#8c8c8c", linewidth=0.7)
        axes.set(xlabel="step", ylabel="loss over guessing's", ylim=(0, 1.2))
        axes.set_title(where(depth), loc="left")
    curves[0].legend(frameon=False, fontsize=8)
    rows = {
        f"{rival}, {where(depth)}, {'time' if timed else 'steps'}": (rival, found)
        for depth, rival, timed in product(depths, RIVALS, (False, True))
        if (found := ratio(samples, rival, depth, timed=timed)).seeds and math.isfinite(found.estimate)
    }
    interval_bars(ratios, {k: i for k, (_, i) in rows.items()}, colours=[name for name, _ in rows.values()])
    for bound in (1.0, SEVERAL):
        ratios.axvline(bound, color="#8c8c8c", linewidth=0.7)
    never = [
        f"{rival}, {where(depth)}"
        for depth, rival in product(depths, RIVALS)
        if math.isinf(ratio(samples, rival, depth).estimate)
    ]
    ratios.tick_params(axis="y", labelsize=8)
    ratios.set(xlabel="over ReLU's")
    ratios.set_title(f"never got to {JUDGED:g}:\n{', '.join(never)}" if never else "", loc="left", fontsize=8)


def steps_to(share: float) -> str:
    """The quantity of the steps to this share of the loss of guessing."""
    return f"steps to {share:g} of the loss of guessing"


def where(depth: float) -> str:
    """The network in words."""
    return "this network" if depth == OWN_DEPTH else f"{depth:g} layers"


def _times(steps: Interval, seconds: Interval) -> str:
    if math.isinf(steps.estimate):
        return "it did not get there"
    return f"{steps.estimate:.2g} times the steps, {seconds.estimate:.2g} the time"


def _depths(samples: Sequence[Sample]) -> list[int]:
    return sorted({int(s.x) for s in samples if s.quantity == steps_to(JUDGED)})


def _in_seconds(
    samples: Sequence[Sample], steps: Mapping[int, float], name: str, depth: int
) -> dict[int, float]:
    milliseconds = by_seed(samples, STEP_TIME, name, depth)
    return {seed: n * milliseconds[seed] / 1000 for seed, n in steps.items() if seed in milliseconds}


def _tanh_over_relu(samples: Sequence[Sample]) -> Interval:
    return ratio(samples, "tanh", _depths(samples)[0])


faster_convergence = Claim(
    name="faster-convergence",
    statement="ReLU networks reach a given training loss several times faster than sigmoid or tanh networks.",
    source="Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional networks",
    method=(
        f"Perceptrons of {' and '.join(map(str, DEPTHS))} hidden layers of one width are trained by SGD with "
        f"momentum 0.9 on batches of {BATCH}, unregularised, each activation with the initialisation "
        f"({' or '.join(SCHEMES)}) and the learning rate (of {len(RATES)} from {RATES[0]:g} to "
        f"{RATES[-1]:g}) that were fastest on two other seeds. Compared are, seed by seed, the steps and the "
        f"CPU time until the mean loss of ten batches is {JUDGED:g} of that of guessing; 'several times' is "
        f"taken as {SEVERAL:g} at least."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="epochs to 25 % training error, CIFAR-10, four convolutional layers, tanh over ReLU",
            value="6 times",
            source="Krizhevsky, Sutskever & Hinton (2012), figure 1",
            provenance="paper",
            number=6.0,
            ours=_tanh_over_relu,
        ),
    ),
    repeatable=False,  # it times steps
)
