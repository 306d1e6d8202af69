"""ReLU and its derivative take less time than sigmoid and tanh; how much of a training step that is."""

import dataclasses
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.activation import Alias
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import band, colour, interval_bars
from relume.evidence.kept_bytes import kept_bytes
from relume.evidence.picking import values
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.timing import passes, rounds
from relume.evidence.verdicts import above, verdict
from relume.replacement import replace
from relume.studies.intervals import geometric_mean_interval
from relume.studies.mlp import MLP
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIVALS = ("sigmoid", "tanh")
BESIDE = ("leaky_relu", "softplus", "elu", "gelu")  # shown for comparison; no verdict rests on them
NETWORK = MLP(3, 256)
DTYPES: Mapping[Effort, tuple[str, ...]] = {
    "quick": ("float32", "bfloat16"),
    "default": ("float32", "bfloat16", "float16", "float64"),
    "full": ("float32", "bfloat16", "float16", "float64"),
}
ELEMENTS: Mapping[Effort, tuple[int, ...]] = {
    "quick": (10**4, 10**6),
    "default": (10**4, 10**5, 10**6, 10**7),
    "full": (10**3, 10**4, 10**5, 10**6, 10**7),
}
REPEATS: Mapping[Effort, int] = {"quick": 10, "default": 10, "full": 20}
ROUNDS: Mapping[Effort, int] = {"quick": 25, "default": 25, "full": 50}
BATCH = 128
FEW_ROUNDS, FROM_ELEMENTS = 5, 10**7  # of what takes long a round is an average by itself
LEAST_ELEMENTS = 200_000  # of fewer it would be the clock that is timed: calls are repeated up to that
MUCH_CHEAPER = 2.0  # times as long as ReLU, forward and backward together
NOTICED = 1.1  # of a whole training step: a tenth more
FORWARD, BACKWARD = "forward, over ReLU's time", "backward, over ReLU's time"
WHOLE = "forward and backward, over ReLU's time"
OVER_COPY, TIME = "forward and backward, over a memory copy's time", "time of an element, {}"
KEPT, KEPT_MORE = "bytes kept for backward", "bytes kept for backward beyond those of linear layers"
STEP, SHARE = "whole training step, over ReLU's time", "activations' share of a whole training step"
GPUS = "GPUs at hand"
_NOTHING = "nothing"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a type, a size, a device and a repetition; one a repetition of the training step."""
    common: Part = {"rivals": " ".join(RIVALS + BESIDE), "rounds": ROUNDS[effort]}
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    elements: list[Part] = [
        {"what": "element", "dtype": dtype, "elements": size, "device": device, "seed": seed, **common}
        for dtype, size, device, seed in product(
            DTYPES[effort], ELEMENTS[effort], devices, range(REPEATS[effort])
        )
    ]
    steps: list[Part] = [
        {"what": "step", "device": device, "seed": seed, **common}
        for device, seed in product(devices, range(REPEATS[effort]))
    ]
    return elements + steps


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Time in interleaved rounds; ratios are of one round."""
    with one_thread(int(part["seed"])):
        yield from _step(subject, part) if part["what"] == "step" else _element(part)


def _element(part: Part) -> Iterator[Sample]:
    names, device = ["relu", *str(part["rivals"]).split()], str(part["device"])
    size, seed = int(part["elements"]), int(part["seed"])
    dtype = getattr(torch, str(part["dtype"]))
    place = f"{part['dtype']}, {device}"
    source = torch.randn(size, generator=torch.Generator().manual_seed(seed)).to(device, dtype)
    target = torch.empty_like(source)
    calls: dict[str, Callable[[], object]] = {"copy": lambda: target.copy_(source)}
    for name in names:
        calls[f"{name} forward"], calls[f"{name} backward"] = passes(activations[name], source)
    count = int(part["rounds"]) if size < FROM_ELEMENTS else FEW_ROUNDS
    times = rounds(calls, count, device=device, repeats=max(1, LEAST_ELEMENTS // size))

    def sample(quantity: str, name: str, values: Sequence[float], unit: str = "1") -> Sample:
        series, value = f"{name}, {place}", statistics.median(values)
        return Sample(quantity=quantity, series=series, x=size, seed=seed, value=value, unit=unit)

    whole = {n: _sum(times[f"{n} forward"], times[f"{n} backward"]) for n in names}
    for name in names:
        for way, ratio in (("forward", FORWARD), ("backward", BACKWARD)):
            own = times[f"{name} {way}"]
            yield sample(TIME.format(way), name, [t / size for t in own], "ns")
            yield sample(ratio, name, _ratios(own, times[f"relu {way}"]))
        yield sample(WHOLE, name, _ratios(whole[name], whole["relu"]))
        yield sample(OVER_COPY, name, _ratios(whole[name], times["copy"]))
        if seed == 0:
            alone, more = kept_bytes(activations[name], dtype, device)
            yield sample(KEPT, name, [alone], "bytes")
            yield sample(KEPT_MORE, name, [more], "bytes")
    yield Sample(quantity=GPUS, series="this machine", seed=seed, value=torch.cuda.device_count())


def _step(subject: Subject, part: Part) -> Iterator[Sample]:
    names, seed, device = ["relu", *str(part["rivals"]).split()], int(part["seed"]), str(part["device"])
    models = {name: build(subject, activations[name], fallback=NETWORK, seed=seed) for name in names}
    models[_NOTHING] = without_activation(models["relu"])
    steps = {name: training_step(subject, model, device=device) for name, model in models.items()}
    times = rounds(steps, int(part["rounds"]), device=device, repeats=1)
    for name in names:
        for quantity, value in (
            (STEP, statistics.median(_ratios(times[name], times["relu"]))),
            (SHARE, 1 - statistics.median(_ratios(times[_NOTHING], times[name]))),
        ):
            yield Sample(quantity=quantity, series=f"{name}, {device}", seed=seed, value=value)


def without_activation(model: nn.Module) -> nn.Module:
    """The same network with nothing in the place of its ReLUs: what a step costs without them."""
    relu = activations["relu"]
    nothing = dataclasses.replace(relu, name=_NOTHING, value=lambda x: x, aliases=(Alias(nn.Identity),))
    return replace(model, {"relu": nothing})


def training_step(subject: Subject, model: nn.Module, *, device: str) -> Callable[[], object]:
    """One step of SGD with momentum on one batch."""
    data = dataset(subject)
    x, y = data.train_x[:BATCH].to(device), data.train_y[:BATCH].to(device)
    model.to(device)
    # A rate of 0: every step costs the same, and no network leaves the range it started in.
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9)
    model.train()

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def judge(samples: Sequence[Sample]) -> Verdict:
    """Each by itself: twice ReLU's time is much; of a whole training step a tenth is noticed."""
    cases: dict[str, Holding] = {}
    rivals = _rivals(samples)
    for name, (place, size) in product(rivals, _judged(samples)):
        found = _interval(samples, WHOLE, f"{name}, {place}", size)
        cases[f"{name}, {place}, {size:,.0f} elements ({found.estimate:.3g})"] = above(found, MUCH_CHEAPER)
    devices = dict.fromkeys(s.series.split(", ")[1] for s in samples if s.quantity == STEP)
    for name, device in product(rivals, devices):
        found = _interval(samples, STEP, f"{name}, {device}")
        cases[f"{name}, a whole training step, {device} ({found.estimate:.3g})"] = above(found, NOTICED)
    place, size = _judged(samples)[0]
    name = rivals[-1]
    gpu = "" if any(s.quantity == GPUS and s.value for s in samples) else "; no GPU was at hand"
    effect = f"time forward and backward, {name} over ReLU, {place}, {size:,.0f} elements{gpu}"
    return verdict("cost", effect, _interval(samples, WHOLE, f"{name}, {place}", size), cases)


def _judged(samples: Sequence[Sample]) -> list[tuple[str, float]]:
    """Of each type and device the largest size, float32 first, then float32's smallest."""
    sizes: dict[str, list[float]] = {}
    for s in samples:
        if s.quantity == WHOLE:
            sizes.setdefault(s.series.split(", ", 1)[1], []).append(s.x)
    places = sorted(sizes, key=lambda place: not place.startswith("float32"))
    small = [(p, min(sizes[p])) for p in places if p.startswith("float32") and len(set(sizes[p])) > 1]
    return [(place, max(sizes[place])) for place in places] + small


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """Time of an element, its ratio to ReLU's by size, and the ratio of whole training steps."""
    left, middle, right = figure.subplots(1, 3)
    size = max(s.x for s in samples if s.quantity == WHOLE)
    names = list(dict.fromkeys(s.series.split(", ")[0] for s in samples if s.quantity == WHOLE))
    for row, name in enumerate(names):
        ways = [
            statistics.median(values(samples, TIME.format(way), f"{name}, float32, cpu", size))
            for way in ("forward", "backward")
        ]
        left.barh([row], ways[0], color=colour(name))
        left.barh([row], ways[1], left=ways[0], color=colour(name), alpha=0.5)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set(xlabel="ns an element: forward, backward (pale)")
    left.set_title(f"float32, {size:,.0f} elements", loc="left")
    for name in _rivals(samples):
        series = [s for s in dict.fromkeys(s.series for s in samples) if s.startswith(f"{name}, float32")]
        for each in series:
            sizes = sorted({s.x for s in samples if (s.quantity, s.series) == (WHOLE, each)})
            band(middle, name, {x: _interval(samples, WHOLE, each, x) for x in sizes}, label=each)
    middle.axhline(MUCH_CHEAPER, color="#8c8c8c", linewidth=0.7)
    middle.set(xlabel="elements", ylabel="time over ReLU's, both passes", xscale="log", ylim=(0, None))
    middle.legend(frameon=False, fontsize=8)
    steps = {name: _interval(samples, STEP, f"{name}, cpu") for name in names if name != "relu"}
    interval_bars(right, {name: found for name, found in steps.items() if found.seeds})
    right.axvline(1.0, color=colour("relu"), linewidth=1)
    right.axvline(NOTICED, color="#8c8c8c", linewidth=0.7)
    right.set(xlabel="training step over ReLU's")


def _rivals(samples: Sequence[Sample]) -> list[str]:
    """What the verdict compares with ReLU: sigmoid and tanh, or what else was measured instead of them."""
    names = dict.fromkeys(s.series.split(", ")[0] for s in samples if s.quantity == WHOLE)
    return [n for n in RIVALS if n in names] or [n for n in names if n != "relu"]


def _sum(one: Sequence[float], two: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(one, two, strict=True)]


def _ratios(own: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(own, other, strict=True)]


def _interval(samples: Sequence[Sample], quantity: str, series: str, x: float = 0.0) -> Interval:
    return geometric_mean_interval(values(samples, quantity, series, x))


def _tanh_forward(samples: Sequence[Sample]) -> Interval:
    return _largest(samples, FORWARD, "tanh, float32, cpu")


def _tanh_step(samples: Sequence[Sample]) -> Interval:
    return _interval(samples, STEP, "tanh, cpu")


def _sigmoid_step(samples: Sequence[Sample]) -> Interval:
    return _interval(samples, STEP, "sigmoid, cpu")


def _largest(samples: Sequence[Sample], quantity: str, series: str) -> Interval:
    sizes = [s.x for s in samples if (s.quantity, s.series) == (quantity, series)]
    return _interval(samples, quantity, series, max(sizes, default=0.0))


DERCZYNSKI = "Derczynski (2020), Power consumption variation over activation functions, its raw data"

cost = Claim(
    name="cost",
    statement="ReLU and its derivative are much cheaper to compute than sigmoid and tanh, which need an exp.",
    source="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 3.1",
    method=(
        "The forward and the backward pass of each activation alone, and a whole training step of a "
        f"perceptron of {NETWORK.depth} layers of {NETWORK.width} units in batches of {BATCH}, are timed in "
        "interleaved rounds in one thread by the processor time of the process; each value is the median of "
        f"each round's ratio to ReLU. Much cheaper is {MUCH_CHEAPER:g} times, of a whole step a tenth; the "
        "interval is over repetitions in processes of their own."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="prediction of four layers, sigmoid and tanh over ReLU, laptop processor",
            value="1.09 and 1.45",
            source=DERCZYNSKI,
            provenance="derived",
            ours=_tanh_step,
        ),
        Published(
            quantity="the same, server processor",
            value="1.01 and 1.03",
            source=DERCZYNSKI,
            provenance="derived",
            ours=_sigmoid_step,
        ),
        Published(
            quantity="tanh over ReLU, the activation alone, laptop processor",
            value="2.39",
            source=DERCZYNSKI,
            provenance="derived",
            ours=_tanh_forward,
        ),
    ),
    repeatable=False,  # it measures time
)
