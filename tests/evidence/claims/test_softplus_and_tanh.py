"""'Softplus and tanh' against networks that are known to be no better, and to know nothing."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.evidence.claim import Part, Subject
from relume.evidence.claims.softplus_and_tanh import COMPARED, ERROR, L1, PLAIN, ZEROS, softplus_and_tanh
from relume.evidence.contest import validation
from relume.evidence.penalty import L1Penalty, penalised
from relume.evidence.picking import mean_of
from relume.evidence.subjects import dataset
from relume.types import Sample

DIGITS = Subject(data="digits")


def tanh_knows_nothing(activation: Activation) -> nn.Module:
    """Build a network that sees a single pixel where its activation is tanh."""
    seen = slice(0, 1) if activation.name == "tanh" else slice(0, 64)
    return nn.Sequential(nn.Flatten(), Seen(seen), nn.Linear(64, 16), activation.module(), nn.Linear(16, 10))


class Seen(nn.Module):
    """Zeros all features but some."""

    def __init__(self, part: slice) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        """[batch, features] -> the same."""
        kept = torch.zeros(x.shape[-1])
        kept[self.part] = 1.0
        return x * kept


@cache
def measured(activation: str, penalty: str = PLAIN, network: str | None = None) -> tuple[Sample, ...]:
    part: Part = {"activation": activation, "penalty": penalty, "width": 16, "steps": 60, "seeds": 4}
    return tuple(softplus_and_tanh.measure(replace(DIGITS, network=network), part))


def made(errors: Mapping[str, float], *, spread: float = 0.001) -> list[Sample]:
    """Samples by hand: the error by activation and penalty, of eight seeds that scatter by `spread`."""
    return [
        Sample(
            quantity=ERROR,
            series=series,
            seed=seed,
            value=error + spread * (seed - 3.5) * (1 if series.startswith("relu") else -1),
        )
        for series, error in errors.items()
        for seed in range(8)
    ]


def test_a_network_that_sees_nothing_errs_more() -> None:
    own = f"{__name__}:tanh_knows_nothing"
    verdict = softplus_and_tanh.judge([*measured("relu", network=own), *measured("tanh", network=own)])
    assert verdict.holds == "holds"
    assert verdict.interval.low > 0.2


def test_an_activation_does_not_err_less_than_itself() -> None:
    twins = [replace(s, series=s.series.replace("relu", name)) for name in COMPARED for s in measured("relu")]
    verdict = softplus_and_tanh.judge(twins)
    assert verdict.holds == "does not hold"
    assert verdict.interval.low == verdict.interval.high == 0


@pytest.mark.parametrize(
    ("errors", "spread", "holds"),
    [
        ({"tanh": 0.2, "softplus": 0.3}, 0.001, "holds"),
        ({"tanh": 0.05, "softplus": 0.3}, 0.001, "holds within limits"),
        ({"tanh": 0.05, "softplus": 0.05}, 0.001, "does not hold"),
        ({"tanh": 0.11, "softplus": 0.11}, 0.05, "not decided"),
    ],
)
def test_every_answer_is_possible(errors: Mapping[str, float], spread: float, holds: str) -> None:
    given = {f"{name}, {PLAIN}": error for name, error in {"relu": 0.1, **errors}.items()}
    verdict = softplus_and_tanh.judge(made(given, spread=spread))
    assert verdict.holds == holds
    assert verdict.interval.estimate == pytest.approx(errors["tanh"] - 0.1)


def test_the_penalty_is_that_of_autograd() -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(3, 4), torch.randn(5, 3)
    model = penalised(lambda a: nn.Sequential(layer, a.module(), nn.Linear(4, 2)), 0.5)(activations["tanh"])
    model(x).square().sum().backward()
    found = layer.weight.grad
    layer.weight.grad = None
    hidden = layer(x).tanh()
    loss = model[2](hidden).square().sum() + 0.5 * hidden.abs().sum(1).mean()  # type: ignore[index]
    loss.backward()
    assert found is not None
    torch.testing.assert_close(found, layer.weight.grad)


def test_a_penalty_passes_its_values_on() -> None:
    x = torch.tensor([[1.0, -2.0]])
    assert torch.equal(L1Penalty(3.0)(x), x)
    assert "coefficient=3" in repr(L1Penalty(3.0))


def test_a_strong_penalty_silences_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relume.evidence.claims.softplus_and_tanh.COEFFICIENT", 0.1)
    zeros = [
        mean_of(samples, ZEROS, samples[-1].series).estimate
        for samples in (measured("relu"), list(measured.__wrapped__("relu", L1)))
    ]
    assert zeros[1] > zeros[0] + 0.2


def test_settings_are_not_chosen_by_the_test_set() -> None:
    data = dataset(DIGITS)
    held_out = validation(data)
    assert len(held_out.train_y) + len(held_out.test_y) == len(data.train_y)
    assert torch.equal(held_out.test_x[-1], data.train_x[-1])


def test_the_figure_names_its_axes() -> None:
    figure = Figure()
    softplus_and_tanh.draw(measured("relu"), figure)
    assert [axes.get_xlabel() for axes in figure.axes] == [f"{ERROR}, %", f"{ZEROS}, %"]
