"""The command line: what it prints, writes and says no to, and its exit status."""

import importlib.util
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from relume import __version__
from relume.cli import main
from relume.studies.why import scope

# A shell starts what it runs in the background deaf to Ctrl-C; so would this suite's children be there.
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
START = "from relume.cli import main; main()"
RATES = len(scope("default", steps=None, seeds=None, width=None).learning_rates)
QUICK = ("--only", "study", "--steps", "20", "--seeds", "2", "--width", "8", "-a", "relu", "-a", "tanh")

MYNET = """
import torch
from torch import nn

def data():
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(200) % 3
    return torch.randn(3, 5, generator=generator)[y] + torch.randn(200, 5, generator=generator), y

def build(activation):
    return nn.Sequential(nn.Linear(5, 8), activation.module(), nn.Linear(8, 3))

def fails(activation): raise ValueError("no such layer")
def number(activation): return 3
def narrow(activation): return nn.Linear(5, 2)
def wide(activation): return nn.Linear(6, 3)
def takes_nothing(): return build(None)
def gap(): return torch.randn(20, 5), torch.arange(20) % 2 * 2
def negative(): return torch.randn(20, 5), torch.arange(20) % 2 - 1
def empty(): return torch.randn(0, 5), torch.zeros(0)
def nan(): return torch.full((20, 5), float("nan")), torch.arange(20) % 2
def flat(): return torch.randn(20), torch.arange(20) % 2
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Call `relume` in a folder of its own with a mynet.py: exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delitem(sys.modules, "mynet", raising=False)
    (tmp_path / "mynet.py").write_text(MYNET)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["relume", *arguments])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capfd.readouterr()

    return run


def plain(text: str) -> str:
    """Without colours, frames and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys; from relume.cli import main; sys.argv = ['relume', '--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "slow = {'torch', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules); assert not slow, slow"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "activations" in found.stdout
    assert "why" in found.stdout


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"relume {__version__}\n", "")


def test_the_help_of_why_names_every_option(run: Run) -> None:
    status, out, err = run("why", "--help")
    assert (status, err) == (0, "")
    assert "Why ReLU instead of sigmoid or tanh?" in plain(out)
    for option in [
        "--data",
        "--activation",
        "--optimizer",
        "--steps",
        "--seeds",
        "--width",
        "--claim",
        "--only",
        "--list",
        "--quick",
        "--full",
        "--out",
    ]:
        assert option in plain(out)


def test_all_activations_are_listed(run: Run) -> None:
    status, out, err = run("activations")
    assert (status, err) == (0, "")
    assert all(name in out for name in ("relu", "tanh", "sigmoid", "squared_relu"))


def test_one_activation_is_shown(run: Run) -> None:
    status, out, err = run("activations", "relu")
    assert (status, err) == (0, "")
    assert "max(0, x)" in out


def test_an_unknown_activation_is_told_with_the_nearest(run: Run) -> None:
    assert run("activations", "rleu") == (
        2,
        "",
        "unknown activation 'rleu'. Did you mean 'relu'? 'relume activations' lists all.\n",
    )


def test_why_writes_a_page_and_keeps_what_is_finished(run: Run, tmp_path: Path) -> None:
    status, out, err = run("why", *QUICK, "--data", "digits", "--out", "found/here")
    assert (status, err) == (0, "")
    folder = tmp_path / "found" / "here"
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "study.sqlite"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "</html>" in page
    assert "relu" in page
    assert f"Report: {folder / 'report.html'}" in out
    with closing(sqlite3.connect(folder / "study.sqlite")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM outcome").fetchone()
    assert count == 3 * 2 * 4 * RATES * 2  # depths, activations, initialisations, rates, seeds


def test_why_of_a_users_own_network_and_data(run: Run, tmp_path: Path) -> None:
    status, out, err = run("why", "mynet:build", "--data", "mynet:data", *QUICK)
    assert (status, err) == (0, "")
    assert "mynet:build by torch.func.vmap" in plain(out)
    assert (tmp_path / "relume-why" / "report.html").is_file()


def test_why_lists_its_claims(run: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    status, out, err = run("why", "--list")
    assert (status, err) == (0, "")
    assert "flat-derivatives" in out
    assert "Glorot, Bordes & Bengio" in plain(out)
    assert sorted(tmp_path.iterdir()) == before


def test_why_of_one_claim(run: Run, tmp_path: Path) -> None:
    status, out, err = run("why", "--claim", "flat-derivatives", "--quick", "--data", "digits")
    assert (status, err) == (0, "")
    assert "1 claim: 1 holds within limits." in plain(out)
    folder = tmp_path / "relume-why"
    written = ["claims.json", "claims.sqlite", "report.html", "samples.csv"]
    assert sorted(path.name for path in folder.iterdir()) == written
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "relume why --claim flat-derivatives --quick" in page
    assert "no data enters" in page  # the digits were asked for
    again = run("why", "--claim", "flat-derivatives", "--quick", "--data", "digits")
    assert again == (status, out, err)
    assert (folder / "report.html").read_text(encoding="utf-8") == page


def write_arrays(folder: Path) -> None:
    y = np.arange(20) % 2
    np.savez(folder / "short.npz", x=np.random.default_rng(0).normal(size=(20, 5)), y=y[:-1])
    (folder / "broken.npz").write_text("no arrays")
    (folder / "file").write_text("a file")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-a", "rleu"], r"unknown activation 'rleu'\. Did you mean 'relu'\? "),
        (["-a", "relu", "-a", "relu"], r"the activations of a study name one twice: relu, relu, relu, tanh"),
        (["-a", "glu"], r"glu changes the number of units or learns parameters: "),
        (["--data", "nowhere/data.npz"], r"cannot be read \(No such file or directory\): "),
        (["--data", "data.npz"], r"cannot be read \(No such file or directory\): "),
        (["--data", "digist"], r"unknown data set 'digist'\. Did you mean 'digits'\?"),
        (["--data", "broken.npz"], r".*broken\.npz"),
        (["--data", "short.npz"], r"x holds 20 examples and y 19: "),
        (["--data", "mynet:gap"], r"no example has label 1, some have 2: "),
        (["--data", "mynet:negative"], r"label -1 at 0 is negative: "),
        (["--data", "mynet:empty"], r"x is empty, of shape \[0, 5\]: "),
        (["--data", "mynet:nan"], r"100 values of x are NaN or infinite as float32, the first at \[0, 0\]: "),
        (["--data", "mynet:flat"], r"x has shape \[20\]: "),
        (["--data", "mynet:dta"], r"module 'mynet' has no function 'dta': .* Did you mean 'data'\?"),
        (["nonet:build"], r"there is no module 'nonet' in "),
        (["mynet:biuld"], r"module 'mynet' has no function 'biuld': .* Did you mean 'build'\?"),
        (
            ["mynet:fails", "--data", "mynet:data"],
            r"the build function failed for 'relu' \(ValueError: ",
        ),
        (
            ["mynet:takes_nothing", "--data", "mynet:data"],
            r"the build function failed for 'relu' \(Type",
        ),
        (["mynet:number", "--data", "mynet:data"], r"the build function returned a int: "),
        (["mynet:narrow", "--data", "mynet:data"], r"the network answers 2 x 5 inputs with 2 x 2: "),
        (["mynet:wide", "--data", "mynet:data"], r"the network failed on inputs of 2 x 5 \(RuntimeError: "),
        (["--out", "file"], r".*\bfile\b.*Give another one with --out\."),
        (["--out", "file/below"], r".*file/below.*Give another one with --out\."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence_and_leaves_nothing_behind(
    run: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write_arrays(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    status, out, err = run("why", *arguments, *QUICK)
    assert (status, out) == (2, "")
    assert re.match(message, err), err
    assert err.count("\n") == 1, err
    assert err.endswith("\n")
    left = {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    left.pop(tmp_path / "__pycache__", None)
    assert left == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "--steps", "0", "--out", "x"], "Invalid value for '--steps'"),
        (["why", "--optimizer", "sdg", "--out", "x"], "Invalid value for '--optimizer'"),
        (["why", "--bogus"], "No such option: --bogus"),
        (["why", "--only", "half"], "Invalid value for '--only'"),
        (["why", "--claim", "dying-rleu", "--out", "x"], "unknown claim 'dying-rleu'."),
        (["why", "--quick", "--full", "--out", "x"], "two efforts: both were given"),
        (["why", "--claim", "flat-derivatives", "--only", "study", "--out", "x"], "Leave one of them out"),
        (["why", "--only", "claims", "--steps", "9", "--out", "x"], "their own networks: --steps. Leave"),
        (["whhy"], "No such command 'whhy'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_told(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in plain(err)
    assert not (tmp_path / "x").exists()


def finished(path: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM outcome").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(run: Run, tmp_path: Path) -> None:
    command = ["why", "mynet:build", "--data", "mynet:data", "-a", "relu", "-a", "tanh", "--seeds", "8"]
    command += ["--steps", "150", "--out", "study", "--only", "study"]
    path = tmp_path / "study" / "study.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", HEED_CTRL_C + START, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        while not finished(path) and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err == "interrupted. What is finished is kept; the same command goes on from there.\n"
    kept = finished(path)
    assert 0 < kept < 2 * 4 * RATES * 8
    assert not (tmp_path / "study" / "report.html").exists()
    status, out, err = run(*command)
    assert (status, err) == (0, "")
    assert finished(path) == 2 * 4 * RATES * 8
    assert (tmp_path / "study" / "report.html").is_file()


def test_a_missing_extra_is_told_before_anything_is_trained(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "relume.errors.find_spec", lambda name: None if name in ("scipy", "jinja2") else there(name)
    )
    status, out, err = run("why", "--out", "study")
    assert (status, out) == (2, "")
    assert err == (
        "jinja2, scipy are not installed: needed for 'relume why'. Run: pip install \"relume[why]\"\n"
    )
    assert not (tmp_path / "study").exists()
