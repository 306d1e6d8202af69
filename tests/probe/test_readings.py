"""What a watch reads equals what plain torch computes of the same training."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import relume
from relume import activations
from relume.types import NonFinite, Readings, Sums

SITES = {"1": "relu", "3": "sigmoid"}
FLAT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda y: y <= 0,
    "sigmoid": lambda y: y * (1 - y) < 0.05,  # its slope
}


def network(seed: int = 0, *, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 2)
    return nn.Sequential(*layers).to(dtype)


def batches(steps: int, *, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [3 * torch.randn(8, 4, generator=generator).to(dtype) for _ in range(steps)]


def train(model: nn.Module, xs: Iterable[Tensor], optimizer: torch.optim.Optimizer | None = None) -> None:
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.3)
    for x in xs:
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


Kept = dict[str, dict[str, np.ndarray]]  # by site and quantity: [examples, units]


def by_hand(xs: list[Tensor], *, counted: Iterable[int], dtype: torch.dtype) -> Kept:
    """The values of both sites and their gradients over the counted steps, kept by plain torch."""
    model, steps = network(dtype=dtype), set(counted)
    step_values: dict[str, Tensor] = {}
    kept: dict[str, dict[str, list[np.ndarray]]] = {site: {"value": [], "gradient": []} for site in SITES}

    def keep(site: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, y: Tensor) -> None:
            y.retain_grad()
            step_values[site] = y

        return hook

    for site in SITES:
        model[int(site)].register_forward_hook(keep(site))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for step, x in enumerate(xs):
        train(model, [x], optimizer)
        for site, y in step_values.items():
            if step in steps:
                assert y.grad is not None
                kept[site]["value"].append(y.detach().double().numpy().copy())
                kept[site]["gradient"].append(y.grad.double().numpy())
    return {
        site: {quantity: np.concatenate(parts) for quantity, parts in of.items()} for site, of in kept.items()
    }


def assert_sums(sums: Sums, values: np.ndarray, flat: Callable[[np.ndarray], np.ndarray] | None) -> None:
    assert (sums.count == len(values)).all()
    np.testing.assert_allclose(sums.sum, values.sum(0), rtol=0, atol=1e-12 * np.abs(values).sum())
    np.testing.assert_allclose(sums.sum_of_squares, (values**2).sum(0), rtol=1e-12)
    np.testing.assert_array_equal(sums.zeros, (values == 0).sum(0))
    np.testing.assert_array_equal(sums.fired, (values > 0).sum(0))
    np.testing.assert_array_equal(sums.flat, flat(values).sum(0) if flat else 0)
    np.testing.assert_array_equal(sums.largest, np.abs(values).max(0))


def assert_equal(readings: Readings, expected: Kept) -> None:
    assert list(readings) == list(expected)
    for site, of in expected.items():
        reading = readings[site]
        assert reading.examples == len(of["value"])
        assert_sums(reading.value, of["value"], FLAT[SITES[site]])
        assert_sums(reading.gradient, of["gradient"], None)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("every", "window"), [(1, 50), (1, 3), (3, 50), (3, 2)])
def test_the_sums_of_all_steps_are_those_kept_by_hand(every: int, window: int, dtype: torch.dtype) -> None:
    xs, model = batches(10, dtype=dtype), network(dtype=dtype)
    with relume.watch(model, every=every, window=window) as watch:
        train(model, xs)
    readings, counted = watch.readings(), range(0, 10, every)
    assert_equal(readings, by_hand(xs, counted=counted, dtype=dtype))
    assert list(readings.steps.numbers) == list(counted)
    assert list(readings.steps.examples) == [8] * len(counted)


def test_reading_in_between_changes_nothing_that_is_read_later() -> None:
    xs, model = batches(6), network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    with relume.watch(model) as watch:
        for step, x in enumerate(xs):
            train(model, [x], optimizer)
            assert_equal(watch.readings(), by_hand(xs[: step + 1], counted=range(6), dtype=torch.float32))
    assert watch.readings()["1"].steps == range(6)


def test_evaluation_is_read_apart_from_training() -> None:
    xs, model = batches(4), network()
    with relume.watch(model) as watch:
        for x in xs:
            train(model, [x], torch.optim.SGD(model.parameters(), lr=0.3))
            model.eval()(x)
            model.train()
            with torch.no_grad():
                model(x[:3])
    training, evaluation = watch.readings(), watch.readings("evaluation")
    assert_equal(training, by_hand(xs, counted=range(4), dtype=torch.float32))
    assert list(training.steps.examples) == [8] * 4
    assert [reading.examples for reading in evaluation.values()] == [4 * 11, 4 * 11]
    assert all(not reading.gradient.count.any() for reading in evaluation.values())


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda ps: torch.optim.Adam(ps, lr=0.1),
    "fused": lambda ps: torch.optim.AdamW(ps, lr=0.1, fused=True),
    "foreach": lambda ps: torch.optim.SGD(ps, lr=0.1, foreach=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_norms_of_parameters_are_those_around_the_step(name: str) -> None:
    model, expected = network(), {}
    optimizer = OPTIMIZERS[name](model.parameters())
    with relume.watch(model) as watch:
        for x in batches(3):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            before = {name: p.detach().double() for name, p in model.named_parameters()}
            before = {name: p.clone() for name, p in before.items()}
            gradients = {name: p.grad.double() for name, p in model.named_parameters() if p.grad is not None}
            optimizer.step()
            for key, p in model.named_parameters():
                of = expected.setdefault(key, np.zeros(3))
                update = p.detach() - before[key].float()  # as the parameter's own type has it
                of += [float(each.double().square().sum()) for each in (gradients[key], before[key], update)]
    for key, reading in watch.readings().parameters.items():
        found = reading.gradient, reading.weight, reading.update
        np.testing.assert_allclose(found, expected.pop(key), rtol=1e-12)
        assert (reading.measured, reading.unused, reading.size) == (3, 0, model.get_parameter(key).numel())
    assert not expected


def test_an_optimiser_with_a_closure_has_its_gradients_measured_too() -> None:
    model, x = network(), batches(1)[0]
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    before = model[0].weight.detach().clone()
    with relume.watch(model) as watch:
        optimizer.step(closure)
    reading = watch.readings().parameters["0.weight"]
    update = model[0].weight.detach() - before
    assert reading.measured == 1
    assert reading.update_norm == pytest.approx(float(update.norm()), rel=1e-6)
    assert model[0].weight.grad is not None
    assert reading.gradient_norm == pytest.approx(float(model[0].weight.grad.norm()), rel=1e-6)


def test_a_parameter_that_is_not_used_is_not_one_whose_gradient_vanished() -> None:
    model = network()
    model.register_parameter("idle", nn.Parameter(torch.ones(3)))
    model.register_parameter("zero", nn.Parameter(torch.zeros(1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with relume.watch(model) as watch:
        for x in batches(2):
            optimizer.zero_grad()
            (model(x).mean() + 0 * model.zero).backward()
            optimizer.step()
    idle, zero = (watch.readings().parameters[name] for name in ("idle", "zero"))
    assert (idle.unused, idle.measured, idle.is_used) == (2, 0, False)
    assert math.isnan(idle.gradient_norm)
    assert (zero.unused, zero.measured, zero.is_used, zero.gradient_norm) == (0, 2, True, 0)


def test_losses_and_learning_rates_are_those_of_their_steps() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with relume.watch(model, window=2) as watch:
        for step, x in enumerate(batches(4)):
            loss = model(x).mean()
            loss.backward()
            if step != 1:
                watch.loss(torch.tensor(float(step)))
                watch.loss(step + 1)  # gradients accumulated over two batches are two losses
            optimizer.step()
            schedule.step()
    steps = watch.readings().steps
    np.testing.assert_array_equal(steps.numbers, range(4))
    np.testing.assert_array_equal(steps.losses, [0.5, math.nan, 2.5, 3.5])
    np.testing.assert_array_equal(steps.learning_rates, [1, 0.5, 0.25, 0.125])
    assert np.isnan(steps.seconds[0])
    assert (steps.seconds[1:] > 0).all()


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "softplus", "leaky_relu", "silu", "hardtanh"])
def test_the_derivative_passed_is_that_of_the_activation(name: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 6)
    model = nn.Sequential(layer, next(a for a in activations[name].aliases if a.is_module).call())
    x, weights = torch.randn(32, 4), torch.randn(6)
    with relume.watch(model, passed_derivative=True) as watch:
        (model(x) * weights).sum().backward()
    reading = watch.readings()["1"]
    assert reading.passed is not None
    derivative = activations[name].derivative(layer(x).detach().double())
    passed = (derivative * weights).numpy()
    np.testing.assert_allclose(reading.passed.sum, passed.sum(0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(reading.passed.sum_of_squares, (passed**2).sum(0), rtol=1e-5)


class Faulty(nn.Module):
    """Makes one value of a tensor wrong at one step, on its way forward or back."""

    def __init__(self) -> None:
        super().__init__()
        self.step, self.faults = 0, set[tuple[int, str, float]]()

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()  # a hook on the tensor itself would come behind the watch's
        for step, direction, value in self.faults:
            if step == self.step and direction == "forward":
                x = x + torch.zeros_like(x).index_fill(0, torch.tensor([1]), value)
            if step == self.step and direction == "backward":
                x.register_hook(lambda gradient, value=value: gradient + value)  # type: ignore[no-untyped-call]
        self.step += 1
        return x


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("faults", "site", "direction"),
    [
        ({(3, "a", "forward")}, "1", "forward"),
        ({(3, "b", "forward")}, "4", "forward"),
        ({(3, "b", "backward")}, "1", "backward"),
        ({(3, "a", "forward"), (3, "b", "forward")}, "1", "forward"),
        ({(3, "b", "forward"), (4, "a", "forward")}, "4", "forward"),
        ({(3, "b", "backward"), (3, "c", "backward")}, "4", "backward"),
    ],
)
def test_the_first_value_that_is_not_finite_is_named(
    faults: set[tuple[int, str, str]], site: str, direction: Any, value: float
) -> None:
    a, b, c = Faulty(), Faulty(), Faulty()
    for step, place, way in faults:
        {"a": a, "b": b, "c": c}[place].faults.add((step, way, value))
    model = nn.Sequential(a, nn.LeakyReLU(), nn.Linear(4, 4), b, nn.LeakyReLU(), c, nn.Linear(4, 2))
    with relume.watch(model, window=2) as watch:
        for x in batches(5):
            torch.nan_to_num(model(x.requires_grad_())).sum().backward()
            watch.step()
    assert watch.readings().non_finite == NonFinite(site=site, step=3, direction=direction)


def test_a_run_of_finite_values_has_no_such_event() -> None:
    model = network()
    with relume.watch(model) as watch:
        train(model, batches(3))
    assert watch.readings().non_finite is None
