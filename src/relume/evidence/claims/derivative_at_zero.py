"""ReLU has no derivative at 0; whichever of 0, 1/2 and 1 is taken, training comes to the same."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, product, repeat
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.recognition import recognise_module
from relume.evidence.claim import Claim, Effort, Part, Published, Subject
from relume.evidence.drawing import band, interval_bars
from relume.evidence.picking import values
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.training import Precision, best_rate, train
from relume.evidence.verdicts import above, both, verdict, within
from relume.studies.intervals import difference_interval, mean_interval
from relume.studies.mlp import MLP
from relume.studies.plain import accuracy
from relume.studies.protocol import Training
from relume.types import Holding, Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ZERO, HALF, ONE = "relu", "relu_half_at_zero", "relu_one_at_zero"  # the catalogue's three ReLUs
TAKEN = {ZERO: "0", HALF: "1/2", ONE: "1"}
# What a layer's pass runs in; and float32 whose partial sums are rounded to 16 bits, as GPUs may add them.
PRECISIONS: Mapping[str, tuple[Precision, torch.dtype | None]] = {
    "float32": ("float32", None),
    "bfloat16": ("bfloat16", None),
    "float16": ("float16", None),
    "sums in bfloat16": ("float32", torch.bfloat16),
    "sums in float16": ("float32", torch.float16),
}
PARTIAL_SUMS = 8
NETWORK = MLP(4, 64)
RATES = (0.01, 0.03, 0.1)
SEEDS: Mapping[Effort, int] = {"quick": 10, "default": 16, "full": 40}
STEPS: Mapping[Effort, int] = {"quick": 60, "default": 200, "full": 2000}
BATCH = 64
# Differences in accuracy below one point are called none: a published comparison reports no finer ones.
SAME = 0.01
ACCURACY, CHANCE = "test accuracy", "share of the commonest class"
ZEROS, RATE = "pre-activations that are exactly 0", "learning rate"


def plan(subject: Subject, effort: Effort) -> Sequence[Part]:
    """One part a choice of f'(0) and a precision."""
    common: Part = {"steps": STEPS[effort], "seeds": SEEDS[effort]}
    return [{"relu": name, "precision": each, **common} for each, name in product(PRECISIONS, TAKEN)]


def measure(subject: Subject, part: Part) -> Iterator[Sample]:
    """Choose the learning rate on other seeds, then train one network a seed with it; count exact zeros."""
    name = str(part["relu"])
    precision, rounded = PRECISIONS[str(part["precision"])]
    data, training = dataset(subject), Training(steps=int(part["steps"]), batch_size=BATCH)
    series = f"{name}, {part['precision']}"

    def trained(rate: float, seed: int) -> tuple[nn.Module, float, float]:
        model = network(subject, name, seed=seed)
        with one_thread(seed), rounded_sums(model, rounded), counted_zeros(model, name) as counts:
            history = train(model, data, seed=seed, rate=rate, training=training, precision=precision)
        return model, history.final_loss, counts[0] / max(counts[1], 1)

    rate = best_rate(lambda rate, seed: trained(rate, seed)[1], RATES)
    yield Sample(quantity=RATE, series=series, value=rate)
    shares = torch.bincount(data.test_y).double() / len(data.test_y)
    yield Sample(quantity=CHANCE, series=series, value=float(shares.max()))
    for seed in range(int(part["seeds"])):
        model, _, zeros = trained(rate, seed)
        yield Sample(quantity=ACCURACY, series=series, seed=seed, value=accuracy(model, data))
        yield Sample(quantity=ZEROS, series=series, seed=seed, value=zeros)


def network(subject: Subject, name: str, *, seed: int) -> nn.Module:
    """The user's network as it comes, or the claim's own with He's initialisation."""
    scheme = "he" if subject.network is None else "pytorch"
    own = activations[name]
    return build(subject, own, fallback=NETWORK, initialisation=scheme, seed=seed)  # type: ignore[arg-type]


@contextmanager
def rounded_sums(model: nn.Module, to: torch.dtype | None) -> Iterator[None]:
    """Let linear layers add up eight partial sums of their products that are each kept in this precision.

    Only where such sums are kept in 16 bits do pre-activations cancel to exactly 0 now and then. Backward the
    rounding is passed over.
    """

    def added(layer: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        assert isinstance(layer, nn.Linear)
        parts = zip(args[0].chunk(PARTIAL_SUMS, -1), layer.weight.chunk(PARTIAL_SUMS, -1), strict=True)
        total = torch.zeros_like(output, dtype=to)
        with torch.no_grad():
            for bias, (x, weight) in zip(chain([layer.bias], repeat(None)), parts, strict=False):
                total = (total + F.linear(x, weight, bias).to(to)).to(to)  # both are kept in 16 bits
        # The rounded value, with the gradient of the other.
        return total.to(output.dtype) + (output - output.detach())

    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)] if to else []
    hooks = [layer.register_forward_hook(added) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def counted_zeros(model: nn.Module, name: str) -> Iterator[list[int]]:
    """Count, over all passes, the pre-activations that are exactly 0, and all of them."""
    counts = [0, 0]

    def count(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        counts[0] += int((args[0] == 0).sum())
        counts[1] += args[0].numel()

    hooks = [
        module.register_forward_pre_hook(count)
        for module in model.modules()
        if (found := recognise_module(module)) is not None and found.name == name
    ]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()


def judge(samples: Sequence[Sample]) -> Verdict:
    """In each precision all three have to learn, and to differ by less than one point of accuracy."""
    cases: dict[str, Holding] = {}
    differences: dict[str, Interval] = {}
    for precision in PRECISIONS:
        reached = {name: values(samples, ACCURACY, f"{name}, {precision}") for name in TAKEN}
        if not all(reached.values()):
            continue
        learn = [above(mean_interval(reached[n]), _chance(samples)) for n in TAKEN]
        found = {n: difference_interval(reached[n], reached[ZERO]) for n in (HALF, ONE)}
        same = [within(found[n], -SAME, SAME) for n in (HALF, ONE)]
        points = ", ".join(f"f'(0) = {TAKEN[n]}: {100 * found[n].estimate:+.2f} points" for n in found)
        cases[f"{precision} ({points})"] = both(*_one_is_enough(learn), *same)
        differences[precision] = found[ONE]
    lowest = list(differences)[-1]
    effect = f"test accuracy, f'(0) = 1 less f'(0) = 0, {lowest}"
    return verdict("derivative-at-zero", effect, differences[lowest], cases)


def draw(samples: Sequence[Sample], figure: "Figure") -> None:
    """How far accuracies lie from that of f'(0) = 0, and how often a pre-activation is 0 at all."""
    left, right = figure.subplots(1, 2)
    rows, colours = {}, []
    for precision, name in product(PRECISIONS, (HALF, ONE)):
        own, other = (values(samples, ACCURACY, f"{n}, {precision}") for n in (name, ZERO))
        if own and other:
            found = difference_interval(own, other)
            rows[f"{precision}, f'(0) = {TAKEN[name]}"] = Interval(
                100 * found.estimate, 100 * found.low, 100 * found.high, found.seeds
            )
            colours.append(name)
    interval_bars(left, rows, colours=colours)
    left.axvspan(-100 * SAME, 100 * SAME, color="#8c8c8c", alpha=0.15, linewidth=0)
    left.set(xlabel="test accuracy less that of f'(0) = 0 (points)")
    for name, taken in TAKEN.items():
        found_zeros = {
            float(place): mean_interval(shares)
            for place, precision in enumerate(PRECISIONS)
            if (shares := values(samples, ZEROS, f"{name}, {precision}"))
        }
        band(right, name, found_zeros, label=f"f'(0) = {taken}")
    right.set_xticks(range(len(PRECISIONS)), [each.replace(" in ", " in\n") for each in PRECISIONS])
    right.tick_params("x", labelsize=7)
    right.set_yscale("symlog", linthresh=1e-6)
    right.set(xlabel="precision", ylabel="share of pre-activations exactly 0", ylim=(-1e-7, 1))
    right.legend(frameon=False, fontsize=8)


def _one_is_enough(learn: Sequence[Holding]) -> Sequence[Holding]:
    """Where none learns nothing can be compared; where one does, the difference tells of the others."""
    return ["holds"] if "holds" in learn else ["not decided"]


def _chance(samples: Sequence[Sample]) -> float:
    return max(s.value for s in samples if s.quantity == CHANCE)


derivative_at_zero = Claim(
    name="derivative-at-zero",
    statement="ReLU has no derivative at 0, and any value from 0 to 1 that is taken there works as well.",
    source="Goodfellow, Bengio & Courville (2016), Deep learning, section 6.3; and most textbooks",
    method=(
        f"Perceptrons of {NETWORK.depth} hidden layers of {NETWORK.width} units, from He's initialisation, "
        f"are trained by SGD with momentum in batches of {BATCH} with 0, 1/2 or 1 as ReLU's slope at 0: "
        "in float32, under autocast in bfloat16 and float16, and in float32 with every layer's sums rounded "
        "to 16 bits, from the same draws and on the same batches. Each has its own best learning rate of "
        f"{len(RATES)}, chosen on two other seeds; compared is the accuracy on the test set, seed by seed, "
        "and less than one point counts as no difference."
    ),
    plan=plan,
    measure=measure,
    judge=judge,
    draw=draw,
    published=(
        Published(
            quantity="an effect of f'(0)",
            value="with 16 bits large, with 32 bits for some networks, with 64 bits none",
            source="Bertoin, Bolte, Gerchinovitz & Pauwels (2021), Numerical influence of ReLU'(0)",
            provenance="remembered",
        ),
    ),
)
