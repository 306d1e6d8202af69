"""ReLU units die at high learning rates, for good; leaky ones do not. And of what else units die."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import torch

from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.deaths import EXAMPLES, dormant_share, live, network, random_labels, revived
from relume.evidence.drawing import OTHERS, band
from relume.evidence.picking import along_x, mean_of, pairs, series_of
from relume.evidence.subjects import dataset, one_thread
from relume.evidence.training import SELECTION_SEEDS
from relume.evidence.verdicts import above, below, both, verdict
from relume.studies.intervals import difference_interval
from relume.studies.mlp import MLP
from relume.studies.protocol import OptimizerName, Training, batch_order
from relume.theory.born_dead import lower_bound, simulate, upper_bound
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARED = ("relu", "leaky_relu", "prelu", "elu")
RATES: Mapping[OptimizerName, tuple[float, ...]] = {
    "momentum": (0.01, 0.05, 0.1, 0.15),
    "adam": (0.001, 0.01, 0.03, 0.1),
}
DEPTH, BATCH = 3, 64
WIDTHS: Mapping[Effort, int] = {"quick": 48, "default": 64, "full": 128}
SEEDS: Mapping[Effort, int] = {"quick": 6, "default": 10, "full": 20}
STEPS: Mapping[Effort, int] = {"quick": 120, "default": 400, "full": 2000}
BORN = ((3, 10), (5, 10), (10, 10), (64, 10))  # width, weight layers; those that Lu et al. tell of, and ours
BORN_NETWORKS: Mapping[Effort, int] = {"quick": 200, "default": 1000, "full": 5000}  # for each seed
TASKS, TASK_EXAMPLES, TASK_RATE = 6, 1000, 0.003  # of Adam, whose dead units Dohare et al. found most of
MANY = 0.1  # of the units: what is called dying here, as relume's own rule does
LOOKS = 6
DEAD, BACK = "dead units", "units once dead that are alive at the end"
ACCURACY, CHOOSING = "test accuracy", "{}, seeds to choose by"
BY_STEP, BORN_DEAD = "dead units by step", "networks born dead"
DORMANT, DEAD_BY_TASK = "dormant units by task", "dead units by task"
AFTER, AFTER_ACCURACY = "dead units after a gentler training", "test accuracy after a gentler training"
AS_THEY_ARE, REVIVED = "dead as they are", "dead revived"
FIXED, SHIFTING = "the same labels", "shifting labels"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part an activation and an optimiser, and those of the other causes of death and of revival."""
    common: Part = {"width": WIDTHS[effort], "steps": STEPS[effort], "seeds": SEEDS[effort]}
    parts: list[Part] = [
        {"of": "rates", "activation": a, "optimizer": o, **common} for a, o in product(COMPARED, RATES)
    ]
    parts += [
        {"of": "revival", **common},
        *({"of": "tasks", "labels": of, **common} for of in (FIXED, SHIFTING)),
    ]
    if subject.network is None:
        networks = BORN_NETWORKS[effort]
        parts += [{"of": "birth", "width": n, "depth": d, "seeds": 8, "networks": networks} for n, d in BORN]
    return parts


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Do the experiment that the part is of."""
    with one_thread(0):
        if part["of"] == "birth":
            yield from _birth(part)
        else:
            yield from {"rates": _rates, "revival": _revival, "tasks": _tasks}[str(part["of"])](subject, part)


def _rates(subject: Subject, part: Part) -> Iterator[Sample]:
    """Train at every rate: who is dead when, and who came back."""
    name, data = str(part["activation"]), dataset(subject)
    optimizer = next(each for each in RATES if each == part["optimizer"])
    training = Training(optimizer=optimizer, batch_size=BATCH, steps=int(part["steps"]))
    looks = {max(1, training.steps * look // LOOKS) for look in range(1, LOOKS)}
    series, fallback = f"{name}, {optimizer}", MLP(DEPTH, int(part["width"]))
    # ReLU alone chooses: the others are met at the rate that is deadliest for it.
    seeds = (*(SELECTION_SEEDS if name == "relu" else ()), *range(int(part["seeds"])))
    for rate, seed in product(RATES[optimizer], seeds):
        model = network(subject, name, fallback=fallback, seed=seed)
        life = live(model, data, seed=seed, rate=rate, training=training, looks=looks)
        chosen_by = CHOOSING if seed in SELECTION_SEEDS else "{}"
        found = {ACCURACY: life.accuracy}
        if life.dead:  # it did not diverge before the first look
            found[DEAD] = _share(life.dead[max(life.dead)])
        for quantity, value in found.items():
            yield Sample(quantity=chosen_by.format(quantity), series=series, x=rate, seed=seed, value=value)
        if seed in SELECTION_SEEDS or not life.dead:
            continue
        last, ever = life.dead[max(life.dead)], torch.stack(list(life.dead.values())).any(0)
        if ever.any():
            yield Sample(quantity=BACK, series=series, x=rate, seed=seed, value=_share(~last[ever]))
        for step, dead in life.dead.items():
            curve = f"{series}, rate {rate:g}"
            yield Sample(quantity=BY_STEP, series=curve, x=step, seed=seed, value=_share(dead))


def _revival(subject: Subject, part: Part) -> Iterator[Sample]:
    """Kill units with the highest rate; go on with a gentle one, with and without reviving the dead."""
    data, fallback = dataset(subject), MLP(DEPTH, int(part["width"]))
    training = Training(batch_size=BATCH, steps=int(part["steps"]))
    gentle, *_, deadly = RATES["momentum"]
    for seed in range(int(part["seeds"])):
        model = network(subject, "relu", fallback=fallback, seed=seed)
        if not live(model, data, seed=seed, rate=deadly, training=training).dead:
            continue
        order = batch_order(len(data.train_y), training, seed)[:8]
        batches = [(data.train_x[batch], data.train_y[batch]) for batch in order]
        for series, twin in ((AS_THEY_ARE, copy.deepcopy(model)), (REVIVED, revived(model, batches))):
            life = live(twin, data, seed=seed, rate=gentle, training=training)
            yield Sample(quantity=AFTER_ACCURACY, series=series, seed=seed, value=life.accuracy)
            for dead in life.dead.values():
                yield Sample(quantity=AFTER, series=series, seed=seed, value=_share(dead))


def _tasks(subject: Subject, part: Part) -> Iterator[Sample]:
    """Learn random labels; in one case the same throughout, in the other new ones for every task."""
    data, series = dataset(subject), str(part["labels"])
    training = Training(optimizer="adam", batch_size=BATCH, steps=int(part["steps"]))
    for seed in range(int(part["seeds"])):
        generator = torch.Generator().manual_seed(seed)
        model = network(subject, "relu", fallback=MLP(DEPTH, int(part["width"])), seed=seed)
        labels = random_labels(data, TASK_EXAMPLES, generator)
        for task in range(1, TASKS + 1):
            drawn = replace(data, train_x=data.train_x[: len(labels)], train_y=labels)
            life = live(model, drawn, seed=seed, rate=TASK_RATE, training=training)
            if training.steps not in life.dead:
                break  # it diverged
            dormant = dormant_share(model, data.train_x[:EXAMPLES], "relu")
            for quantity, value in ((DORMANT, dormant), (DEAD_BY_TASK, _share(life.dead[training.steps]))):
                yield Sample(quantity=quantity, series=series, x=task, seed=seed, value=value)
            if series == SHIFTING:
                labels = random_labels(data, TASK_EXAMPLES, generator)


def _birth(part: Part) -> Iterator[Sample]:
    """Count the networks that are constant before they are trained, beside what theory bounds them by."""
    width, depth = int(part["width"]), int(part["depth"])
    series = f"width {width}"
    for seed in range(int(part["seeds"])):
        generator = torch.Generator().manual_seed(seed)
        share = simulate(width, depth, networks=int(part["networks"]), generator=generator).estimate
        yield Sample(quantity=BORN_DEAD, series=series, x=depth, seed=seed, value=share)
    for bound, of in (("lower", lower_bound), ("upper", upper_bound)):
        yield Sample(quantity=f"{BORN_DEAD}, {bound} bound", series=series, x=depth, value=of(width, depth))


def judge(samples: Sequence[Sample]) -> Verdict:
    """Of each optimiser whether a high rate kills for good and others are spared; then the other causes."""
    cases: dict[str, Holding] = {}
    tried = [o for o in RATES if f"relu, {o}" in series_of(samples, DEAD)]
    for optimizer in tried:
        cases |= _of_rates(samples, optimizer)
    for series in series_of(samples, BORN_DEAD):
        ((depth, born),) = along_x(samples, BORN_DEAD, series).items()
        said = f"high rates alone: {depth:g} layers of {series}, untrained ({_percent(born)} born dead)"
        cases[said] = below(born, MANY)
    if series_of(samples, DEAD_BY_TASK):
        more = dead_by_shifting(samples)
        cases[f"high rates alone: labels that shift ({_percent(more)} more dead)"] = below(more, MANY)
    effect = f"share of ReLU units dead at the deadliest rate less at the best one, {tried[0]}"
    return verdict("dying-relu", effect, killed(samples, tried[0]), cases)


def _of_rates(samples: Sequence[Sample], optimizer: OptimizerName) -> dict[str, Holding]:
    rate = deadliest_rate(samples, optimizer)
    more, back = killed(samples, optimizer), mean_of(samples, BACK, f"relu, {optimizer}", rate)
    cases: dict[str, Holding] = {
        f"{optimizer}, a high rate kills ({_percent(more)} more dead)": above(more, MANY)
    }
    if back.seeds:
        cases[f"{optimizer}, for good ({_percent(back)} came back)"] = below(back, MANY)
    for name in COMPARED[1:]:
        dead = mean_of(samples, DEAD, f"{name}, {optimizer}", rate)
        if dead.seeds:
            gain = spared(samples, name, optimizer)
            said = f"{optimizer}, {name} is spared ({_percent(dead)} dead, {100 * gain.estimate:+.2g} points)"
            cases[said] = both(below(dead, MANY), above(gain, 0.0))
    return cases


def best_rate(samples: Sequence[Sample], optimizer: OptimizerName) -> float:
    """ReLU's rate of the highest accuracy, on the seeds to choose by."""
    return _highest(along_x(samples, CHOOSING.format(ACCURACY), f"relu, {optimizer}"))


def deadliest_rate(samples: Sequence[Sample], optimizer: OptimizerName) -> float:
    """The rate that leaves most units of ReLU dead, on the seeds to choose by."""
    return _highest(along_x(samples, CHOOSING.format(DEAD), f"relu, {optimizer}"))


def _highest(found: Mapping[float, Interval]) -> float:
    return max(found, key=lambda rate: (found[rate].estimate, rate))


def killed(samples: Sequence[Sample], optimizer: OptimizerName) -> Interval:
    """The share of ReLU's dead units at the deadliest rate less that at the best one."""
    series, best = f"relu, {optimizer}", best_rate(samples, optimizer)
    deadliest = deadliest_rate(samples, optimizer)
    return difference_interval(*pairs(samples, DEAD, (series, deadliest), (series, best)))


def spared(samples: Sequence[Sample], name: str, optimizer: OptimizerName) -> Interval:
    """The accuracy of another activation less that of ReLU, both at the rate that is deadliest for ReLU."""
    rate = deadliest_rate(samples, optimizer)
    places = ((f"{name}, {optimizer}", rate), (f"relu, {optimizer}", rate))
    return difference_interval(*pairs(samples, ACCURACY, *places))


def dead_by_shifting(samples: Sequence[Sample]) -> Interval:
    """The share of dead units after the last task, labels shifting less labels kept."""
    return difference_interval(*pairs(samples, DEAD_BY_TASK, (SHIFTING, TASKS), (FIXED, TASKS)))


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Dead units and accuracy by rate; by step, who dies when; by task, what shifting labels do."""
    by_rate, accuracy, by_step, by_task = figure.subplots(2, 2).flat
    for name in COMPARED:
        band(by_rate, name, along_x(samples, DEAD, f"{name}, momentum"))
        band(accuracy, name, along_x(samples, ACCURACY, f"{name}, momentum"))
    for axes in (by_rate, accuracy):
        axes.set(xlabel="learning rate (momentum 0.9)", xscale="log", ylim=(-0.03, 1.03))
        axes.set_xticks(RATES["momentum"], [f"{rate:g}" for rate in RATES["momentum"]])
        axes.minorticks_off()
    by_rate.set(ylabel=DEAD)
    accuracy.set(ylabel=ACCURACY)
    by_rate.legend(frameon=False, fontsize=7)
    for rate, paint in zip(RATES["momentum"], OTHERS, strict=False):
        curve = along_x(samples, BY_STEP, f"relu, momentum, rate {rate:g}")
        band(by_step, "relu", curve, label=f"rate {rate:g}", paint=paint)
    by_step.set(xlabel="step", ylabel="dead ReLU units", ylim=(-0.03, 1.03))
    by_step.legend(frameon=False, fontsize=7, ncols=2, loc="upper left")
    for (labels, quantity), paint in zip(
        product((SHIFTING, FIXED), (DORMANT, DEAD_BY_TASK)), OTHERS, strict=False
    ):
        label = f"{labels}, {quantity.partition(' ')[0]}"
        band(by_task, "relu", along_x(samples, quantity, labels), label=label, paint=paint)
    by_task.set(xlabel=f"task (Adam, rate {TASK_RATE:g})", ylabel="ReLU units", ylim=(-0.03, 1.03))
    by_task.legend(frameon=False, fontsize=6, ncols=2)


def _share(units: torch.Tensor) -> float:
    return float(units.double().mean())


def _percent(found: Interval) -> str:
    return f"{100 * found.estimate:.2g} %"


dying_relu = Claim(
    name="dying-relu",
    statement="At too high a learning rate ReLU units die for good; leaky ones are spared.",
    source="Maas, Hannun & Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
    method=(
        f"Perceptrons of {DEPTH} hidden layers are trained from He's initialisation at several rates, "
        f"with momentum and with Adam; a unit is dead where its slope is below 0.001 on all of {EXAMPLES:,} "
        f"training examples. Dying is {100 * MANY:.0f} % of the units and more; the other causes tried are "
        "narrow deep networks before training, and random labels that are drawn anew for every task."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="networks of 10 layers born dead: width 3; width 5; width 10",
            value="about 60 %; over 10 %; below 1 %",
            source="Lu, Shin, Su & Karniadakis (2020), Dying ReLU and initialization",
            provenance="secondary",
        ),
        Published(
            quantity="dead units after 800 tasks: SGD; Adam",
            value="up to 25 %; about 60 %",
            source="Dohare et al. (2024), Loss of plasticity in deep continual learning, ext. data figure 3",
            provenance="secondary",
        ),
        Published(
            quantity="units dead where the learning rate is too high",
            value="as much as 40 %",
            source="the course notes CS231n",
            provenance="secondary",
        ),
        Published(
            quantity="dormant units over training: the same labels; labels that shift",
            value="fewer; more",
            source="Sokar, Agarwal, Castro & Evci (2023), The dormant neuron phenomenon",
            provenance="abstract",
        ),
    ),
)
