"""'He initialisation and PReLU' against networks for which it is known to be true, and not to be."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from relume.evidence.claim import Part, Subject
from relume.evidence.claims import he_initialisation as claim
from relume.evidence.claims.he_initialisation import ACCURACY, CURVE, HE, LOSS, PRELU, SLOPE, XAVIER
from relume.types import Sample

SUBJECT = Subject()
judge = claim.he_initialisation.judge
# Without any activation Xavier's weights keep the signal and He's double it at every layer.
LINEAR = """
from torch import nn

def build(activation):
    hidden = [nn.Linear(32, 32, bias=False) for _ in range(24)]
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), *hidden, nn.Linear(32, 10))
"""


def measured(
    starts: Sequence[str], *, subject: Subject = SUBJECT, depth: int = 30, steps: int = 120, seeds: int = 3
) -> list[Sample]:
    samples = []
    for start in starts:
        part: Part = {"start": start, "depth": depth, "width": 32, "steps": steps, "seeds": seeds}
        samples += list(claim.he_initialisation.measure(subject, part))
    return samples


def made(quantity: str, start: str, values: Sequence[float], *, depth: int = 30) -> list[Sample]:
    return [
        Sample(quantity=quantity, series=start, x=depth, seed=seed, value=value)
        for seed, value in enumerate(values)
    ]


def test_he_trains_thirty_layers_and_xavier_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "RATES", (0.003,))  # the best of both: in the claim's own grid it is chosen
    verdict = judge(measured([HE, XAVIER], seeds=5))
    assert verdict.holds == "holds"
    assert verdict.interval.low > 1


def test_it_does_not_hold_without_rectifiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "linear_net.py").write_text(LINEAR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claim, "RATES", (0.0003, 0.003))
    subject = Subject(network="linear_net:build")
    verdict = judge(measured([HE, XAVIER, PRELU], subject=subject, depth=claim.OWN_DEPTH, steps=40))
    assert verdict.holds == "does not hold"
    assert "this network" in verdict.effect


def test_prelu_starts_from_the_same_draws_and_learns_its_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    relu, prelu = (claim.network(SUBJECT, start, depth=4, width=16, seed=0) for start in (HE, PRELU))
    assert claim.learned_slopes(relu) == []
    assert claim.learned_slopes(prelu) == [0.25] * 4
    for own, other in zip(relu.children(), prelu.children(), strict=True):
        if isinstance(own, nn.Linear) and isinstance(other, nn.Linear):
            assert torch.equal(own.weight, other.weight)
    monkeypatch.setattr(claim, "RATES", (0.03,))
    slopes = [s.value for s in measured([PRELU], depth=4, steps=20) if s.quantity == SLOPE]
    assert len(slopes) == 3 * 4
    assert all(slope != 0.25 for slope in slopes)


STALLED, TRAINED = (1.0, 0.999, 1.001), (0.3, 0.31, 0.32)
WORSE, BETTER = (0.60, 0.61, 0.62), (0.70, 0.71, 0.72)


def test_it_holds() -> None:
    samples = made(LOSS, HE, TRAINED) + made(LOSS, XAVIER, STALLED)
    samples += made(ACCURACY, HE, WORSE) + made(ACCURACY, PRELU, BETTER)
    assert judge(samples).holds == "holds"


def test_it_holds_within_limits() -> None:
    samples = made(LOSS, HE, TRAINED) + made(LOSS, XAVIER, STALLED)
    samples += made(ACCURACY, HE, BETTER) + made(ACCURACY, PRELU, WORSE)
    verdict = judge(samples)
    assert verdict.holds == "holds within limits"
    assert "not at 30 layers, PReLU against ReLU (-10.0 points of accuracy)" in verdict.limits


def test_it_does_not_hold() -> None:
    assert judge(made(LOSS, HE, STALLED) + made(LOSS, XAVIER, TRAINED)).holds == "does not hold"


def test_it_is_not_decided() -> None:
    samples = made(LOSS, HE, (0.3, 0.9, 0.6), depth=22) + made(LOSS, XAVIER, (0.6, 0.5, 0.9), depth=22)
    assert judge(samples).holds == "not decided"


def test_the_figure_names_its_axes() -> None:
    samples = made(LOSS, HE, TRAINED)
    for step in (5, 15):
        samples += made(CURVE, f"{HE}, 30 layers", TRAINED, depth=step)
        samples += made(SLOPE, "prelu, 30 layers", TRAINED, depth=step)
    figure = Figure()
    claim.he_initialisation.draw(samples, figure)
    assert [axes.get_xlabel() for axes in figure.axes] == ["step", "hidden layer"]
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "training loss over guessing's",
        "learned slope of PReLU",
    ]
