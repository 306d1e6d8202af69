"""'Cost' with a clock that the activations themselves move on: their cost is then known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.evidence import timing
from relume.evidence.claim import Part, Subject
from relume.evidence.claims import cost as claim
from relume.evidence.claims.cost import BACKWARD, FORWARD, GPUS, KEPT, KEPT_MORE, SHARE, STEP, WHOLE
from relume.evidence.kept_bytes import kept_bytes
from relume.types import Sample

judge = claim.cost.judge


class Clock:
    """Shows nanoseconds that pass only where a planted activation says so; each look takes one."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


class Costing(torch.autograd.Function):
    """The identity, which takes so many nanoseconds forward and as many backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, clock: Clock, nanoseconds: int) -> Tensor:
        ctx.clock, ctx.nanoseconds = clock, nanoseconds
        clock.now += nanoseconds
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        ctx.clock.now += ctx.nanoseconds
        return grads[0], None, None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(timing, "clock", found)
    return found


def costing(clock: Clock, nanoseconds: int) -> nn.Module:
    class Planted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return Costing.apply(x, clock, nanoseconds)  # type: ignore[no-any-return,no-untyped-call]

    return Planted()


def plant(monkeypatch: pytest.MonkeyPatch, clock: Clock, nanoseconds: Mapping[str, int]) -> None:
    """Give the activations of these names a cost."""
    monkeypatch.setattr(Activation, "module", lambda self: costing(clock, nanoseconds[self.name]))


def measured(what: str, *, rivals: str = "sigmoid tanh") -> list[Sample]:
    samples = []
    for seed in range(3):
        part: Part = {"what": what, "dtype": "float32", "elements": 50_000, "device": "cpu"}
        part = {**part, "rivals": rivals, "rounds": 3, "seed": seed}
        samples += list(claim.cost.measure(Subject(), part))
    return samples


def test_it_holds_where_they_cost_five_times_as_much(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    plant(monkeypatch, clock, {"relu": 1000, "sigmoid": 5000, "tanh": 6000})
    samples = measured("element")
    verdict = judge(samples)
    assert verdict.holds == "holds"
    assert verdict.interval.estimate == pytest.approx(6.0, rel=0.01)
    for quantity in (FORWARD, BACKWARD, WHOLE):
        ratios = [s.value for s in samples if (s.quantity, s.series) == (quantity, "sigmoid, float32, cpu")]
        assert ratios == pytest.approx([5.0] * 3, rel=0.01)


def test_it_does_not_hold_where_they_cost_the_same(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    plant(monkeypatch, clock, {"relu": 5000, "sigmoid": 5000, "tanh": 6000})
    assert judge(measured("element")).holds == "does not hold"


def test_the_share_of_a_step_is_what_was_planted(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    def build(subject: Subject, activation: Activation, *, fallback: object, seed: int) -> nn.Module:
        # The rest of the network takes 12,000 ns each way on this clock, the activation what is planted.
        rest = [nn.Flatten(), nn.Linear(784, 10), costing(clock, 12_000)]
        return nn.Sequential(*rest, activation.module())

    plant(monkeypatch, clock, {"relu": 1000, "sigmoid": 4000})
    monkeypatch.setattr(claim, "build", build)
    monkeypatch.setattr(
        claim, "without_activation", lambda model: nn.Sequential(*list(model.children())[:-1])
    )
    samples = measured("step", rivals="sigmoid")
    steps = [s.value for s in samples if (s.quantity, s.series) == (STEP, "sigmoid, cpu")]
    assert steps == pytest.approx([(24 + 8) / (24 + 2)] * 3, rel=0.01)
    shares = [s.value for s in samples if (s.quantity, s.series) == (SHARE, "sigmoid, cpu")]
    assert shares == pytest.approx([8 / (24 + 8)] * 3, rel=0.01)


def test_without_activation_only_the_linear_layers_are_left() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(claim.without_activation(model)(x), model[2](model[0](x)))


def test_a_whole_step_of_real_networks_is_measured() -> None:
    samples = measured("step", rivals="tanh")
    assert {(s.quantity, s.series) for s in samples} == {
        (quantity, f"{name}, cpu") for quantity in (STEP, SHARE) for name in ("relu", "tanh")
    }
    assert all(s.value > 0 for s in samples if s.quantity == STEP)


@pytest.mark.parametrize(
    ("name", "alone", "more"),
    # ReLU, sigmoid and tanh can do with their output, which the next layer keeps anyway; GELU cannot.
    [("relu", 4.0, 0.0), ("sigmoid", 4.0, 0.0), ("tanh", 4.0, 0.0), ("gelu", 4.0, 4.0)],
)
def test_bytes_kept(name: str, alone: float, more: float) -> None:
    assert kept_bytes(activations[name], torch.float32, "cpu") == (alone, more)
    assert kept_bytes(activations[name], torch.bfloat16, "cpu") == (alone / 2, more / 2)


def test_the_measurement_says_what_is_kept_and_whether_there_is_a_gpu() -> None:
    samples = measured("element", rivals="tanh")
    assert {s.value for s in samples if s.quantity == KEPT} == {4.0}
    assert {s.value for s in samples if s.quantity == KEPT_MORE} == {0.0}
    assert {s.value for s in samples if s.quantity == GPUS} == {float(torch.cuda.device_count())}
    assert ("no GPU was at hand" in judge(samples).effect) != torch.cuda.is_available()


def made(quantity: str, series: str, values: Sequence[float], *, size: float = 0.0) -> Iterator[Sample]:
    for seed, value in enumerate(values):
        yield Sample(quantity=quantity, series=series, x=size, seed=seed, value=value)


LONG, SHORT, WIDE = (4.0, 4.1, 3.9), (1.2, 1.21, 1.19), (1.0, 4.0, 2.0)


@pytest.mark.parametrize(
    ("whole", "step", "holds"),
    [
        (LONG, LONG, "holds"),
        (LONG, (1.0, 1.01, 1.02), "holds within limits"),
        (SHORT, (1.0, 1.01, 1.02), "does not hold"),
        (WIDE, WIDE, "not decided"),
    ],
)
def test_every_answer_is_possible(whole: Sequence[float], step: Sequence[float], holds: str) -> None:
    samples = [*made(WHOLE, "tanh, float32, cpu", whole, size=1e6), *made(STEP, "tanh, cpu", step)]
    verdict = judge(samples)
    assert verdict.holds == holds
    assert ("not at tanh, a whole training step" in verdict.limits) == (holds == "holds within limits")


def test_the_smallest_size_is_judged_too() -> None:
    large, small = (made(WHOLE, "tanh, float32, cpu", v, size=x) for v, x in ((LONG, 1e6), (SHORT, 1e4)))
    verdict = judge([*large, *small])
    assert verdict.limits.startswith("holds at tanh, float32, cpu, 1,000,000 elements (4)")
    assert verdict.limits.endswith("not at tanh, float32, cpu, 10,000 elements (1.2)")


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    samples = measured("element", rivals="tanh") + measured("step", rivals="tanh")
    claim.cost.draw(samples, figure)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "ns an element: forward, backward (pale)",
        "elements",
        "training step over ReLU's",
    ]
