"""Remedies that are laid around a forward: its values stay, and gradients get to what they were cut from."""

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from tests.remedies.ailing import CLASSES, FEATURES, batches, finding
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal
from torch.nn import functional as F

from relume.remedies import remedies
from relume.trial import Patient, admit, run_trial

Between = Callable[[Tensor], Tensor]
CODE = 6


class Cut(nn.Module):
    """A coder and a reader with something between them."""

    def __init__(self, between: Between) -> None:
        super().__init__()
        self.code, self.between, self.read = nn.Linear(FEATURES, CODE), between, nn.Linear(CODE, CLASSES)
        self.table = nn.Parameter(torch.eye(CODE))

    def forward(self, x: Tensor) -> Tensor:
        return self.read(self.between(self.code(x)))


def through_a_table(x: Tensor) -> Tensor:
    return torch.eye(CODE)[x.argmax(-1)]


def through_an_embedding(x: Tensor) -> Tensor:
    return F.embedding((-x).argmin(-1), torch.eye(CODE))


def drawn(x: Tensor) -> Tensor:
    return Normal(x, 0.1).sample()


def drawn_by_chance(x: Tensor) -> Tensor:
    return Bernoulli(x.sigmoid()).sample()


def by_a_list(x: Tensor) -> Tensor:
    return torch.tensor(x.tolist())


def by_joined_lists(x: Tensor) -> Tensor:
    halves = [half.tolist() for half in x.chunk(2, 1)]
    return torch.tensor([[*one, *other] for one, other in zip(*halves, strict=True)])


def by_a_list_among_others(x: Tensor) -> Tensor:
    return torch.stack([torch.tensor(x.tolist()), torch.zeros_like(x)]).mean(0)


def by_numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(x.detach().numpy())


def without_gradient(x: Tensor) -> Tensor:
    with torch.no_grad():
        return 2 * x


def patient_of(between: Between) -> Patient:
    torch.manual_seed(0)
    model = Cut(between)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return admit(model, batches(3), nn.CrossEntropyLoss(), optimizer=optimizer, steps=3)


def gradient(patient: Patient) -> Tensor | None:
    torch.manual_seed(0)
    patient.model.zero_grad()
    patient.loss(patient.model, patient.batches[0]).backward()
    found = patient.model.code.weight.grad
    return found if found is None or bool(found.any()) else None


STEPS: dict[str, Between] = {
    "round": torch.round,
    "sign": lambda x: x.sign(),
    "number": lambda x: x.argmax(-1).float()[:, None].expand(-1, CODE),
    "one_hot_times": lambda x: F.one_hot(x.argmax(-1), CODE) * torch.full((CODE,), 2.0),
    "greater": lambda x: (x > 0).float(),
    "less": lambda x: (x > 0.1).to(torch.float32),
    "masked": lambda x: (x >= 0) * torch.ones(CODE),
    "where": lambda x: torch.where(x < 0, -1.0, 1.0),
    "one_hot": lambda x: F.one_hot(x.argmax(-1), CODE).float(),
    "table": through_a_table,
    "embedding": through_an_embedding,
    "normal": drawn,
    "bernoulli": drawn_by_chance,
}
CUTS: dict[str, Between] = {
    "detach": Tensor.detach,
    "data": lambda x: x.data,
    "no_grad": without_gradient,
    "list": by_a_list,
    "list among others": by_a_list_among_others,
    "numpy": by_numpy,
    "copy": torch.tensor,
    "new": lambda x: x.new_tensor(x),
    "numbers": lambda x: torch.tensor([list(row) for row in x]),
    "joined lists": by_joined_lists,
    "parameter": lambda x: nn.Parameter(x.data),
}
WAYS = [
    *(pytest.param("straight-through", way, id=name) for name, way in STEPS.items()),
    *(pytest.param("reattach-graph", way, id=name) for name, way in CUTS.items()),
]


@pytest.mark.filterwarnings("ignore:To copy construct", "ignore:Converting a tensor")  # torch's, of the fault
@pytest.mark.parametrize(("remedy", "between"), WAYS)
def test_a_gradient_comes_through_and_values_stay(remedy: str, between: Between) -> None:
    patient = patient_of(between)
    torch.manual_seed(1)
    before = patient.model(patient.batches[0][0])
    assert gradient(patient) is None
    done = remedies[remedy].apply(patient, finding())
    assert "test_graph_remedies.py" in done
    torch.manual_seed(1)
    after = patient.model(patient.batches[0][0])
    assert torch.allclose(after, before, atol=1e-6)
    assert gradient(patient) is not None


def test_another_activation_leaves_the_graph_reattached() -> None:
    patient = patient_of(lambda x: torch.sigmoid(x).detach())
    remedies["reattach-graph"].apply(patient, finding())
    assert remedies["replace-activation"].apply(patient, finding()).startswith("sigmoid -> relu")
    assert gradient(patient) is not None


def test_a_drawn_number_has_the_gradient_of_its_mean() -> None:
    patient, smooth = patient_of(drawn), patient_of(lambda x: Normal(x, 0.1).rsample())
    remedies["straight-through"].apply(patient, finding())
    assert torch.allclose(gradient(patient), gradient(smooth), atol=1e-7)  # type: ignore[arg-type]


def test_what_is_on_another_line_is_left_as_it_is() -> None:
    """A mask that passes a gradient already, and a choice that is only counted."""

    def masked(x: Tensor) -> Tensor:
        assert (x.argmax(-1) == 0).sum() >= 0
        return torch.where(x > 0, x, 0.1 * x)

    assert not remedies["straight-through"].apply(patient_of(masked), finding())


def test_where_the_forward_cuts_nothing_the_loss_is_mended() -> None:
    patient = patient_of(nn.Identity())

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(model.read(model.code(batch[0]).round()), batch[1])

    patient.loss = loss
    assert gradient(patient) is None
    assert "round" not in remedies["straight-through"].apply(patient, finding())
    assert patient.loss is not loss
    assert gradient(patient) is not None


def test_a_mended_model_can_be_copied_and_pickled() -> None:
    patient = patient_of(torch.round)
    remedies["straight-through"].apply(patient, finding())
    copied = copy.deepcopy(patient.model)
    assert copied.forward.module is copied
    assert copied.forward.mode.args == pickle.loads(pickle.dumps(patient.model)).forward.mode.args


def test_sixteen_bits_are_kept_away_from_a_sum() -> None:
    patient = patient_of(lambda x: (1e4 * x.abs().half() + 7e4).float())
    assert not patient.model(patient.batches[0][0]).isfinite().all()
    done = remedies["full-precision"].apply(patient, finding())
    assert "kept in 32 bits" in done
    assert patient.model(patient.batches[0][0]).isfinite().all()


class Normalised(nn.Module):
    """Its biases of 0 are the same numbers as the sums with which a watch begins."""

    def __init__(self) -> None:
        super().__init__()
        self.code, self.norm, self.act = nn.Linear(FEATURES, 16), nn.LayerNorm(16), nn.ReLU()
        self.read = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        still = {name: value.detach() for name, value in self.named_parameters()}
        code = self.act(self.norm(self.code(x).detach()))
        return self.read(code + 0 * still["norm.bias"])


def test_a_watch_does_not_write_into_what_holds_the_same_numbers() -> None:
    torch.manual_seed(0)
    model = Normalised()
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    patient = admit(model, batches(3), nn.CrossEntropyLoss(), optimizer=still, steps=3)
    assert remedies["reattach-graph"].apply(patient, finding())
    before = copy.deepcopy(patient.model.state_dict())
    run_trial(patient, steps=3)
    assert all(torch.equal(before[name], value) for name, value in patient.model.state_dict().items())
