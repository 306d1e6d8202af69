"""The parts of `relume run`, one by one."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.launch.programs import START, TRAIN, environment
from torch import nn
from torch.optim import SGD

from relume.errors import LaunchError
from relume.launch.files import RunFiles
from relume.launch.owners import models_of
from relume.launch.status import StatusLine
from relume.probe.losses import Losses, listening


class Both(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
        self.judge = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_the_outermost_module_is_the_model() -> None:
    model = Both()
    assert models_of([SGD(model.maker[0].parameters())]) == [model]
    shelf = nn.ModuleList([model])
    assert models_of([SGD(model.parameters())]) == [shelf]
    del shelf
    again = nn.Sequential(*model.maker, *model.judge)
    assert models_of([SGD(model.parameters())]) == [model]
    del again
    loose = nn.Parameter(torch.ones(1))
    assert models_of([SGD([loose])]) == []


def test_parts_with_optimisers_of_their_own_are_models() -> None:
    model = Both()
    apart = [SGD(model.judge.parameters()), SGD(model.maker.parameters())]
    assert models_of(apart) == [model.maker, model.judge]
    weights = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    assert models_of([SGD(weights), SGD(rest)]) == [model]
    other = Both()
    assert models_of([SGD([*model.maker.parameters(), *other.parameters()])]) == [other, model]


def test_run_files_are_numbered_and_named_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = RunFiles("train", None)
    names = [files.path_for(model).name for model in ("Net", "Net", "Net", "a.b<c>")]
    assert names == ["train-1.sqlite", "train-1-Net.sqlite", "train-1-Net-2.sqlite", "train-1-a-b-c-.sqlite"]
    (tmp_path / "relume-run").mkdir()
    (tmp_path / "relume-run" / "train-1.sqlite").touch()
    assert RunFiles("train", None).path_for("Net").name == "train-2.sqlite"
    (tmp_path / "own.sqlite").touch()
    with pytest.raises(LaunchError, match=r"^own\.sqlite exists already\. Give another path with --into\.$"):
        RunFiles("train", Path("own.sqlite"))
    with pytest.raises(LaunchError, match=r"is a folder\. Give the path of a file in it\.$"):
        RunFiles("train", tmp_path)


def test_each_process_of_a_distributed_run_has_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert RunFiles("train", None).path_for("Net").name == "train-1-rank1.sqlite"
    assert RunFiles("train", Path("own.sqlite")).path_for("Net").name == "own-rank1.sqlite"


def test_the_loss_is_the_sum_since_the_last_step_and_unscaled() -> None:
    losses, x = Losses(), torch.ones(1, requires_grad=True)
    before = torch.autograd.backward
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with listening(losses):
        for factor in (1.0, 2.0):
            (factor * x).sum().backward()
        assert losses.total() == 3.0
        losses.used()
        assert losses.total() == 3.0  # another optimiser may step on them
        scaler.scale((3 * x).sum()).backward()
        assert losses.total() == 3.0
        (x * torch.ones(2)).backward(torch.ones(2))
        assert losses.total() == 3.0
    assert torch.autograd.backward is before


def test_losses_whose_gradients_were_cleared_do_not_count() -> None:
    losses, layer = Losses(), nn.Linear(1, 1)
    before = nn.Module.zero_grad, torch.optim.Optimizer.zero_grad
    assert losses.total() is None
    with listening(losses):
        for owner in (SGD(layer.parameters()), layer):
            for factor in (1.0, 2.0):
                owner.zero_grad()
                (factor * layer.weight / layer.weight.detach()).sum().backward()
            assert losses.total() == 2.0
            losses.used()
    assert (nn.Module.zero_grad, torch.optim.Optimizer.zero_grad) == before


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_gives_way_to_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = Terminal(), Terminal()
    line = StatusLine(err, out)
    assert line.is_due()
    line.show("step 1")
    assert not line.is_due()
    print("epoch 1", file=out)
    print("50 %", end="", file=err)
    monkeypatch.setattr("relume.launch.status.BETWEEN", 0.0)
    assert not line.is_due()  # somebody's progress bar
    print("", file=err)
    assert line.is_due()
    line.show("step 2")
    line.close()
    print("the end", file=err)
    assert out.getvalue() == "epoch 1\n"
    assert err.getvalue() == "\r\x1b[2Kstep 1\r\x1b[2K50 %\n\r\x1b[2Kstep 2\r\x1b[2Kthe end\n"
    assert "write" not in vars(out)


def test_no_line_where_nobody_watches() -> None:
    stream = io.StringIO()
    assert not StatusLine(stream).is_due()


def test_a_terminal_shows_step_and_loss(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(TRAIN + "import time\nfor _ in range(8): time.sleep(0.1); train(2)")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", START, "run", "slow.py"],
        cwd=tmp_path,
        env=environment() | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # the other end was closed
                break
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(ours)
    assert b"\r\x1b[2Krelume: step 1, loss 1." in shown
    assert shown.rpartition(b"\x1b[2K")[2].startswith(b"relume: Net, 2 steps")
