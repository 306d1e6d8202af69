"""Constants that are no numbers, outputs out of reach, softmaxes between layers, numbers before a sine."""

import pytest
import torch
from tests.remedies.ailing import finding, mlp
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from relume.remedies import remedies
from relume.remedies.anatomy import anatomy_of
from relume.remedies.attempts import final_loss
from relume.trial import Patient, admit, run_trial

STEPS = 60


def regressed(model: nn.Module, factor: float = 1.0) -> Patient:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 64, 8, generator=generator)
    y = factor * (x[..., :1].sin() + x[..., 1:2])
    return admit(
        model, list(zip(x, y, strict=True)), nn.MSELoss(), optimizer=Adam(model.parameters(), 1e-2), steps=20
    )


def lowered_by(name: str, patient: Patient) -> float:
    """The last loss with a remedy over that without."""
    before = final_loss(run_trial(patient.copied(), steps=STEPS))
    assert remedies[name].apply(patient, finding())
    return final_loss(run_trial(patient, steps=STEPS)) / before


def test_a_constant_that_is_no_number_becomes_zero_and_weights_are_drawn() -> None:
    model = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
    model[1].running_var[2] = torch.inf  # type: ignore[index]
    with torch.no_grad():
        model[0].weight[1, 1] = torch.nan
        model[0].bias.fill_(torch.nan)
    kept = model[0].weight[0].detach().clone()
    patient = regressed(nn.Sequential(model, nn.Linear(4, 1)))
    said = remedies["clean-state"].apply(patient, finding())
    assert "1 of 4 numbers of 0.1.running_var set to 0" in said
    assert "4 of 4 numbers of 0.0.bias drawn anew" in said
    state = patient.model.state_dict()
    assert all(bool(value.isfinite().all()) for value in state.values())
    assert torch.equal(state["0.0.weight"][0], kept)
    assert remedies["clean-state"].apply(patient, finding()) == ""


class Called(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, 32), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.last(F.relu(self.first(x))))


@pytest.mark.parametrize(
    "make", [Called, lambda: nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())]
)
def test_an_output_that_cannot_reach_the_targets_is_made_linear(make: type[nn.Module]) -> None:
    torch.manual_seed(0)
    assert lowered_by("linear-output", regressed(make(), 5.0)) < 0.5


def test_an_output_that_reaches_them_stays() -> None:
    torch.manual_seed(0)
    assert remedies["linear-output"].apply(regressed(Called(), 0.1), finding()) == ""


class Shared(nn.Module):
    """Softmaxes in a row between layers, and one of attention."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 1)
        self.look, self.shares = nn.Linear(32, 64), nn.Softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shares(self.one(x))
        x = F.softmax(self.two(x), -1)
        seen = self.look(x).softmax(-1) @ x  # over the examples
        return self.three(x + seen)


def test_a_softmax_between_layers_gives_way_and_that_of_attention_stays() -> None:
    torch.manual_seed(0)
    patient = regressed(Shared())
    said = remedies["replace-activation"].apply(patient, finding())
    assert said.count("softmax") == 1
    assert "1 modules" in said
    assert said.count("test_state_and_outputs.py") == 1
    assert isinstance(patient.model.shares, nn.ReLU)


class Wave(nn.Module):
    def __init__(self, pitch: float) -> None:
        super().__init__()
        self.pitch = pitch

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.pitch * x)


@pytest.mark.parametrize("name", ["variance-preserving-initialisation", "layer-sequential-unit-variance"])
@torch.no_grad()
def test_a_number_before_a_sine_is_taken_off_the_weights(name: str) -> None:
    """As Sitzmann et al. (2020) divide the weights of all layers but the first."""
    patient = regressed(mlp(lambda: Wave(30.0), depth=4, width=64)[:-1].append(nn.Linear(64, 1)))
    assert [product.factor for product in anatomy_of(patient).products] == [30.0] * 4 + [1.0]
    remedies[name].apply(patient, finding())
    sizes, x = [], patient.batches[0][0]
    for layer in patient.model:  # type: ignore[attr-defined]
        x = layer(x)
        sizes.append(float(x.std()))
    assert all(0.6 < 30 * size < 1.6 for size in sizes[2:-1:2]), sizes
