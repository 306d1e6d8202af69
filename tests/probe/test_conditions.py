"""Watching works the same whatever way a network is trained."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import relume
from relume.types import Reading, Readings


def network(*, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))


def batch(examples: int = 8, *, features: int = 4, seed: int = 1) -> Tensor:
    return torch.randn(examples, features, generator=torch.Generator().manual_seed(seed))


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1)


def assert_same(one: Reading, two: Reading, *, rtol: float = 1e-12, scale: float = 1.0) -> None:
    assert one.examples == two.examples
    for own, other, factor in ((one.value, two.value, 1.0), (one.gradient, two.gradient, scale)):
        np.testing.assert_array_equal(own.count, other.count)
        np.testing.assert_allclose(own.sum, other.sum * factor, rtol=rtol, atol=rtol)
        np.testing.assert_allclose(own.sum_of_squares, other.sum_of_squares * factor**2, rtol=2 * rtol)


def read(model: nn.Module, train: Callable[[], object]) -> Readings:
    with relume.watch(model) as watch:
        train()
    return watch.readings()


def test_gradients_accumulated_over_batches_are_one_step() -> None:
    model = network()
    optimizer = sgd(model)
    with relume.watch(model) as watch:
        for _ in range(3):
            for part in batch().split(2):
                model(part).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    readings = watch.readings()
    assert list(readings.steps.examples) == [8, 8, 8]
    assert readings["1"].examples == readings["1"].gradient.count[0] == 24


def test_a_tower_called_twice_is_one_site_a_call() -> None:
    tower, x = network(), batch()

    class Siamese(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower = tower

        def forward(self, one: Tensor, two: Tensor) -> Tensor:
            return (self.tower(one) - self.tower(two)).square().sum()

    model = Siamese()
    readings = read(model, lambda: model(x, 2 * x).backward())
    assert list(readings) == ["tower.1", "tower.3", "tower.1#2", "tower.3#2"]
    for site, values in (("tower.1", tower[:2](x)), ("tower.1#2", tower[:2](2 * x))):
        np.testing.assert_allclose(readings[site].value.sum, values.detach().double().sum(0), rtol=1e-12)


def test_a_model_called_twice_a_step_counts_both_at_one_site() -> None:
    model, x = network(), batch()
    readings = read(model, lambda: (model(x) + model(2 * x)).sum().backward())
    assert list(readings) == ["1", "3"]
    assert readings["1"].examples == readings["1"].gradient.count[0] == 16


def test_two_models_with_two_optimisers_are_watched_apart() -> None:
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 4))
    judge = nn.Sequential(nn.Linear(4, 7), nn.LeakyReLU(), nn.Linear(7, 1))
    maker_steps, judge_steps = sgd(maker), sgd(judge)
    with relume.watch(maker) as of_maker, relume.watch(judge) as of_judge:
        for _ in range(3):
            judge_steps.zero_grad()
            (judge(maker(batch()).detach()).mean() - judge(batch(seed=2)).mean()).backward()
            judge_steps.step()
            maker_steps.zero_grad()
            judge(maker(batch())).mean().backward()
            maker_steps.step()
    made, judged = of_maker.readings(), of_judge.readings()
    assert [list(readings) for readings in (made, judged)] == [["1"], ["1"]]
    assert (made["1"].value.units, judged["1"].value.units) == (6, 7)
    assert [len(readings.steps) for readings in (made, judged)] == [3, 3]
    assert judged["1"].gradient.count[0] == 3 * 24  # the maker's loss goes through the judge too
    assert {name: p.measured for name, p in made.parameters.items()} == dict.fromkeys(made.parameters, 3)


def test_acting_without_gradients_is_no_training() -> None:
    policy = network()
    optimizer = sgd(policy)
    with relume.watch(policy) as watch:
        for _ in range(2):
            with torch.no_grad():
                for step in range(5):
                    policy(batch(1, seed=step))
            optimizer.zero_grad()
            policy(batch()).sum().backward()
            optimizer.step()
    assert watch.readings()["1"].examples == 16
    assert watch.readings("evaluation")["1"].examples == 10


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_counts_values_once_and_gradients_fully(reentrant: bool) -> None:
    class Outer(nn.Module):
        def __init__(self, *, checkpoints: bool) -> None:
            super().__init__()
            self.first, self.inner, self.checkpoints = nn.Linear(4, 4), network(), checkpoints

        def forward(self, x: Tensor) -> Tensor:
            x = F.silu(self.first(x))
            y = checkpoint(self.inner, x, use_reentrant=reentrant) if self.checkpoints else self.inner(x)
            return torch.sigmoid(y)

    plain, checkpointed = Outer(checkpoints=False), Outer(checkpoints=True)
    checkpointed.load_state_dict(plain.state_dict())
    one, two = (read(model, lambda m=model: m(batch()).sum().backward()) for model in (plain, checkpointed))
    # The reentrant form keeps no graph at first: the call after it is that of another pass.
    assert set(one) == set(two)
    for site in one:
        assert_same(two[site], one[site])
    assert list(two.steps.examples) == list(one.steps.examples)


def test_values_under_autocast_are_those_in_bfloat16() -> None:
    model, x = network(), batch()

    def train() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            model(x).float().sum().backward()

    readings = read(model, train)
    with torch.autocast("cpu", torch.bfloat16):
        values = model[:2](x)
    assert values.dtype == torch.bfloat16
    np.testing.assert_allclose(readings["1"].value.sum, values.detach().double().sum(0), rtol=1e-12)


def scaled(
    model: nn.Module,
    losses: Callable[[int, Tensor], Tensor],
    *,
    half: bool = False,
    fused: bool = False,
    on: bool,
) -> Readings:
    """Four steps under a GradScaler whose factor grows every second step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8, growth_interval=2, enabled=on)
    factors = set()
    with relume.watch(model) as watch:
        for step in range(4):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16, enabled=half):
                loss = losses(step, model(batch(seed=step)).float())
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            factors.add(scaler.get_scale())
    assert len(factors) > on, "the factor changed"
    return watch.readings()


@pytest.mark.parametrize(("half", "rtol"), [(False, 1e-6), (True, 1e-2)], ids=["single", "half"])
@pytest.mark.parametrize("fused", [False, True])
def test_gradients_under_a_scaler_are_read_unscaled(fused: bool, half: bool, rtol: float) -> None:
    with_scaler, without = (
        scaled(network(), lambda step, y: y.square().mean(), half=half, fused=fused, on=on)
        for on in (True, False)
    )
    for site in without:
        one, two = with_scaler[site].gradient, without[site].gradient
        np.testing.assert_array_equal(one.count, two.count)
        np.testing.assert_allclose(one.sum, two.sum, rtol=rtol, atol=rtol * two.largest.max())
        np.testing.assert_allclose(one.sum_of_squares, two.sum_of_squares, rtol=2 * rtol)
        np.testing.assert_allclose(one.largest, two.largest, rtol=rtol)
    for name, parameter in without.parameters.items():
        own = with_scaler.parameters[name]
        assert own.measured == parameter.measured == 4
        assert own.gradient_norm == pytest.approx(parameter.gradient_norm, rel=rtol)
        assert own.update_norm == pytest.approx(parameter.update_norm, rel=rtol)
    assert list(with_scaler.steps.numbers) == [0, 1, 2, 3]


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_overflowed_is_no_fault_and_its_gradients_do_not_count(fused: bool) -> None:
    overflow = 2.0**125
    readings = scaled(
        network(), lambda step, y: y.square().mean() * (overflow if step == 1 else 1), fused=fused, on=True
    )
    assert readings.non_finite is None
    assert np.isfinite(readings["1"].gradient.largest).all()
    assert (readings["1"].gradient.count[0], readings["1"].value.count[0]) == (24, 32)


def test_a_fault_in_the_network_is_named_under_a_scaler_too() -> None:
    model = network()
    nn.init.constant_(model[2].bias, torch.nan)
    with relume.watch(model) as watch:
        scaler, optimizer = torch.amp.GradScaler("cpu"), sgd(model)
        scaler.scale(model(batch()).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    fault = watch.readings().non_finite
    assert fault is not None
    assert (fault.site, fault.step, fault.direction) == ("3", 0, "forward")


def test_frozen_layers_are_seen_but_their_parameters_are_not_measured() -> None:
    model = network()
    model[0].requires_grad_(False)
    optimizer = sgd(model)
    with relume.watch(model) as watch:
        model(batch()).sum().backward()
        optimizer.step()
    readings = watch.readings()
    assert readings["1"].value.count[0] == 8
    assert readings["1"].gradient.count.sum() == 0  # nothing before it wants one
    assert readings["3"].gradient.count[0] == 8
    assert (readings.parameters["0.weight"].measured, readings.parameters["0.weight"].unused) == (0, 0)
    assert readings.parameters["2.weight"].measured == 1


def test_tied_weights_are_one_parameter() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False))
    model[2].weight = model[0].weight
    optimizer = sgd(model)
    with relume.watch(model) as watch:
        model(batch()).sum().backward()
        optimizer.step()
    assert list(watch.readings().parameters) == ["0.weight"]


def test_batches_may_vary_in_size() -> None:
    model = network()
    readings = read(model, lambda: [model(batch(size)).sum().backward() for size in (8, 3, 1)])
    assert readings["1"].examples == readings["1"].gradient.count[0] == 12
    assert readings["1"].value.units == 6


def test_features_that_vary_in_number_are_pooled() -> None:
    model = nn.Sequential(nn.Identity(), nn.ReLU())
    xs = [batch(features=features).requires_grad_() for features in (4, 6, 4)]
    reading = read(model, lambda: [model(x).sum().backward() for x in xs])["1"]
    values = np.concatenate([x.detach().double().relu().numpy().ravel() for x in xs])
    assert reading.value.units == reading.gradient.units == 1
    assert (reading.value.count[0], reading.gradient.count[0], reading.examples) == (112, 112, 24)
    np.testing.assert_allclose(reading.value.sum, values.sum(), rtol=1e-12)
    assert reading.value.fired[0] == (values > 0).sum()


@pytest.mark.parametrize("mode", ["functional_call", "grad", "vmap"])
def test_transformations_of_torch_func_give_the_same_with_and_without(mode: str) -> None:
    model, x = network(), batch()
    weights = dict(model.named_parameters())
    calls: dict[str, Callable[[], Any]] = {
        "functional_call": lambda: torch.func.functional_call(model, weights, (x,)),
        "grad": lambda: torch.func.grad(lambda w: torch.func.functional_call(model, w, (x,)).sum())(weights),
        "vmap": lambda: torch.vmap(lambda row: torch.func.functional_call(model, weights, (row,)))(x),
    }
    without = calls[mode]()
    with relume.watch(model):
        with_watch = calls[mode]()
    torch.testing.assert_close(with_watch, without, rtol=0, atol=0)


def test_a_watch_that_gives_way_closes_for_another() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    first = relume.watch(model)
    first.give_way()
    with relume.watch(model) as second:
        model(torch.ones(2, 4)).sum().backward()
    assert second.readings()["1"].examples == 2
    assert not first.readings()
    assert "forward" not in vars(model)
