"""`relume check`: healthy, broken, or not run, as an exit status."""

from pathlib import Path

import pytest
from tests.launch.programs import TRAIN, by_relume

import relume

SATURATED = """
import torch
from torch import nn

torch.manual_seed(0)
layers = [nn.Linear(20, 32), nn.Sigmoid()]
for _ in range(11):
    layers += [nn.Linear(32, 32), nn.Sigmoid()]
model = nn.Sequential(*layers, nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
while True:
    x = torch.randn(128, 20)
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), x[:, :10].argmax(1)).backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (TRAIN + "train(10 ** 9)", 0),
        (SATURATED, 1),
        (TRAIN + "raise SystemExit(3)", 2),
        (TRAIN + "raise ValueError('no data')", 2),
        ("print('no torch')", 2),
    ],
    ids=["healthy", "broken", "exit", "exception", "no torch"],
)
def test_exit_status(tmp_path: Path, script: str, status: int) -> None:
    (tmp_path / "script.py").write_text(script)
    ended = by_relume(tmp_path, "check", "--steps", "60", "script.py")
    assert ended.status == status, ended.err
    if status < 2:
        assert "60 steps" in ended.err
        assert "Traceback" not in ended.err
        with relume.open(tmp_path / "relume-run" / "script-1.sqlite") as run:
            assert len(run.steps()) == 60
    else:
        assert "relume: script.py ended with status " in ended.err
        assert "no verdict" in ended.err


def test_a_script_that_ends_sooner_is_judged_by_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(TRAIN + "train(30); print('done')")
    ended = by_relume(tmp_path, "check", "--steps", "1000", "script.py")
    assert (ended.status, ended.out) == (0, "done\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch.py"], "nosuch.py does not exist. Give the path of a Python script, or -m and a module."),
        (["."], ". is a folder. Give the path of a Python script, or -m and a module."),
        (["-m", "nosuch.thing"], "there is no module 'nosuch.thing' in "),
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_what_cannot_be_run_is_told_in_a_sentence(
    tmp_path: Path, command: str, arguments: list[str], message: str
) -> None:
    ended = by_relume(tmp_path, command, *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(message)
    assert ended.err.count("\n") == 1
