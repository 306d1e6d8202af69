"""A watch leaves no trace: in what is copied from the model, after an error, and once it is closed."""

import copy
import inspect
import io
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.probe.models import CASES, batch_of
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import optimizer as optimizers
from torch.overrides import _get_current_function_mode_stack

import relume
from relume.errors import WatchError


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))


def batch() -> Tensor:
    return torch.randn(8, 4, generator=torch.Generator().manual_seed(1))


def attributes(model: nn.Module) -> list[dict[str, Any]]:
    """The own attributes of every module."""
    return [dict(vars(module)) for module in model.modules()]


def assert_same_attributes(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> None:
    assert [list(module) for module in one] == [list(module) for module in two], "the same names, in order"
    for own, other in zip(one, two, strict=True):
        assert all(own[name] is other[name] for name in own)


@pytest.mark.parametrize("name", CASES)
def test_a_closed_watch_leaves_every_module_as_it_was(name: str) -> None:
    case = CASES[name]
    model = case.build()
    before = attributes(model)
    with relume.watch(model):
        assert any("forward" in module for module in attributes(model))
        model(batch_of(case, 0))
    assert_same_attributes(attributes(model), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_the_hooks_of_optimisers_and_scalers_go_with_the_last_watch() -> None:
    step = vars(GradScaler)["step"]
    hooks = dict(optimizers._global_optimizer_pre_hooks), dict(optimizers._global_optimizer_post_hooks)
    first, second = relume.watch(network()), relume.watch(network())
    assert vars(GradScaler)["step"] is not step
    first.close()
    first.close()  # once more does nothing
    assert vars(GradScaler)["step"] is not step
    second.close()
    assert vars(GradScaler)["step"] is step
    assert (optimizers._global_optimizer_pre_hooks, optimizers._global_optimizer_post_hooks) == hooks


def saved(model: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    loaded: nn.Module = torch.load(file, weights_only=False)
    return loaded


COPIES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "torch.save": saved,
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_watched_model_is_not_watched(way: str) -> None:
    model = network()
    names = [list(module) for module in attributes(model)]
    with relume.watch(model) as watch:
        twin = COPIES[way](model)
        own = list(twin.modules())[: 1 if way == "copy" else None]  # copy.copy shares what is inside
        assert [list(vars(module)) for module in own] == names[: len(own)]
        assert torch.equal(twin(batch()), model(batch()))
        if way != "copy":
            assert watch.readings()["1"].examples == 8, "of the model's own call alone"
    assert torch.equal(twin(batch()), model(batch()))


def test_a_saved_model_is_that_of_an_unwatched_one_and_loads_without_relume(
    tmp_path: Path,
) -> None:
    model = network()
    unwatched = pickle.dumps(model)
    with relume.watch(model):
        model(batch()).sum().backward()
        model.zero_grad()
        assert pickle.dumps(model) == unwatched
        torch.save(model, tmp_path / "model.pt")
    code = (
        "import sys, torch\n"
        f"model = torch.load({str(tmp_path / 'model.pt')!r}, weights_only=False)\n"
        "model(torch.ones(1, 4))\n"
        "assert not any(name.startswith('relume') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_a_forward_method_of_the_users_own_instance_survives() -> None:
    model = network()
    own = model.forward

    def doubled(x: Tensor) -> Tensor:
        return 2 * own(x)

    model.forward = doubled  # type: ignore[method-assign]
    expected = model(batch())
    with relume.watch(model) as watch:
        assert torch.equal(model(batch()), expected)
        assert vars(pickle.loads(pickle.dumps(network()))).keys() == vars(network()).keys()
    assert vars(model)["forward"] is doubled
    assert watch.readings()["1"].examples == 8


def test_a_wrapper_put_around_while_watching_keeps_working_after_it() -> None:
    model = network()
    watch = relume.watch(model)
    ours = model.forward

    def half(*args: Any, **kwargs: Any) -> Tensor:
        return ours(*args, **kwargs).half()

    model.forward = half  # type: ignore[method-assign]
    y = model(batch())
    watch.close()
    seen = watch.readings()["1"].examples
    assert y.dtype == model(batch()).dtype == torch.float16
    assert torch.equal(y, model(batch()))
    assert watch.readings()["1"].examples == seen == 8
    with relume.watch(model) as again:
        assert torch.equal(y, model(batch()))
    assert again.readings()["1"].examples == 8


def test_an_error_within_the_network_leaves_nothing_behind() -> None:
    class Failing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.fails = network(), True

        def forward(self, x: Tensor) -> Tensor:
            x = self.inner[:2](x)
            if self.fails:
                raise RuntimeError("the user's own")
            return self.inner[2:](x)

    model = Failing()
    with relume.watch(model) as watch:
        with pytest.raises(RuntimeError, match="the user's own"):
            model(batch())
        assert not _get_current_function_mode_stack()
        model.fails = False
        model(batch()).sum().backward()
    readings = watch.readings()
    assert list(readings) == ["inner.1", "inner.3"]
    assert (readings["inner.1"].examples, readings["inner.3"].examples) == (16, 8)
    assert readings["inner.3"].site.fed_by == "inner.2"


def test_a_model_is_watched_once_at_a_time() -> None:
    model = network()
    before = attributes(model)
    with relume.watch(model) as watch:
        with pytest.raises(
            WatchError, match=r"the model is being watched already\. Close that watch first\."
        ):
            relume.watch(model)
        with pytest.raises(WatchError, match="is being watched already"):
            relume.watch(nn.Sequential(nn.Linear(4, 4), model))
        model(batch())
    assert watch.readings()["1"].examples == 8
    assert_same_attributes(attributes(model), before)


def test_the_signature_of_forward_is_that_of_the_class() -> None:
    class Named(nn.Module):
        def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Tensor:
            return input_ids

    model = Named()
    before = inspect.signature(model.forward)
    with relume.watch(model):
        assert inspect.signature(model.forward) == before
        assert list(before.parameters) == ["input_ids", "labels"]


def test_a_call_on_another_thread_is_computed_right_and_leaves_no_mode() -> None:
    model, modes, outputs = network(), [], []

    def work() -> None:
        outputs.append(model(batch()))
        modes.append(len(_get_current_function_mode_stack()))

    expected = model(batch())
    with relume.watch(model):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert modes == [0] * 4
    assert all(torch.equal(output, expected) for output in outputs)


def test_the_fast_path_of_a_transformer_stays_and_is_listed() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Linear(8, 2), nn.ReLU()).eval()
    x = torch.randn(3, 5, 8)
    with torch.no_grad():
        expected = model(x)
        with relume.watch(model) as watch:
            assert torch.equal(model(x), expected)
    readings = watch.readings("evaluation")
    assert list(readings) == ["2"]
    assert list(readings.not_seen) == ["0.layers.0", "0.layers.1"]
    assert all("fast path" in reason for reason in readings.not_seen.values())
    model.train()
    with relume.watch(model) as watch:
        model(x)
    assert list(watch.readings()) == ["0.layers.0", "0.layers.1", "2"]
    assert not watch.readings().not_seen


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_what_nobody_can_see_is_listed_with_its_reason() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.gru, self.cell = nn.LSTM(4, 4), nn.GRU(4, 4), nn.LSTMCell(4, 4)
            self.scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            x = self.gru(self.lstm(x)[0])[0]
            return self.act(self.scripted(self.cell(x)[0]))

    model = Mixed()
    with relume.watch(model) as watch:
        model(batch()).sum().backward()
    readings = watch.readings()
    assert list(readings) == ["act"]
    assert list(readings.not_seen) == ["lstm", "gru", "cell", "scripted"]
    assert "fused cell" in readings.not_seen["lstm"]
    assert "TorchScript" in readings.not_seen["scripted"]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("way", ["jit.trace", "fx", "export"])
def test_what_is_handed_on_computes_the_same_and_is_not_watched(way: str) -> None:
    model, x = network(), batch()
    with relume.watch(model):
        ways: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
            "jit.trace": lambda: torch.jit.trace(model, x),
            "fx": lambda: torch.fx.symbolic_trace(model),
            "export": lambda: torch.export.export(model, (x,)).module(),
        }
        handed_on = ways[way]()
        assert torch.equal(handed_on(x), model(x))
    assert torch.equal(handed_on(x), model(x))
