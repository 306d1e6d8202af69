"""'The derivative at zero is free to choose' where it cannot matter, and where it decides all."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from relume.evidence.claim import Part, Subject
from relume.evidence.claims import derivative_at_zero as claim
from relume.evidence.claims.derivative_at_zero import ACCURACY, CHANCE, HALF, ONE, TAKEN, ZERO, ZEROS
from relume.types import Sample

judge = claim.derivative_at_zero.judge
# Its hidden pre-activations are exactly 0 at first: with f'(0) = 0 no gradient ever reaches its first layer.
ZERO_FIRST_LAYER = """
import torch
from torch import nn

def build(activation):
    first = nn.Linear(784, 64)
    nn.init.zeros_(first.weight)
    nn.init.zeros_(first.bias)
    return nn.Sequential(nn.Flatten(), first, activation.module(), nn.Linear(64, 10))
"""


def measured(subject: Subject, *, precision: str = "float32", steps: int = 60) -> list[Sample]:
    samples = []
    for relu in TAKEN:
        part: Part = {"relu": relu, "precision": precision, "steps": steps, "seeds": 3}
        samples += list(claim.derivative_at_zero.measure(subject, part))
    return samples


def made(relu: str, values: Sequence[float], *, precision: str = "float32") -> list[Sample]:
    series = f"{relu}, {precision}"
    return [
        *(Sample(quantity=ACCURACY, series=series, seed=i, value=value) for i, value in enumerate(values)),
        Sample(quantity=CHANCE, series=series, value=0.1),
    ]


@pytest.fixture(autouse=True)
def one_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "RATES", (0.03,))


def test_it_holds_where_no_pre_activation_is_zero() -> None:
    samples = measured(Subject())
    assert judge(samples).holds == "holds"
    assert {s.value for s in samples if s.quantity == ZEROS} == {0.0}


def test_it_does_not_hold_where_all_are_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zero_first_layer.py").write_text(ZERO_FIRST_LAYER)
    monkeypatch.chdir(tmp_path)
    samples = measured(Subject(network="zero_first_layer:build"), steps=40)
    verdict = judge(samples)
    assert verdict.holds == "does not hold"
    assert verdict.interval.low > 0.2  # of accuracy: with 0 it guesses, with 1 it learns
    zeros = [s.value for s in samples if (s.quantity, s.series) == (ZEROS, f"{ZERO}, float32")]
    assert zeros == [1.0] * 3


def test_sums_in_sixteen_bits_cancel_now_and_then() -> None:
    layer = nn.Linear(800, 500)
    x = torch.randn(400, 800, generator=torch.Generator().manual_seed(0))
    exact = layer(x)
    with claim.rounded_sums(layer, torch.bfloat16):
        rounded = layer(x)
    assert int((exact == 0).sum()) == 0
    assert 10 < int((rounded == 0).sum()) < 2000
    assert float((rounded - exact).detach().abs().max()) < 0.05
    assert torch.equal(rounded, rounded.bfloat16().float())
    for value in (exact, rounded):  # the gradient is that of the exact layer
        layer.zero_grad()
        value.sum().backward()
        assert layer.weight.grad is not None
        assert torch.allclose(layer.weight.grad[0], x.sum(0), atol=1e-4)
    assert torch.equal(layer(x), exact)  # and afterwards it is the layer that it was


ALIKE, LOWER, SPREAD = (0.80, 0.81, 0.79, 0.80), (0.70, 0.71, 0.69, 0.70), (0.85, 0.75, 0.84, 0.76)


def test_it_holds() -> None:
    samples = [s for relu in TAKEN for s in made(relu, ALIKE)]
    assert judge(samples).holds == "holds"


def test_it_holds_within_limits() -> None:
    samples = [s for relu in TAKEN for s in made(relu, ALIKE)]
    low = made(ZERO, ALIKE, precision="float16") + made(HALF, ALIKE, precision="float16")
    verdict = judge(samples + low + made(ONE, LOWER, precision="float16"))
    assert verdict.holds == "holds within limits"
    assert verdict.limits.startswith("holds at float32")
    assert "not at float16" in verdict.limits
    assert verdict.interval.estimate == pytest.approx(-0.1)


def test_it_does_not_hold() -> None:
    assert judge(made(ZERO, ALIKE) + made(HALF, LOWER) + made(ONE, ALIKE)).holds == "does not hold"


@pytest.mark.parametrize("accuracies", [SPREAD, (0.1, 0.1, 0.1, 0.1)])
def test_it_is_not_decided_where_seeds_scatter_or_nothing_learned(accuracies: Sequence[float]) -> None:
    zero = ALIKE if accuracies is SPREAD else accuracies
    samples = made(ZERO, zero) + made(HALF, accuracies) + made(ONE, accuracies)
    assert judge(samples).holds == "not decided"


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    claim.derivative_at_zero.draw([s for relu in TAKEN for s in made(relu, ALIKE)], figure)
    assert figure.axes[0].get_xlabel() == "test accuracy less that of f'(0) = 0 (points)"
    assert figure.axes[1].get_ylabel() == "share of pre-activations exactly 0"
