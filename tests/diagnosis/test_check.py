"""A verdict before training, which leaves everything as it was; and what it says of real small networks."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tests.diagnosis.networks import CLASSES, FAULTY, FEATURES, HEALTHY, data, deep
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

import relume
from relume.errors import TrialError
from relume.types import Diagnosis, Problem


def checked(model: nn.Module, shape: tuple[int, ...] = (FEATURES,)) -> Diagnosis:
    return relume.check(model, data(shape), nn.CrossEntropyLoss())


@pytest.mark.parametrize(
    ("build", "problem", "remedy"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY]
)
def test_the_fault_is_found_as_the_only_one_with_its_cause(
    build: Callable[[], nn.Module], problem: Problem, remedy: str
) -> None:
    diagnosis = checked(build())
    alarms = [finding for finding in diagnosis.findings if finding.severity != "info"]
    assert [finding.problem for finding in alarms] == [problem], str(diagnosis)
    assert alarms[0].remedies[0] == remedy
    assert len(str(diagnosis).splitlines()) <= 25


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_are_quiet(name: str) -> None:
    build, shape = HEALTHY[name]
    torch.manual_seed(0)
    diagnosis = checked(build(), shape)
    assert diagnosis.is_healthy, str(diagnosis)


def test_a_gradient_that_adam_brings_back_is_a_warning_and_one_that_nothing_does_an_error() -> None:
    """Adam's steps do not depend on the gradient's size: within 20 of them it grows from 1e-5 to a tenth."""
    brought_back = checked(deep(nn.Tanh)).findings[0]
    assert (brought_back.problem, brought_back.severity) == ("vanishing-gradient", "warning")
    assert brought_back.remedies[0] == "variance-preserving-initialisation"
    model = deep(nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    diagnosis = relume.check(model, data(), nn.CrossEntropyLoss(), optimizer=optimizer)
    assert (diagnosis.findings[0].problem, diagnosis.findings[0].severity) == ("vanishing-gradient", "error")
    assert diagnosis.findings[0].remedies[0] == "variance-preserving-initialisation"


class Delicate(nn.Module):
    """All that a check could disturb: dropout, running statistics, a generator of Python's and NumPy's."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm, self.drop = nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.3)
        self.two = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        noise = random.random() + np.random.rand()  # noqa: NPY002 - as augmentations do
        return self.two(self.drop(F.relu(self.norm(self.one(x))))) + 0.01 * noise


def _everything(model: nn.Module, optimizer: torch.optim.Optimizer, loader: Any) -> list[Any]:
    states = optimizer.state_dict()["state"]
    return [
        {name: value.clone() for name, value in model.state_dict().items()},
        [
            parameter.grad if parameter.grad is None else parameter.grad.clone()
            for parameter in model.parameters()
        ],
        copy.deepcopy(states),
        [module.training for module in model.modules()],
        [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()],
        torch.get_rng_state(),
        random.getstate(),
        np.random.get_state()[1],  # noqa: NPY002
        None if loader.generator is None else loader.generator.get_state(),
        None if loader.sampler.generator is None else loader.sampler.generator.get_state(),
    ]


def _assert_same(one: Any, two: Any) -> None:
    assert type(one) is type(two)
    if isinstance(one, Tensor):
        assert torch.equal(one, two)
    elif isinstance(one, np.ndarray):
        assert (one == two).all()
    elif isinstance(one, dict):
        assert list(one) == list(two)
        _assert_same(list(one.values()), list(two.values()))
    elif isinstance(one, list | tuple):
        assert len(one) == len(two)
        for each, other in zip(one, two, strict=True):
            _assert_same(each, other)
    else:
        assert one == two


def _loaders() -> list[Any]:
    x = torch.randn(96, 8, generator=torch.Generator().manual_seed(2))
    dataset = TensorDataset(x, torch.arange(96) % CLASSES)
    own = torch.Generator().manual_seed(3)
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(4))
    return [
        DataLoader(dataset, batch_size=16, shuffle=True),
        DataLoader(dataset, batch_size=16, shuffle=True, generator=own),
        DataLoader(dataset, batch_size=16, sampler=sampler),
    ]


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("loader", _loaders(), ids=["shuffled", "own generator", "sampler"])
def test_everything_is_left_as_it_was(loader: Any, training: bool) -> None:
    torch.manual_seed(0)
    model = Delicate()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    F.cross_entropy(model(torch.randn(16, 8)), torch.arange(16) % CLASSES).backward()
    optimizer.step()
    model.train(training)
    model.drop.eval()
    before = _everything(model, optimizer, loader)
    relume.check(model, loader, nn.CrossEntropyLoss(), optimizer=optimizer, steps=4)
    _assert_same(_everything(model, optimizer, loader), before)


def test_a_check_before_training_changes_no_bit_of_it() -> None:
    def trained(check: bool) -> list[Tensor]:
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        model, loader = Delicate(), _loaders()[0]
        if check:
            relume.check(model, loader, nn.CrossEntropyLoss())
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        return list(model.state_dict().values())

    _assert_same(trained(True), trained(False))


def test_a_model_in_evaluation_mode_is_judged_as_it_will_train() -> None:
    assert str(checked(deep(nn.Sigmoid).eval())) == str(checked(deep(nn.Sigmoid)))


def test_the_same_model_gets_the_same_verdict() -> None:
    torch.rand(3)
    first = str(checked(deep(nn.ReLU)))
    torch.rand(5)
    assert str(checked(deep(nn.ReLU))) == first


def test_a_loss_may_be_a_function_of_model_and_batch() -> None:
    diagnosis = relume.check(
        deep(nn.Sigmoid), data(), lambda model, batch: F.cross_entropy(model(batch[0]), batch[1])
    )
    assert diagnosis.findings[0].problem == "vanishing-gradient"


def test_no_batch_is_said_to_be_none() -> None:
    with pytest.raises(TrialError, match="there is no batch to train on: batches is empty"):
        relume.check(deep(nn.ReLU, depth=1), [], nn.CrossEntropyLoss())


def test_a_failure_leaves_the_random_state_too() -> None:
    model = deep(nn.ReLU, depth=1)
    before = torch.get_rng_state()
    with pytest.raises(TrialError, match="not a scalar"):
        relume.check(model, data(), nn.CrossEntropyLoss(reduction="none"))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_watch_tells_its_diagnosis() -> None:
    model = deep(nn.Sigmoid)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with relume.watch(model) as watch:
        for x, y in data():
            loss = F.cross_entropy(model(x), y)
            watch.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    diagnosis = watch.diagnose()
    assert str(diagnosis) == str(relume.diagnose(watch.readings()))
    assert diagnosis.findings[0].problem == "vanishing-gradient"
    assert "test_check.py:" in str(diagnosis)
