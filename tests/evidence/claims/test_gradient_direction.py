"""'Gradient direction' against losses whose promise is known exactly, and activations that wiggle."""

import math
from collections.abc import Callable, Mapping
from functools import cache

import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation
from relume.evidence.claim import Part, Subject
from relume.evidence.claims.gradient_direction import (
    CURVATURE,
    GRADIENT_CHANGE,
    JUDGED,
    LOSS_ERROR,
    PHASES,
    PROMISED,
    START,
    TRAINING,
    along_gradient,
    gradient_direction,
    promises,
)
from relume.types import Sample


class Bent(nn.Linear):
    """Its weights are w + 0.9 sin(100 w) / 100: the gradient is of no use a hundredth further on."""

    def forward(self, x: Tensor) -> Tensor:
        """Multiply by the weights that are meant."""
        return F.linear(x, self.weight + 0.009 * (100 * self.weight).sin(), self.bias)


def bent_tanh(activation: Activation) -> nn.Module:
    """Build a network whose gradient is to be trusted, unless it is tanh's."""
    return nn.Sequential(nn.Flatten(), (Bent if activation.name == "tanh" else nn.Linear)(64, 10))


def bent_relu(activation: Activation) -> nn.Module:
    """Build one whose gradient is to be trusted, unless it is ReLU's."""
    return nn.Sequential(nn.Flatten(), (Bent if activation.name == "relu" else nn.Linear)(64, 10))


@cache
def measured(activation: str, build: Callable[[Activation], nn.Module]) -> tuple[Sample, ...]:
    part: Part = {"activation": activation, "steps": 30, "width": 16, "seeds": 4}
    subject = Subject(data="digits", network=f"{__name__}:{build.__name__}")
    return tuple(gradient_direction.measure(subject, part))


def made(errors: Mapping[str, Mapping[str, float]], *, spread: float = 0.01) -> list[Sample]:
    """Samples by hand: by phase and activation the errors of loss and gradient, scattered by `spread`."""
    return [
        Sample(
            quantity=quantity.format(phase),
            series=name,
            x=JUDGED,
            seed=seed,
            value=error * math.exp(spread * (seed - 3.5) * (1 if name == "relu" else -1)),
        )
        for phase, by_name in errors.items()
        for name, error in by_name.items()
        for quantity in (LOSS_ERROR, GRADIENT_CHANGE)
        for seed in range(8)
    ]


def test_a_parabola_keeps_what_its_curvature_leaves() -> None:
    curvatures, w = torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0], requires_grad=True)
    found = along_gradient(lambda: (curvatures * w.square()).sum() / 2, [w])
    loss, gradient = 3.5, torch.tensor([2.0, 3.0])
    for share, step in found.items():
        eta = share * loss / 13
        assert step.kept == pytest.approx(1 - eta * (4 + 27) / 13 / 2, abs=1e-5)
        assert step.change == pytest.approx(
            eta * float((curvatures * gradient).norm()) / math.sqrt(13), rel=1e-4
        )
        assert step.length == pytest.approx(eta * math.sqrt(13))
    assert w.tolist() == [2.0, 1.0]  # it is back where it was


def test_a_plane_keeps_its_promise() -> None:
    w = torch.tensor([5.0, 1.0], requires_grad=True)
    found = along_gradient(lambda: 2 * w[0] + w[1], [w])
    assert [step.kept for step in found.values()] == pytest.approx([1.0] * len(PROMISED), abs=1e-5)
    assert [step.change for step in found.values()] == [0.0] * len(PROMISED)


def test_where_there_is_no_gradient_nothing_is_promised() -> None:
    w = torch.tensor([1.0], requires_grad=True)
    assert math.isnan(along_gradient(lambda: 0 * w.sum() + 1, [w])[JUDGED].kept)


def test_a_look_changes_no_weight() -> None:
    model = nn.Linear(4, 3)
    before = [p.detach().clone() for p in model.parameters()]
    promises(model, torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_a_gradient_that_wiggles_is_worse() -> None:
    verdict = gradient_direction.judge([*measured("relu", bent_tanh), *measured("tanh", bent_tanh)])
    assert verdict.holds == "holds"
    assert verdict.interval.low > 1


def test_it_does_not_hold_where_relus_wiggles() -> None:
    verdict = gradient_direction.judge([*measured("relu", bent_relu), *measured("tanh", bent_relu)])
    assert verdict.holds == "does not hold"


def test_the_second_derivative_is_that_of_the_function() -> None:
    samples = [*measured("relu", bent_tanh), *measured("tanh", bent_tanh)]
    found = {s.series: s.value for s in samples if s.quantity == CURVATURE}
    assert found == {"relu": 0.0, "tanh": pytest.approx(4 / 27**0.5, abs=1e-6)}


@pytest.mark.parametrize(
    ("tanh", "tanh_at_start", "spread", "holds"),
    [
        (2.0, 2.0, 0.01, "holds"),
        (2.0, 0.5, 0.01, "holds within limits"),
        (0.5, 0.5, 0.01, "does not hold"),
        (1.1, 1.1, 0.5, "not decided"),
    ],
)
def test_every_answer_is_possible(tanh: float, tanh_at_start: float, spread: float, holds: str) -> None:
    errors = {START: {"relu": 1.0, "tanh": tanh_at_start}, TRAINING: {"relu": 1.0, "tanh": tanh}}
    assert gradient_direction.judge(made(errors, spread=spread)).holds == holds


def test_the_reason_is_put_to_the_test() -> None:
    # ReLU is better, but so is softplus, which bends: it is not the second derivative.
    errors = {phase: {"relu": 1.0, "softplus": 0.9, "tanh": 2.0} for phase in PHASES}
    verdict = gradient_direction.judge(made(errors))
    assert verdict.holds == "holds within limits"
    assert "not at softplus over relu, before training" in verdict.limits


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    gradient_direction.draw([*measured("relu", bent_tanh), *measured("tanh", bent_tanh)], figure)
    assert figure.axes[0].get_ylabel() == "|decrease - promised| / promised"
    assert {axes.get_xlabel() for axes in figure.axes[:2]} == {"promised / loss"}
