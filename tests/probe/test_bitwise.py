"""What watching must not change: weights, losses and random numbers, to the last bit."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
import torch
from tests.probe.models import CASES, Case, batch_of, loss_of
from torch import Tensor, nn

import relume
from relume.errors import UnseenWarning

STEPS = 50
QUICKLY = ("dropout", "batch norm", "residual", "in place")  # compiling one model twice takes 10 s
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
}


class Trace(NamedTuple):
    """All that training leaves."""

    losses: list[float]
    weights: dict[str, Tensor]
    random_state: Tensor


def trained(
    case: Case, model: nn.Module, call: Callable[..., Any], optimizer: str, *, autocast: bool
) -> Trace:
    torch.manual_seed(1)
    made = OPTIMIZERS[optimizer](model.parameters())
    losses = []
    for step in range(STEPS):
        made.zero_grad()
        with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
            loss = loss_of(call(batch_of(case, step % 7)))
        loss.backward()
        made.step()
        losses.append(loss.item())
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    return Trace(losses, weights, torch.get_rng_state())


def built(case: Case) -> nn.Module:
    torch.manual_seed(0)
    return case.build().train()


@contextmanager
def watched(case: Case, model: nn.Module, *, steps: int = STEPS) -> Iterator[None]:
    """Under watch, and seen: a comparison with nothing would hold too."""
    with warnings.catch_warnings():
        if not case.has_activations:
            warnings.simplefilter("ignore", UnseenWarning)
        with relume.watch(model) as watch:
            yield
        readings = watch.readings()
    assert bool(readings) == case.has_activations
    assert all(reading.value.count.sum() and reading.gradient.count.sum() for reading in readings.values())
    assert all(parameter.measured == steps for parameter in readings.parameters.values())


def assert_equal(one: Trace, two: Trace) -> None:
    assert one.losses == two.losses
    assert one.losses[-1] < one.losses[0], "trained"
    for name, weight in one.weights.items():
        assert torch.equal(weight, two.weights[name]), name
    assert torch.equal(one.random_state, two.random_state), "random state"


@pytest.mark.parametrize("autocast", [False, True], ids=["eager", "autocast"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", CASES)
def test_fifty_steps_end_the_same_with_and_without_watching(
    name: str, optimizer: str, autocast: bool
) -> None:
    case = CASES[name]
    plain, other = built(case), built(case)
    without = trained(case, plain, plain, optimizer, autocast=autocast)
    with watched(case, other):
        with_watch = trained(case, other, other, optimizer, autocast=autocast)
    assert_equal(without, with_watch)


@lru_cache(maxsize=1)
def compiled_traces(name: str) -> dict[str, tuple[Trace, Trace]]:
    """Without and with watching; compiled twice, once for each, for both optimisers."""
    case = CASES[name]
    torch._dynamo.reset()
    model = built(case)
    start = copy.deepcopy(model.state_dict())
    compiled = torch.compile(model, fullgraph=case.is_one_graph)

    def both() -> dict[str, Trace]:
        traces = {}
        for optimizer in OPTIMIZERS:
            model.load_state_dict(start)
            model.zero_grad()
            traces[optimizer] = trained(case, model, compiled, optimizer, autocast=False)
        return traces

    without = both()
    with watched(case, model, steps=len(OPTIMIZERS) * STEPS):
        with_watch = both()
    return {optimizer: (without[optimizer], with_watch[optimizer]) for optimizer in OPTIMIZERS}


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if name in QUICKLY else [pytest.mark.slow]


# torch.compile warns of itself; as an error, that is one graph less.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in CASES])
def test_fifty_compiled_steps_end_the_same(name: str, optimizer: str) -> None:
    assert_equal(*compiled_traces(name)[optimizer])
