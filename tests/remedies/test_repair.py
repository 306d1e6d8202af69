"""`relume.repair`, from a fault to a network that learns."""

import copy
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import torch
from tests.faults import programs
from tests.remedies import ailing
from tests.remedies.ailing import batches, finding, he, mlp
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, TensorDataset

import relume
from relume.errors import TrialError, UnknownNameError
from relume.remedies.attempts import final_loss
from relume.remedies.repair import advice
from relume.trial import Patient, admit, run_trial
from relume.types import Repair


def repaired(patient: Patient, **options: Any) -> Repair:
    return relume.repair(patient.model, patient.batches, patient.loss, optimizer=patient.optimizer, **options)


FAULTS: dict[str, tuple[Callable[[], Patient], float]] = {  # with the share of the loss that may be left
    "vanishing by saturation": (ailing.vanishing, 0.8),
    "vanishing by scale": (ailing.vanishing_scale, 0.8),
    "dead": (ailing.dead, 0.3),
    "exploding": (ailing.exploding, 0.3),
    "bytes": (ailing.bytes_in, 0.3),
    "symmetric": (ailing.symmetric, 0.3),
    "too fast": (ailing.too_fast, 0.3),
}


@pytest.fixture(autouse=True)
def no_remedy_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """One that raises is taken for one that is not for the model: on these it would be a mistake of ours."""
    caplog.set_level(logging.DEBUG, logger="relume.remedies.attempts")
    yield
    assert not caplog.records


@pytest.mark.parametrize(("fault", "share"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_is_repaired_and_the_repair_is_proved(fault: Callable[[], Patient], share: float) -> None:
    patient = fault()
    repair = repaired(patient)
    before, after = final_loss(repair.before), final_loss(repair.after)
    print(f"\n{repair.remedies}: {before:.4g} -> {after:.4g}")
    assert repair.remedies
    assert after < share * before
    told = advice(repair)
    assert [line.partition(":")[0] for line in told.splitlines()] == list(repair.remedies)
    # The proof is of this model: trained by the same steps, it ends where the trial did.
    if all(name in WEIGHTS_ONLY for name in repair.remedies):
        rate = patient.optimizer.param_groups[0]["lr"]
        optimizer = SGD(repair.model.parameters(), lr=rate, momentum=0.9)
        twin = admit(repair.model, patient.batches, patient.loss, optimizer=optimizer, steps=60)
        assert run_trial(twin, steps=60).losses.tolist() == repair.after.losses.tolist()


WEIGHTS_ONLY = (
    "replace-activation",
    "variance-preserving-initialisation",
    "layer-sequential-unit-variance",
    "break-symmetry",
)


def test_a_healthy_model_comes_back_as_it_was() -> None:
    patient = ailing.healthy()
    repair = repaired(patient)
    assert repair.remedies == ()
    assert repair.after is repair.before
    for one, two in zip(repair.model.parameters(), patient.model.parameters(), strict=True):
        assert torch.equal(one, two)
        assert one is not two
    assert advice(repair) == "Nothing to change: no remedy lowered the loss."


def test_where_no_remedy_may_be_tried_none_is() -> None:
    repair = repaired(ailing.vanishing(), remedies=())
    assert repair.remedies == ()
    assert repair.after is repair.before


def test_only_those_allowed_are_tried() -> None:
    repair = repaired(ailing.exploding(), remedies=("variance-preserving-initialisation",))
    assert repair.remedies == ("variance-preserving-initialisation",)


def test_an_unknown_remedy_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'clip-gradients'"):
        repaired(ailing.healthy(), remedies=("clip-gradient",))


def test_what_the_user_holds_is_left_alone() -> None:
    torch.manual_seed(7)
    model = mlp(nn.Sigmoid, depth=6)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    data = batches(5)
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict(), data))
    state, forwards = torch.get_rng_state(), [module.forward for module in model.modules()]
    relume.repair(model, data, nn.CrossEntropyLoss(), optimizer=optimizer, steps=12)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.forward for module in model.modules()] == forwards
    assert str(before) == str((model.state_dict(), optimizer.state_dict(), data))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[0][name])
    assert all(parameter.grad is None for parameter in model.parameters())


def test_interrupted_it_leaves_the_model_alone() -> None:
    model = mlp(nn.Sigmoid, depth=6)
    before, calls = copy.deepcopy(model.state_dict()), 0

    def loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 80:
            raise KeyboardInterrupt
        return nn.functional.cross_entropy(network(batch[0]), batch[1])

    with pytest.raises(KeyboardInterrupt):
        relume.repair(model, batches(5), loss)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any("forward" in module.__dict__ or module._forward_hooks for module in model.modules())


def test_a_shuffled_loader_and_an_evaluated_model_stay_as_they_are() -> None:
    generator = torch.Generator().manual_seed(5)
    x, y = batches(1)[0]
    data = TensorDataset(x, y)
    loader = DataLoader(data, batch_size=16, shuffle=True, generator=generator)
    model = mlp(nn.Sigmoid, depth=6).eval()
    states = torch.get_rng_state(), generator.get_state()
    few = ["replace-activation", "lower-learning-rate", "insert-normalisation"]
    repair = relume.repair(model, loader, nn.CrossEntropyLoss(), steps=12, remedies=few)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert torch.equal(generator.get_state(), states[1])
    assert not model.training
    assert not any(module.training for module in repair.model.modules())


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(ailing.FEATURES if not i else 32, 32) for i in range(10))
        self.out = nn.Linear(32, ailing.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return self.out(x)


def test_a_repair_of_calls_holds_wherever_the_model_is_called() -> None:
    repair = relume.repair(Deep(), batches(40), nn.CrossEntropyLoss(), remedies=("replace-activation",))
    assert repair.remedies == ("replace-activation",)
    assert "test_repair.py:" in advice(repair)
    with relume.watch(repair.model) as watched:
        repair.model(batches(1)[0][0])
    assert {site.activation for site in watched.readings().sites} == {"relu"}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch of its own modules
def test_a_compiled_model_is_treated_as_the_module_within() -> None:
    model = ailing.dead().model
    repair = relume.repair(torch.compile(model), batches(30), nn.CrossEntropyLoss())
    assert repair.remedies
    assert type(repair.model) is nn.Sequential


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "is_told"), [(Terminal(), True), (StringIO(), False)])
def test_what_is_tried_is_told_in_a_terminal(
    stream: StringIO, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("relume.remedies.repair.SILENT_SECONDS", 0.0)
    model, few = mlp(nn.Sigmoid, depth=8), ["replace-activation"]
    relume.repair(model, batches(5), nn.CrossEntropyLoss(), steps=20, remedies=few)
    assert ("trying" in stream.getvalue()) == is_told


def test_a_loss_that_is_no_scalar_is_told() -> None:
    with pytest.raises(TrialError, match="not a scalar"):
        relume.repair(he(mlp(nn.ReLU, depth=2)), batches(2), nn.CrossEntropyLoss(reduction="none"))


def test_advice_of_a_finding_has_a_line_for_each_remedy() -> None:
    told = advice(finding("replace-activation", "clip-gradients"))
    assert [line.partition(":")[0] for line in told.splitlines()] == ["replace-activation", "clip-gradients"]
    assert "net.py:12" in told


@pytest.mark.parametrize(
    ("epsilon", "remedies"), [(1.0, ("usual-optimiser-settings",)), (1e-8, ())], ids=["slow", "healthy"]
)
def test_where_nothing_is_named_only_what_lowers_the_loss_by_a_fifth_is_kept(
    epsilon: float, remedies: tuple[str, ...]
) -> None:
    model = mlp(nn.ReLU, depth=2)
    optimizer = Adam(model.parameters(), lr=1e-2, eps=epsilon)
    found = relume.repair(model, batches(), nn.CrossEntropyLoss(), optimizer=optimizer)
    assert not [each for each in relume.diagnose(found.before.readings).findings if each.severity != "info"]
    assert bool(found.remedies) == bool(remedies)
    assert set(found.remedies) >= set(remedies)
    if remedies:
        assert final_loss(found.after) < 0.5 * final_loss(found.before)


def test_a_remedy_that_changes_nothing_alone_may_help_another() -> None:
    """A choice of the nearest by detached distances: no graph leads to it, and it has no slope."""
    job = programs["autoencoder-nearest-not-passed-on"].make()
    found = relume.repair(job.model, job.batches, job.loss, optimizer=job.optimizer)
    assert found.remedies == ("reattach-graph", "straight-through")
