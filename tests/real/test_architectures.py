"""Nothing that a trace of aten's operators shows is missed, nothing is made up, training stays as it was."""

from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import relume
from relume.types import Reading, Readings, Sums

from .architectures import ARCHITECTURES, Architecture, load, loss_of
from .trace import Numbers, Operation, Output, Trace, traced

LIBRARIES = ("timm", "transformers")
NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            find_spec(architecture.library) is None, reason=f"{architecture.library} is not installed"
        ),
    )
    for name, architecture in ARCHITECTURES.items()
]


class Trained(NamedTuple):
    """What two steps leave."""

    losses: list[float]
    state: dict[str, Tensor]
    random_state: Tensor


class Seen(NamedTuple):
    """A network's first pass as the dispatcher saw it and as a watch did; two steps with and without."""

    paths: set[str]
    parameters: set[str]
    trace: Trace
    readings: Readings  # of the first of the two steps
    without: Trained
    watched: Trained


def step_of(architecture: Architecture, model: nn.Module, number: int) -> Tensor:
    torch.manual_seed(number)  # for dropout
    return loss_of(model(**architecture.batch(number)))


def train(architecture: Architecture, model: nn.Module, watch: Any = None) -> tuple[Trained, Readings | None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    losses, first = [], None
    for number in range(2):
        optimizer.zero_grad()
        loss = step_of(architecture, model, number)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        first = first or (watch and watch.readings())
    return Trained(losses, model.state_dict(), torch.get_rng_state()), first


@cache
def seen(name: str) -> Seen:
    architecture = ARCHITECTURES[name]
    load(architecture.library)
    model = architecture.build()
    trace = traced(model, lambda: step_of(architecture, model, 0))
    without, _ = train(architecture, architecture.build())
    model = architecture.build()
    with relume.watch(model) as watch:
        watched, readings = train(architecture, model, watch)
    assert readings is not None
    paths = {path for path, _ in model.named_modules()}
    parameters = {path for path, _ in model.named_parameters()}
    return Seen(paths, parameters, trace, readings, without, watched)


def is_alike(numbers: Numbers, sums: Sums) -> bool:
    return numbers.is_like(int(sums.count.sum()), int(sums.zeros.sum()), float(sums.sum.sum()))


def output_of(reading: Reading, trace: Trace) -> Output | None:
    """What the module of a site returned, if the site is all of the module."""
    path = reading.site.path
    return next((y for y in trace.outputs if y.path == path and is_alike(y.numbers, reading.value)), None)


def unmatched(trace: Trace, readings: Readings) -> tuple[list[Operation], list[Reading]]:
    """The operations that no site accounts for, and the sites that account for no operation.

    A site accounts for one operation in its own module that gave what the site read. Where it read what its
    module returned, it accounts for all within the module: a composed activation is several operators.
    """
    sites = list(readings.values())
    whole = {reading.site.path for reading in sites if output_of(reading, trace)}
    left, used = [], set[str]()
    for operation in trace.operations:
        path = operation.inside[-1]
        found = [
            reading
            for reading in sites
            if reading.site.path == path and is_alike(operation.numbers, reading.value)
        ]
        if found:
            sites.remove(found[0])
        elif inner := whole.intersection(operation.inside):
            used |= inner
        elif not any(_is_within(path, unseen) for unseen in readings.not_seen):
            left.append(operation)
    return left, [reading for reading in sites if reading.site.path not in used]


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.") or outer == ""


@pytest.mark.parametrize("name", NAMES)
def test_each_activation_is_a_site_or_listed_as_not_seen(name: str) -> None:
    _, _, trace, readings, *_ = seen(name)
    assert len(trace.operations) >= 2
    missed, made_up = unmatched(trace, readings)
    assert not missed, [(operation.name, operation.inside[-1]) for operation in missed]
    assert not made_up, [str(reading.site) for reading in made_up]


@pytest.mark.parametrize("name", NAMES)
def test_two_steps_end_the_same_with_and_without_watching(name: str) -> None:
    *_, without, watched = seen(name)
    assert without.losses == watched.losses
    assert without.losses[0] != without.losses[1]
    assert without.state.keys() == watched.state.keys()
    for key, value in without.state.items():
        assert torch.equal(value, watched.state[key]), key
    assert torch.equal(without.random_state, watched.random_state)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_that_arrive_at_the_modules(name: str) -> None:
    _, _, trace, readings, *_ = seen(name)
    for reading in readings.values():
        output = output_of(reading, trace)
        arrived = reading.gradient.count.sum()
        if output is None:  # called as a function: no hook knows the gradient, only how much of it there is
            assert arrived == reading.value.count.sum(), reading.site
        elif output.gradient is None:
            assert not arrived, reading.site
        else:
            assert is_alike(output.gradient, reading.gradient), reading.site


@pytest.mark.parametrize("name", NAMES)
def test_sites_lie_in_modules_of_the_network(name: str) -> None:
    paths, parameters, _, readings, *_ = seen(name)
    assert {site.path for site in readings.sites} <= paths
    assert {site.fed_by for site in readings.sites} <= paths | {""}
    assert set(readings.parameters) == parameters


@pytest.mark.parametrize("name", ["ResNet-18", "T5"])
def test_a_site_that_is_forgotten_is_found(name: str) -> None:
    if find_spec(ARCHITECTURES[name].library) is None:
        pytest.skip("not installed")
    _, _, trace, readings, *_ = seen(name)
    forgotten = next(iter(readings))
    fewer = {path: reading for path, reading in readings.items() if path != forgotten}
    [missed], _ = unmatched(trace, Readings(readings=fewer))
    assert missed.inside[-1] == forgotten
    fewer_operations = Trace(trace.operations[1:], trace.outputs)
    assert [str(reading.site) for reading in unmatched(fewer_operations, readings)[1]] == [forgotten]


@pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed")
@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("name", ["BERT", "OPT"])
def test_checkpointing_changes_no_reading(name: str, reentrant: bool) -> None:
    architecture = ARCHITECTURES[name]
    model = architecture.build()
    model.activation_checkpointing_enable({"use_reentrant": reentrant})  # type: ignore[operator]
    model.enable_input_require_grads()  # type: ignore[operator]
    with relume.watch(model) as watch:
        step_of(architecture, model, 0).backward()
    readings = seen(name).readings
    checkpointed = watch.readings()
    assert {str(site) for site in checkpointed.sites} == {str(site) for site in readings.sites}
    for path, reading in checkpointed.items():
        for ours, theirs in (
            (reading.value, readings[path].value),
            (reading.gradient, readings[path].gradient),
        ):
            assert (ours.count == theirs.count).all(), path
            assert (ours.zeros == theirs.zeros).all(), path
            assert ours.sum == pytest.approx(theirs.sum, rel=1e-5, abs=1e-7), path
