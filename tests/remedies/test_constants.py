"""Numbers of the model's own code: which are found, which is changed, and which are left alone."""

import math
from collections.abc import Callable

import pytest
import torch
from tests.remedies.ailing import CLASSES, FEATURES, Steep, batches, finding, mlp
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from relume.remedies import rescale_constant
from relume.remedies.attempts import final_loss
from relume.remedies.constants import Constant, Constants
from relume.remedies.within import LossUnder, call
from relume.trial import Batch, Loss, Patient, admit, run_trial

WIDTH = 32
REMEDY = rescale_constant.rescale_constant


class Within(nn.Module):
    """Two layers with something done between them."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.between = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, CLASSES), between

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.between(self.first(x)))
        return out


def patient_of(model: nn.Module, loss: Loss | nn.Module | None = None) -> Patient:
    optimizer = Adam(model.parameters(), lr=0.01)
    return admit(model, batches(), loss or nn.CrossEntropyLoss(), optimizer=optimizer, steps=60)


def found_in(model: nn.Module, loss: Loss | nn.Module | None = None) -> list[Constant]:
    noting, patient = Constants({}), patient_of(model, loss)
    patient.loss = LossUnder(patient.loss, lambda: noting)
    call(patient)
    return list(noting.found)


@pytest.mark.parametrize(
    ("between", "shown", "kind"),
    [
        (lambda x: (40 * x).tanh(), "x * 40", "factor"),
        (lambda x: (x / 0.02).tanh(), "x / 0.02", "factor"),
        (lambda x: x * torch.tensor(7.0), "x * 7", "factor"),
        (lambda x: F.relu(x - 5.0), "x - 5", "summand"),
        (lambda x: F.relu(x) ** 5, "x ** 5", "exponent"),
        (nn.Softshrink(3.0), "softshrink(x, 3)", "bound"),
        (lambda x: x.clamp(-0.01, 0.02), "clamp(x, min=-0.01)", "bound"),
        (lambda x: x.clamp(max=0.01), "clamp(x, max=0.01)", "bound"),
        (nn.Dropout(0.9), "dropout(x, p=0.9)", "share"),
        (nn.Softmax(0), "softmax(x, 0)", "axis"),
        (lambda x: F.gumbel_softmax(x, tau=0.01), "gumbel_softmax(x, tau=0.01)", "temperature"),
    ],
)
def test_what_is_done_with_a_number_is_told(
    between: Callable[[Tensor], Tensor], shown: str, kind: str
) -> None:
    constant = found_in(Within(between))[0]
    assert (str(constant), constant.kind) == (shown, kind)
    assert constant.line[0] == __file__


@pytest.mark.parametrize(
    "between",
    [
        F.relu,
        lambda x: x / (x.std() + 1e-5),  # what keeps a quotient from 0
        nn.Dropout(0.1),
        nn.GELU(approximate="tanh"),
        lambda x: 1 - x.sigmoid(),  # what is left of a share
    ],
)
def test_what_no_one_wrote_or_does_nothing_is_no_constant(between: Callable[[Tensor], Tensor]) -> None:
    assert found_in(Within(between)) == []


class Scaled(nn.Module):
    """A loss of one's own, with a number in it."""

    def forward(self, out: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(out * 9.0, labels)


class Told(nn.Module):
    """A model that returns its loss, times a number."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return 100.0 * F.cross_entropy(self.inner(x), labels)


def told(model: nn.Module, batch: Batch) -> Tensor:
    loss: Tensor = model(*batch) / 3.0
    return loss


def test_how_the_loss_is_measured_stays() -> None:
    assert found_in(Within(F.relu), Scaled()) == []
    assert found_in(Told(), told) == []


class Drawn(nn.Module):
    """A code that is drawn, and how far each is from the standard normal distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(FEATURES, 2 * WIDTH), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        place, spread = self.down(x).chunk(2, 1)
        apart = 0.7 * (place.square() + spread.exp() - 1 - spread).sum(1)
        return self.up(place + (0.5 * spread).exp() * torch.randn_like(place)), apart


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    out, apart = model(batch[0])
    return F.cross_entropy(out, batch[1]) + 0.1 * apart.mean()


def test_what_weighs_a_part_of_the_loss_stays() -> None:
    torch.manual_seed(0)
    model = Drawn()
    found = found_in(model, bounded)
    assert [str(each) for each in found if each.kind != "sum"] == ["x - 1", "x * 0.7", "x * 0.5"]
    tried = rescale_constant._constants_of(patient_of(model, bounded))
    assert [str(each) for each in tried] == ["x * 0.5"]


class OutOfReach(Within):
    """Its first layer is asked by another method than forward."""

    def hear(self, x: Tensor) -> Tensor:
        return self.first(x) * 0.01


def test_what_the_loss_calls_of_a_model_is_its_own_code() -> None:
    model = OutOfReach(F.relu)
    found = found_in(model, lambda m, batch: F.cross_entropy(m.last(m.hear(batch[0])), batch[1]))
    assert [str(constant) for constant in found] == ["x * 0.01"]


@pytest.mark.parametrize(
    ("between", "change"),
    [
        (lambda x: (x / 1e-3).tanh(), "x / 0.001 -> x / "),
        (lambda x: F.relu(x - 8), "x - 8 -> x - "),
        (lambda x: F.relu(x) - 0.001 * F.relu(x) + (x * 0.003) - F.relu(x), "x * 0.003 -> x * "),
        (nn.Dropout(0.97), "dropout(x, p=0.97) -> dropout(x, p=0.03)"),
    ],
)
def test_the_number_that_the_loss_hangs_on_is_changed(
    between: Callable[[Tensor], Tensor], change: str
) -> None:
    torch.manual_seed(0)
    patient = patient_of(Within(between))
    before = final_loss(run_trial(patient.copied(), steps=60))
    said = REMEDY.apply(patient, finding())
    assert said.startswith(change)
    assert "test_constants.py:" in said
    assert final_loss(run_trial(patient, steps=60)) < 0.8 * before


class Twice(nn.Module):
    """What a block was given, once too often, and what it makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, CLASSES)
        self.blocks = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(12))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + torch.tanh(block(x)) + x
        out: Tensor = self.last(x)
        return out


def test_a_sum_that_grows_from_block_to_block_is_halved() -> None:
    torch.manual_seed(0)
    patient = patient_of(Twice())
    before = final_loss(run_trial(patient.copied(), steps=60))
    assert REMEDY.apply(patient, finding()).startswith("(x + y) * 1 -> (x + y) * 0.")
    assert final_loss(run_trial(patient, steps=60)) < 0.5 * before


def test_a_number_that_matters_little_stays() -> None:
    torch.manual_seed(0)
    patient = patient_of(Within(lambda x: F.layer_norm(F.relu(x) * math.sqrt(2.0), (WIDTH,))))
    loss = patient.loss
    assert REMEDY.apply(patient, finding()) == ""
    assert patient.loss is loss


def test_a_number_that_takes_the_loss_out_of_range_is_found() -> None:
    torch.manual_seed(0)
    patient = patient_of(Within(lambda x: (x * 300).exp()))
    assert not math.isfinite(final_loss(run_trial(patient.copied(), steps=60)))
    assert REMEDY.apply(patient, finding()).startswith("x * 300 -> x * ")
    assert math.isfinite(final_loss(run_trial(patient, steps=60)))


def test_steep_tangents_become_as_steep_as_they_should_be() -> None:
    torch.manual_seed(0)
    assert [str(each) for each in found_in(Steep(mlp(nn.ReLU, depth=2)))] == ["x * 1e+03"]
