"""Compiled code under watch: one graph, compiled once, read as eager code is."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.probe.models import CASES, batch_of, loss_of
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend
from torch._dynamo.utils import counters

import relume
from relume.errors import UnseenWarning
from relume.types import Readings

# torch.compile warns of itself.
pytestmark = pytest.mark.filterwarnings("ignore")


class Net(nn.Module):
    """Linear and convolution, a reused module, functions, one of them in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc, self.out = nn.Conv1d(2, 4, 3, padding=1), nn.Linear(6, 6), nn.Linear(6, 3)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.conv(x))
        x = self.act(self.fc(x))
        return F.silu(self.out(torch.tanh_(x * 2)))


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()
    counters.clear()


def network() -> Net:
    torch.manual_seed(0)
    return Net()


def batch(seed: int = 0, *, examples: int = 4) -> Tensor:
    return torch.randn(examples, 2, 6, generator=torch.Generator().manual_seed(seed))


def train(model: nn.Module, call: Callable[[Tensor], Tensor], *, steps: int = 4) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        optimizer.zero_grad()
        call(batch(step)).square().mean().backward()
        optimizer.step()


def names(readings: Readings) -> list[tuple[str, ...]]:
    return [(str(site), site.activation, site.fed_by) for site in readings.sites]


def assert_close(one: Readings, two: Readings) -> None:
    assert names(one) == names(two)
    for site, other in two.items():
        reading = one[site]
        assert reading.examples == other.examples
        for own, expected in ((reading.value, other.value), (reading.gradient, other.gradient)):
            np.testing.assert_array_equal(own.count, expected.count)
            np.testing.assert_array_equal(own.zeros, expected.zeros)
            np.testing.assert_allclose(own.sum, expected.sum, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(own.sum_of_squares, expected.sum_of_squares, rtol=1e-4, atol=1e-9)
            np.testing.assert_allclose(own.largest, expected.largest, rtol=1e-4)
    assert list(one.steps.examples) == list(two.steps.examples)


def test_one_graph_is_compiled_once_whatever_the_number_of_steps() -> None:
    model, backend = network(), CompileCounterWithBackend("aot_eager")
    with relume.watch(model, every=2, window=2) as watch:
        train(model, torch.compile(model, backend=backend, fullgraph=True), steps=7)
    assert backend.frame_count == 1
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]
    assert list(watch.readings().steps.numbers) == [0, 2, 4, 6]
    assert watch.readings()["act"].examples == 4 * 4


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_compiled_code_is_read_as_eager_code_is(backend: str) -> None:
    eager, compiled = network(), network()
    with relume.watch(eager) as expected:
        train(eager, eager)
    with relume.watch(compiled) as watch:
        train(compiled, torch.compile(compiled, backend=backend, fullgraph=True))
    assert_close(watch.readings(), expected.readings())


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.is_one_graph and case.has_activations]
)
def test_every_network_stays_one_graph_and_shows_the_sites_of_eager_code(name: str) -> None:
    case = CASES[name]
    torch.manual_seed(0)
    eager = case.build()
    compiled = copy.deepcopy(eager)
    found = []
    for model, backend in ((eager, None), (compiled, "aot_eager")):
        with relume.watch(model) as watch:
            call = torch.compile(model, backend=backend, fullgraph=True) if backend else model
            loss_of(call(batch_of(case, 0))).backward()
        readings = watch.readings()
        found.append((names(readings), [reading.value.units for reading in readings.values()]))
        assert all(reading.gradient.count.all() for reading in readings.values())
    assert found[0] == found[1]


def test_a_watch_set_after_the_first_compiled_call_sees_the_next_one() -> None:
    model = network()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    before = compiled(batch())
    with relume.watch(compiled) as watch:  # type: ignore[arg-type]
        train(model, compiled, steps=2)
    assert watch.readings()["act"].examples == 8
    compiled(batch())
    assert watch.readings()["act"].examples == 8, "and nothing after it is closed"
    model.load_state_dict(network().state_dict())
    assert torch.equal(compiled(batch()), before)


def test_a_twin_of_a_compiled_network_is_seen() -> None:
    model, twin = network(), network()
    torch.compile(model, backend="aot_eager", fullgraph=True)(batch())
    with relume.watch(twin) as watch:
        train(twin, torch.compile(twin, backend="aot_eager", fullgraph=True), steps=2)
    assert watch.readings()["act"].examples == 8


def test_two_watched_twins_are_read_apart() -> None:
    one, two = network(), network()
    with relume.watch(one) as of_one, relume.watch(two) as of_two:
        train(one, torch.compile(one, backend="aot_eager", fullgraph=True), steps=1)
        train(two, torch.compile(two, backend="aot_eager", fullgraph=True), steps=3)
    assert (of_one.readings()["act"].examples, of_two.readings()["act"].examples) == (4, 12)


def test_a_second_watch_of_a_compiled_network_starts_from_nothing() -> None:
    model = network()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    examples = []
    for steps in (3, 1):
        with relume.watch(model) as watch:
            train(model, compiled, steps=steps)
        examples.append(watch.readings()["act"].examples)
    assert examples == [12, 4]


@pytest.mark.parametrize("way", ["a compiled part", "model.compile"])
def test_other_ways_to_compile_are_read_as_eager_code_is(way: str) -> None:
    def outer() -> nn.Sequential:
        return nn.Sequential(network(), nn.Linear(3, 3), nn.Sigmoid())

    eager, model = outer(), outer()
    model.load_state_dict(eager.state_dict())
    if way == "model.compile":
        model.compile(backend="aot_eager", fullgraph=True)
    else:
        model[0] = torch.compile(model[0], backend="aot_eager", fullgraph=True)
    with relume.watch(eager) as expected:
        train(eager, eager)
    with relume.watch(model) as watch:
        train(model, model)
    assert_close(watch.readings(), expected.readings())
    assert list(watch.readings().parameters) == list(dict(eager.named_parameters()))


def test_a_changing_batch_size_is_read_right() -> None:
    model = network()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    with relume.watch(model) as watch:
        for examples in (4, 3, 5, 2):
            compiled(batch(examples=examples)).sum().backward()
    assert watch.readings()["act"].examples == watch.readings()["act#2"].examples == 14
    assert counters["stats"]["unique_graphs"] <= 2, "one for a size, one for all"


def test_evaluation_of_compiled_code_is_read_apart() -> None:
    model = network()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    with relume.watch(model) as watch:
        train(model, compiled, steps=2)
        model.eval()
        with torch.no_grad():
            compiled(batch())
    assert watch.readings()["act"].examples == 8
    assert watch.readings("evaluation")["act"].examples == 4


def test_training_of_which_nothing_is_seen_warns() -> None:
    model = network()
    watch = relume.watch(model, window=2)
    for module in model.modules():
        vars(module).pop("forward", None)
    with pytest.warns(UnseenWarning, match="but no activation of Net was seen"):
        train(model, model, steps=2)
    watch.close()
