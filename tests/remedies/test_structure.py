"""Ways past blocks, and the activation that trials choose."""

import pytest
import torch
from tests.remedies import ailing
from tests.remedies.ailing import finding, mlp, patient_of
from torch import Tensor, nn
from torch.nn import functional as F

from relume.remedies import remedies
from relume.remedies.attempts import final_loss
from relume.remedies.insert_shortcuts import Shortcut
from relume.trial import Patient, run_trial

STEPS = 60
WIDTH = 32


def lowered_by(name: str, patient: Patient) -> float:
    """The last loss with a remedy over that without."""
    before = final_loss(run_trial(patient.copied(), steps=STEPS))
    assert remedies[name].apply(patient, finding())
    return final_loss(run_trial(patient, steps=STEPS)) / before


class Block(nn.Module):
    """Two layers, with a way past them or without."""

    def __init__(self, *, is_added: bool) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.is_added = is_added

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.two(F.relu(self.one(x)))
        return F.relu(x + out if self.is_added else out)


def tower(*blocks: nn.Module) -> nn.Sequential:
    first, last = nn.Linear(ailing.FEATURES, WIDTH), nn.Linear(WIDTH, ailing.CLASSES)
    return nn.Sequential(first, nn.ReLU(), *blocks, last)


def ways_in(patient: Patient) -> list[str]:
    return [path for path, module in patient.model.named_modules() if isinstance(module, Shortcut)]


@pytest.mark.parametrize("is_of_blocks", [True, False])
def test_ways_past_deep_stacks_let_them_learn(is_of_blocks: bool) -> None:
    torch.manual_seed(0)
    blocks = tower(*(Block(is_added=False) for _ in range(8)))
    patient = patient_of(blocks) if is_of_blocks else ailing.vanishing_scale()
    assert lowered_by("insert-shortcuts", patient) < 0.7


def test_the_way_leads_past_whole_blocks() -> None:
    patient = patient_of(tower(*(Block(is_added=False) for _ in range(4))))
    said = remedies["insert-shortcuts"].apply(patient, finding())
    assert said == "x + 0.5 block(x) for 4 blocks that keep the shape of x"
    assert ways_in(patient) == ["2", "3", "4", "5"]
    x, inner = torch.randn(3, WIDTH), patient.model[2]  # type: ignore[index]
    assert torch.equal(inner(x), x + 0.5 * inner.block(x))


def test_no_second_way_past_a_block_that_has_one() -> None:
    patient = patient_of(tower(*(Block(is_added=True) for _ in range(4))))
    assert remedies["insert-shortcuts"].apply(patient, finding()) == ""
    assert not ways_in(patient)


@pytest.mark.parametrize(
    "blocks",
    [
        (nn.Linear(WIDTH, WIDTH),),  # one alone
        (nn.Linear(WIDTH, WIDTH + 1), nn.ReLU(), nn.Linear(WIDTH + 1, WIDTH)),  # other shapes
        (nn.ReLU(), nn.ReLU()),  # no weights
        [nn.Linear(WIDTH, WIDTH)] * 3,  # one, called three times
    ],
)
def test_what_is_no_stack_of_blocks_stays(blocks: tuple[nn.Module, ...]) -> None:
    patient = patient_of(tower(*blocks))
    assert remedies["insert-shortcuts"].apply(patient, finding()) == ""
    assert not ways_in(patient)


def test_what_learns_most_is_chosen_and_what_was_best_stays() -> None:
    patient = patient_of(mlp(nn.Sigmoid, depth=4))
    assert lowered_by("choose-activation", patient) < 0.3
    assert not any(isinstance(module, nn.Sigmoid) for module in patient.model.modules())
    assert remedies["choose-activation"].apply(patient, finding()) == ""


class Gated(nn.Module):
    """A sigmoid that others are multiplied by, hidden ones, and one of the output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.gate = nn.Linear(ailing.FEATURES, WIDTH), nn.Linear(ailing.FEATURES, WIDTH)
        self.second, self.last = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, ailing.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.sigmoid(self.first(x)) * self.gate(x).sigmoid()
        hidden = torch.sigmoid(4 * self.second(hidden) - 12)
        return torch.sigmoid(self.last(hidden))


def test_gates_and_the_output_keep_theirs() -> None:
    torch.manual_seed(0)
    patient = patient_of(Gated())
    told = remedies["choose-activation"].apply(patient, finding())
    assert told.startswith("sigmoid -> ")
    assert told.count("test_structure.py") == 1  # the line of the hidden one that is no factor
    assert patient.model(torch.randn(5, ailing.FEATURES)).min() > 0
