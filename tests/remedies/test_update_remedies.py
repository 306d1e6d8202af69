"""Remedies of steps, of recurrences and of infinite data."""

import math
from dataclasses import replace

import pytest
import torch
from tests.remedies.ailing import CLASSES, FEATURES, batches, finding, he, healthy, mlp, patient_of
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from relume.remedies import remedies
from relume.remedies.measuring import treated_copy
from relume.remedies.warm_up import STEPS, WarmUp
from relume.trial import admit, run_trial


def rates_of(optimizer: Optimizer, parameter: nn.Parameter, steps: int) -> list[float]:
    """What each step of plain descent changes a weight by, whose gradient is 1."""
    taken = []
    for _ in range(steps):
        before, parameter.grad = float(parameter.detach()), torch.ones(())
        optimizer.step()
        taken.append(before - float(parameter.detach()))
    return taken


def test_rates_rise_in_a_line_and_stay() -> None:
    weight = nn.Parameter(torch.tensor(0.0))
    optimizer = SGD([weight], lr=1.0)
    optimizer.register_step_pre_hook(WarmUp(4))
    assert rates_of(optimizer, weight, 6) == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_a_rate_is_warmed_up_in_every_copy_anew() -> None:
    patient = healthy()
    remedies["warm-up"].apply(patient, finding())
    first = treated_copy(patient)
    run_trial(first, steps=2)
    assert first.optimizer.param_groups[0]["lr"] == pytest.approx(0.05 * 2 / STEPS)
    second = treated_copy(patient)
    run_trial(second, steps=1)
    assert second.optimizer.param_groups[0]["lr"] == pytest.approx(0.05 / STEPS)


def test_what_hangs_on_an_optimiser_is_kept_by_the_next() -> None:
    patient = healthy()
    remedies["clip-gradients"].apply(patient, finding())
    done = remedies["adaptive-optimiser"].apply(patient, finding())
    assert done.startswith("SGD -> Adam, learning rate ")
    assert len(patient.optimizer._optimizer_step_pre_hooks) == 1
    held = [p for group in patient.optimizer.param_groups for p in group["params"]]
    assert {id(p) for p in held} == {id(p) for p in patient.model.parameters()}


def test_an_adaptive_optimiser_of_torch_stays_and_one_of_ones_own_does_not() -> None:
    class Mine(Adam):
        pass

    model = he(mlp(nn.ReLU, depth=2))
    for kind, expected in ((Adam, ""), (Mine, "Mine -> Adam")):
        patient = admit(model, batches(), nn.CrossEntropyLoss(), optimizer=kind(model.parameters()), steps=9)
        done = remedies["adaptive-optimiser"].apply(patient, finding())
        assert done.startswith(expected)
        assert bool(done) == bool(expected)


class Stepped(nn.Module):
    """A recurrence by hand: a square layer that is called at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.again, self.out = nn.Linear(FEATURES, FEATURES), nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(4):
            x = self.again(x)
        return self.out(x)


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.LSTM(FEATURES, 12, batch_first=True), nn.Linear(12, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.cell(x[:, None])[0][:, -1])


@pytest.mark.parametrize(("make", "name"), [(Stepped, "again.weight"), (Cell, "cell.weight_hh_l0")])
def test_every_block_of_a_recurrence_is_orthogonal(make: type[nn.Module], name: str) -> None:
    torch.manual_seed(0)
    patient = patient_of(make())
    kept = {key: value.clone() for key, value in patient.model.named_parameters() if key != name}
    assert remedies["orthogonal-recurrence"].apply(patient, finding()) == f"orthogonal: {name}"
    weight = patient.model.get_parameter(name)
    for block in weight.split(weight.shape[1]):  # type: ignore[no-untyped-call]
        assert torch.allclose(block @ block.T, torch.eye(len(block)), atol=1e-5)
    assert all(torch.equal(patient.model.get_parameter(key), value) for key, value in kept.items())


def test_a_network_without_a_recurrence_has_nothing_to_be_orthogonal() -> None:
    assert not remedies["orthogonal-recurrence"].apply(patient_of(mlp(nn.ReLU, depth=2, width=8)), finding())


def test_infinity_is_the_end_of_its_feature() -> None:
    data = batches(2)
    least, greatest = data[0][0][1:, 0].min(), data[0][0][1:, 1].max()
    data[0][0][0, 0], data[0][0][0, 1] = -math.inf, math.inf
    patient = patient_of(mlp(nn.ReLU, depth=1), data=data)
    done = remedies["clean-examples"].apply(patient, finding())
    assert done.startswith("in 1 of 128 examples infinity")
    cleaned = patient.batches[0][0]
    assert (cleaned[0, 0], cleaned[0, 1]) == (least, greatest)
    assert torch.equal(cleaned[1:], data[0][0][1:])


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: x[x > 1e9].mean(),
        lambda x: nn.functional.mse_loss(x[x > 1e9], x[x > 1e9].detach()),
        lambda x: ((x - x.mean(0)).square().sum(0) / 0).sum(),
        lambda x: x.relu().pow(torch.tensor(0.5, requires_grad=True)).sum(),
        lambda x: nn.functional.poisson_nll_loss(x, torch.ones_like(x), log_input=False),
    ],
    ids=["mean", "mse_loss", "division", "power", "poisson"],
)
def test_what_is_undefined_is_guarded(loss: object) -> None:
    patient = patient_of(he(mlp(nn.ReLU, depth=1)))
    patient.loss = lambda model, batch: loss(model(batch[0]))  # type: ignore[operator]
    assert remedies["guard-operations"].apply(patient, finding())
    value = patient.loss(patient.model, patient.batches[0])
    value.backward()  # type: ignore[no-untyped-call]
    assert value.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in patient.model.parameters())


def test_the_logarithm_of_a_rate_is_left_as_it_is() -> None:
    patient = patient_of(he(mlp(nn.ReLU, depth=1)))
    patient.loss = lambda model, batch: nn.functional.poisson_nll_loss(model(batch[0]), torch.ones(()))
    assert not remedies["guard-operations"].apply(patient, finding())


class Opened(nn.Module):
    """A branch times a factor that is 0 and frozen, past which all goes."""

    def __init__(self) -> None:
        super().__init__()
        self.branch, self.out = nn.Linear(FEATURES, FEATURES), nn.Linear(FEATURES, CLASSES)
        self.factor = nn.Parameter(torch.zeros(()), requires_grad=False)
        self.other = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(x + self.other * self.factor * self.branch(x))
        return y


def test_a_frozen_factor_of_0_around_a_layer_learns_and_no_other_does() -> None:
    model = Opened()
    patient = admit(
        model, batches(3), nn.CrossEntropyLoss(), optimizer=SGD(model.parameters(), lr=0.1), steps=3
    )
    named = replace(finding(), parameters=("branch.weight",))
    assert "1 parameters (factor first)" in remedies["train-every-layer"].apply(patient, named)
    assert patient.model.factor.requires_grad
    assert not patient.model.other.requires_grad
    run_trial(patient, steps=3)
    assert patient.model.factor.abs() > 0


def test_data_below_a_logarithm_is_held_among_the_lowest_and_does_not_lie_far_out() -> None:
    patient, seen = patient_of(he(mlp(nn.ReLU, depth=1))), list[Tensor]()

    def logged(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        x = batch[0].log()
        seen.append(x)
        return nn.functional.cross_entropy(model(x), batch[1])

    patient.loss = logged
    assert remedies["guard-operations"].apply(patient, finding())
    x = patient.batches[0][0]
    patient.loss(patient.model, patient.batches[0])
    lowest = x[x > 0].quantile(0.05).log()
    assert torch.allclose(seen[-1][x <= 0], lowest)
    assert seen[-1].min() == pytest.approx(float(lowest))


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_deviation_that_a_rectifier_takes_to_0_is_that_of_a_softplus(*, is_moved: bool) -> None:
    """Held at a millionth, its square would divide by next to nothing: the loss would be millions."""
    torch.manual_seed(0)
    patient, before = patient_of(he(mlp(nn.ReLU, depth=1))), list[Tensor]()

    def likely(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        out = model(batch[0])
        before[:] = [out.detach()]
        deviation = nn.functional.relu(out)
        deviation = deviation.unsqueeze(1)[:, 0] if is_moved else deviation
        return (deviation.log() + 0.5 * (out.detach() / deviation).square()).mean()

    patient.loss = likely
    assert not likely(patient.model, patient.batches[0]).isfinite()
    assert remedies["guard-operations"].apply(patient, finding())
    loss = patient.loss(patient.model, patient.batches[0])
    soft = nn.functional.softplus(before[0]) + 1e-6
    assert torch.allclose(loss, (soft.log() + 0.5 * (before[0] / soft).square()).mean())
