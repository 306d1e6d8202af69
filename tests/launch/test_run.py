"""A script under `relume run` is the script: output, arguments, weights, pickles, exit status, traceback."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.launch.programs import HEED_CTRL_C, START, TRAIN, Ended, by_python, by_relume, environment

import relume

ALL_OF_IT = (
    "import os\nos.environ['OMP_NUM_THREADS'] = '2'\n"  # read when torch is imported
    + TRAIN
    + """
import pickle, random, sys
import numpy as np
import beside

print(sys.argv, sys.path[0], __name__, __file__, __spec__, __package__, __cached__, sorted(globals()))
print(type(__loader__).__name__, sys.modules["__main__"].Net is Net, beside.WORD, torch.get_num_threads())
torch.set_num_threads(1)
random.seed(0), np.random.seed(0)
model, loss = train(60)
print(loss, random.random(), np.random.random(), torch.rand(1).item())
torch.save(model.state_dict(), "weights.pt")
torch.save(model, "model.pt")
print(type(torch.load("model.pt", weights_only=False)).__module__, pickle.dumps(Net))
sys.stdout.buffer.write(b"no line end")
sys.exit(3)
"""
)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Ended, Ended]:
    """The same script in two folders of the same name, by Python and by relume."""
    folders = [tmp_path_factory.mktemp(name) / "work" for name in ("plain", "watched")]
    for folder in folders:
        folder.mkdir()
        (folder / "all.py").write_text(ALL_OF_IT)
        (folder / "beside.py").write_text("WORD = 'beside'")
    arguments = ["all.py", "--epochs", "3", "-x", "--help", "--", "last"]
    return *folders, by_python(folders[0], *arguments), by_relume(folders[1], "run", *arguments)


def test_output_arguments_names_and_status_are_those_of_python(
    twice: tuple[Path, Path, Ended, Ended],
) -> None:
    plain, watched, by_itself, under_watch = twice
    assert by_itself.err == ""
    assert under_watch.out == by_itself.out.replace(str(plain), str(watched))
    assert "no line end" in under_watch.out  # where in it depends on how python buffers
    assert (by_itself.status, under_watch.status) == (3, 3)


def test_weights_are_those_of_python_to_the_bit(twice: tuple[Path, Path, Ended, Ended]) -> None:
    one, two = (torch.load(folder / "weights.pt") for folder in twice[:2])
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert one.keys() == two.keys()
    assert (twice[0] / "model.pt").read_bytes() == (twice[1] / "model.pt").read_bytes()


def test_what_was_seen_is_in_a_run_file_and_told(twice: tuple[Path, Path, Ended, Ended]) -> None:
    _, folder, _, under_watch = twice
    with relume.open(folder / "relume-run" / "all-1.sqlite") as run:
        assert (run.model, run.is_finished) == ("Net", False)
        assert run.failure == "SystemExit: 3"
        readings = run.readings()
    assert {name: reading.site.activation for name, reading in readings.items()} == {
        "act": "relu",
        "(model)": "relu",
    }
    assert readings["act"].site.source == "all.py:17"
    assert len(readings.steps) == 60
    assert np.isfinite(readings.steps.losses).all()
    last_loss = float(under_watch.out.splitlines()[2].split()[0])
    assert readings.steps.losses[-1] == pytest.approx(last_loss, rel=1e-4)
    told = under_watch.err.splitlines()
    assert told[0].startswith("relume: Net, 60 steps, loss 1.0")
    assert told[-2:] == ["Run file: relume-run/all-1.sqlite", "Report: relume-run/all-1.html"]
    assert "all-1.sqlite" in (folder / "relume-run" / "all-1.html").read_text(encoding="utf-8")
    assert len(told) <= 25


def test_a_second_run_writes_over_nothing(twice: tuple[Path, Path, Ended, Ended]) -> None:
    folder = twice[1]
    (folder / "short.py").write_text(TRAIN + "train(3)")
    before = (folder / "relume-run" / "all-1.sqlite").read_bytes()
    assert by_relume(folder, "run", "--into", "relume-run/all-1.sqlite", "short.py") == Ended(
        2, "", "relume-run/all-1.sqlite exists already. Give another path with --into.\n"
    )
    assert by_relume(folder, "run", "--every", "2", "--into", "new/own.sqlite", "short.py").status == 0
    with relume.open(folder / "new" / "own.sqlite") as run:
        assert run.steps().numbers.tolist() == [0, 2]
    assert (folder / "relume-run" / "all-1.sqlite").read_bytes() == before


def test_a_module_is_run_as_python_does(tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(TRAIN)
    (package / "__main__.py").write_text(
        "import sys\nfrom .net import train\nprint(sys.argv, sys.path[0], __name__, __file__, __package__)\n"
        "print(__spec__.name, __spec__.origin, train(5)[1])"
    )
    by_itself = by_python(tmp_path, "-m", "pack", "--flag")
    under_watch = by_relume(tmp_path, "run", "-m", "pack", "--flag")
    assert (under_watch.status, under_watch.out) == (0, by_itself.out)
    assert (tmp_path / "relume-run" / "pack-1.sqlite").is_file()


FAILS = (
    TRAIN
    + """
class Bad(Net):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), p=self.rate)

def loss_of(x):
    try:
        {}["no such key"]
    except KeyError as error:
        raise ValueError("a chained one") from error

print("started", flush=True)
try:
    train(1, Bad())
except AttributeError:
    Bad.rate = 2
    try:
        train(1, Bad())
    except ValueError as error:
        first = error
model, _ = train(2)
try:
    torch.nn.functional.relu(model(torch.randn(2, 8)), 1, 2, 3)
except TypeError:
    try:
        model(torch.randn(2, 9))
    except RuntimeError as error:
        raise ExceptionGroup("both", [first, error])
"""
)


def test_a_traceback_shows_nothing_of_relume(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    by_itself = by_python(tmp_path, "fails.py")
    under_watch = by_relume(tmp_path, "run", "fails.py")
    assert (under_watch.status, under_watch.out) == (1, by_itself.out)
    assert under_watch.err.startswith(by_itself.err)
    assert "ValueError: dropout probability has to be between 0 and 1" in by_itself.err
    assert "relume: Net, 2 steps" in under_watch.err.removeprefix(by_itself.err)
    files = sorted((tmp_path / "relume-run").glob("*.sqlite"))
    with relume.open(files[-1]) as run:
        assert run.failure.startswith("ExceptionGroup: both")


FOR_EVER = (
    TRAIN
    + """
import itertools
try:
    for turn in itertools.count():
        train(20)
        print(turn, flush=True)
except KeyboardInterrupt:
    print("the script heard it", flush=True)
    if CATCHES: raise SystemExit(0)
    raise
"""
)


@pytest.mark.parametrize("catches", [False, True])
def test_ctrl_c_reaches_the_script_and_what_was_seen_is_kept(tmp_path: Path, catches: bool) -> None:
    (tmp_path / "endless.py").write_text(f"CATCHES = {catches}\n{FOR_EVER}")
    with subprocess.Popen(
        [sys.executable, "-c", HEED_CTRL_C + START, "run", "endless.py"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert out.endswith("the script heard it\n")
    assert process.returncode == (0 if catches else 130)
    assert ("KeyboardInterrupt\n" in err) is not catches
    assert "/relume/" not in err.partition("relume:")[0]
    assert "relume: Net, " in err
    with relume.open(tmp_path / "relume-run" / "endless-1.sqlite") as run:
        assert len(run.steps()) == 20


def test_messages_of_sys_exit_a_search_and_workers_that_are_forked(tmp_path: Path) -> None:
    (tmp_path / "search.py").write_text(
        TRAIN
        + """
import multiprocessing, os, sys
from torch.utils.data import DataLoader

if __name__ == "__main__":
    data = [torch.randn(8) for _ in range(8)]
    model, _ = train(3)
    child = multiprocessing.get_context("fork").Process(target=train, args=(60, model))
    child.start()
    child.join()
    print(child.exitcode, len(list(DataLoader(data, num_workers=1, multiprocessing_context="fork"))))
    for _ in range(6):
        del model
        model, _ = train(2)
    sys.exit("no more settings")
"""
    )
    ended = by_relume(tmp_path, "run", "search.py")
    assert (ended.status, ended.out) == (1, "0 8\n")
    assert ended.err.startswith("no more settings\nrelume: Net, ")
    assert len(list((tmp_path / "relume-run").glob("*.sqlite"))) == 7
    assert len(ended.err.splitlines()) <= 26
    assert "and 3 more there" in ended.err
    assert ended.err.splitlines()[-1].startswith("Reports: relume-run/search-1")


def test_two_models_are_watched_apart(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "examples" / "two_networks.py"
    ended = by_relume(tmp_path, "run", str(script))
    assert ended.status == 0
    files = sorted((tmp_path / "relume-run").glob("*.sqlite"))
    assert [file.name for file in files] == ["two_networks-1-Discriminator.sqlite", "two_networks-1.sqlite"]
    losses = []
    for file, model in zip(files, ("Discriminator", "Generator"), strict=True):
        with relume.open(file) as run:
            assert run.model == model
            assert len(run.steps()) == 200
            losses.append(run.steps().losses)
    printed = ended.out.splitlines()[-1].split()
    assert [float(printed[3]), float(printed[5])] == pytest.approx([each[150] for each in losses], abs=1e-3)


def test_a_script_without_torch_or_without_training(tmp_path: Path) -> None:
    (tmp_path / "none.py").write_text("print('hello')")
    assert by_relume(tmp_path, "run", "none.py") == Ended(
        0, "hello\n", "relume: none.py imported no torch, so nothing was watched.\n"
    )
    (tmp_path / "idle.py").write_text("import torch; print(torch.ones(1).item())")
    assert by_relume(tmp_path, "run", "idle.py") == Ended(
        0, "1.0\n", "relume: no model was watched: no optimiser of torch.optim took a step.\n"
    )
    assert not (tmp_path / "relume-run").exists()
