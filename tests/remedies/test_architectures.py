"""Every remedy on networks of every build: what it leaves can be trained, copied and treated again."""

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.ailing import finding
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from relume.remedies import remedies
from relume.remedies.anatomy import anatomy_of
from relume.remedies.remedy import Remedy
from relume.trial import Patient, admit, run_trial


def images(bytes_: bool = False) -> list[tuple[Tensor, Tensor]]:
    x = torch.randint(0, 256, (16, 3, 8, 8)).float() if bytes_ else torch.randn(16, 3, 8, 8)
    return [(x, torch.randint(4, (16,)))] * 2


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.norm, self.relu = nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.two(self.relu(self.norm(self.one(x))))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3))))))
        x = x + y * gate[:, :, None, None]
        return F.relu_(x)


def squeeze_and_excite() -> Patient:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), Block(), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    )
    return admit(model, images(), nn.CrossEntropyLoss(), steps=2)


def bytes_in_a_cnn() -> Patient:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 4))
    return admit(model, images(bytes_=True), nn.CrossEntropyLoss(), steps=2)


def transformer() -> Patient:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.1)
    model = nn.Sequential(
        nn.Embedding(20, 16), nn.TransformerEncoder(layer, 2), nn.Flatten(), nn.Linear(16 * 5, 4)
    )
    data = [(torch.randint(20, (8, 5)), torch.randint(4, (8,)))] * 2
    return admit(model, data, nn.CrossEntropyLoss(), steps=2)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inward, self.cell, self.out = nn.Linear(6, 8), nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.cell(torch.tanh(self.inward(x)))
        return self.out(states[:, -1])


def recurrent() -> Patient:
    data = [(torch.randn(8, 5, 6), torch.randint(4, (8,)))] * 2
    return admit(Recurrent(), data, nn.CrossEntropyLoss(), steps=2)


class Autoencoder(nn.Module):
    """Its one sigmoid makes the code and the output; its loss is a function; its batch a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2)
        self.up, self.act = nn.ConvTranspose2d(8, 3, 4, stride=2), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        code = self.act(self.down(x))
        return self.act(self.up(code))


def autoencoder() -> Patient:
    def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return F.mse_loss(model(batch["x"]), batch["x"])

    return admit(Autoencoder(), [{"x": torch.rand(4, 3, 8, 8)}] * 2, loss, steps=2)


def weight_normalised() -> Patient:
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(6, 8)), nn.Tanh(), nn.Linear(8, 4))
    model[2].bias.requires_grad_(False)
    return admit(model, [(torch.randn(8, 6), torch.randn(8, 4))] * 2, F.mse_loss, steps=2)


def tied() -> Patient:
    shared = nn.Linear(8, 8)
    activation = nn.ReLU()
    model = nn.Sequential(shared, activation, shared, activation, shared)
    return admit(model, [(torch.randn(8, 8), torch.randn(8, 8))] * 2, F.mse_loss, steps=2)


def no_weights_of_its_own() -> Patient:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.matrix = nn.Parameter(torch.randn(6, 4))

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(x @ self.matrix)

    return admit(Bare(), [(torch.randn(8, 6), torch.randn(8, 4))] * 2, F.mse_loss, steps=2)


BUILDS: dict[str, Callable[[], Patient]] = {
    build.__name__: build
    for build in (
        squeeze_and_excite,
        bytes_in_a_cnn,
        transformer,
        recurrent,
        autoencoder,
        weight_normalised,
        tied,
        no_weights_of_its_own,
    )
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=list(BUILDS))
@pytest.mark.parametrize("remedy", remedies.values(), ids=list(remedies))
def test_what_it_leaves_can_be_trained(remedy: Remedy, build: Callable[[], Patient]) -> None:
    torch.manual_seed(0)
    patient = build()
    frozen = [parameter.clone() for parameter in patient.model.parameters() if not parameter.requires_grad]
    for _ in range(2):
        remedy.apply(patient, finding())
        trial = run_trial(patient.copied(), steps=2)
        assert len(trial.losses) == 2
        copy.deepcopy(patient.model)
    after = [parameter for parameter in patient.model.parameters() if not parameter.requires_grad]
    assert all(map(torch.equal, frozen, after))


def told(patient: Patient, remedy: str) -> str:
    return remedies[remedy].apply(patient, finding())


def test_gates_outputs_and_shared_activations() -> None:
    assert told(squeeze_and_excite(), "replace-activation") == ""
    assert told(recurrent(), "replace-activation").startswith("tanh -> relu (test_architectures.py:")
    patient = autoencoder()
    assert told(patient, "replace-activation").startswith("sigmoid -> relu (test_architectures.py:")
    assert [use.name for use in anatomy_of(patient).uses] == ["relu", "sigmoid"]


def test_a_function_that_torch_holds_is_swapped() -> None:
    patient = transformer()
    assert told(patient, "leaky-slope") == "relu -> leaky_relu (2 modules)"
    assert [use.name for use in anatomy_of(patient).uses] == ["leaky_relu", "leaky_relu"]
    x = patient.batches[0][0]
    slow = patient.model.eval()(x)
    with torch.no_grad():
        torch.testing.assert_close(patient.model(x), slow.detach())


def test_the_layers_of_a_squeezing_block() -> None:
    products = anatomy_of(squeeze_and_excite()).products
    closing = [product.weight for product in products if product.closes_branch]
    assert closing == ["1.two.weight", "2.two.weight"]
    assert [product.weight for product in products if product.is_normalised] == [
        "1.one.weight",
        "2.one.weight",
    ]
    fed = {product.weight: product.fed_by for product in products}
    assert fed["1.two.weight"] == "relu"
    assert fed["1.excite.weight"] == "relu"
    assert fed["0.weight"] == ""
