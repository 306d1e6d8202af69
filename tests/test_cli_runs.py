"""The commands that show a run file: what they print and write, exit statuses, completion, no colour."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relume.cli import main
from tests.report.made_runs import write_run

START = "from relume.cli import main; main()"
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder / "broken.sqlite", windows=2)
    write_run(folder / "healthy.sqlite", windows=2, fall=0.5)
    return folder


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["relume", *arguments])
    try:
        main()
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    return status, *capsys.readouterr()


def test_a_report_is_written_beside_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = folder / "broken.sqlite"
    assert call(monkeypatch, capsys, "report", str(run)) == (
        0,
        f"The report is in {folder / 'broken.html'}.\n",
        "",
    )
    assert "Learning is broken" in (folder / "broken.html").read_text(encoding="utf-8")
    both = (
        "report",
        str(run),
        "--against",
        str(folder / "healthy.sqlite"),
        "--out",
        str(folder / "both.html"),
    )
    assert call(monkeypatch, capsys, *both)[0] == 0
    assert "healthy.sqlite" in (folder / "both.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["report", "serve", "watch", "diagnose"])
def test_no_run_file_is_told(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    none = folder / "none.sqlite"
    said = f"{none} does not exist. Give the path of a run file.\n"
    assert call(monkeypatch, capsys, command, str(none)) == (2, "", said)


def test_the_diagnosis_of_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    status, out, err = call(monkeypatch, capsys, "diagnose", str(folder / "broken.sqlite"))
    assert (status, err) == (1, "")
    assert out.startswith("error ")
    assert "net.py:10" in out
    assert "\x1b" not in out
    status, out, err = call(monkeypatch, capsys, "diagnose", "--json", str(folder / "broken.sqlite"))
    record = json.loads(out)
    assert (status, err, record["healthy"]) == (1, "", False)
    assert record["findings"][0]["evidence"][0]["threshold"] == 0
    status, out, _ = call(monkeypatch, capsys, "diagnose", "--json", str(folder / "healthy.sqlite"))
    assert status == 0
    assert not [each for each in json.loads(out)["findings"] if each["severity"] == "error"]


def test_two_runs_as_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(folder / name) for name in ("broken.sqlite", "healthy.sqlite")]
    status, out, err = call(monkeypatch, capsys, "compare", "--json", *names)
    record = json.loads(out)
    assert (status, err, record["runs"]) == (0, "", names)
    assert record["sites"][0]["name"] == "first"
    gradients = [each["gradient_root_mean_square"] for each in record["sites"][0]["runs"]]
    assert gradients == pytest.approx([1e-6, 0.5], rel=0.2)
    assert record["losses"][0]["mean_loss"][0] == record["losses"][0]["mean_loss"][1]


def test_activations_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(monkeypatch, capsys, "activations", "--json")
    names = [each["name"] for each in json.loads(out)["activations"]]
    assert (status, {"relu", "tanh"} <= set(names)) == (0, True)
    _, out, _ = call(monkeypatch, capsys, "activations", "relu", "--json")
    [relu] = json.loads(out)["activations"]
    assert (relu["formula"], relu["range"], relu["kinks"][0]["at"]) == ("max(0, x)", [0, None], 0)


def test_watching_a_finished_run_is_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(monkeypatch, capsys, "watch", str(folder / "healthy.sqlite"))
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert out.startswith("window 2  step 19  loss 2.257  ")


@pytest.mark.parametrize(("variable", "has_colour"), [({"NO_COLOR": "1"}, False), ({}, True)])
def test_no_color_is_honoured(folder: Path, variable: dict[str, str], has_colour: bool) -> None:
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100", **variable}
    command = [sys.executable, "-c", START, "diagnose", str(folder / "broken.sqlite")]
    found = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert "non-finite" in found.stdout
    assert ("\x1b[1;31m" in found.stdout) == has_colour  # bold may stay; red may not


def test_ctrl_c_ends_the_server_with_130(folder: Path) -> None:
    command = [
        sys.executable,
        "-c",
        HEED_CTRL_C + START,
        "serve",
        str(folder / "broken.sqlite"),
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert said.startswith("broken.sqlite is shown at http://127.0.0.1:")
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    words = {"_RELUME_COMPLETE": f"complete_{shell}", "COMP_WORDS": "relume di", "COMP_CWORD": "1"}
    other = {"_TYPER_COMPLETE_ARGS": "relume di", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    environment = {**os.environ, **words, **other}
    code = "import sys; sys.argv = ['relume']; " + START
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert "diagnose" in found.stdout
    assert "report" not in found.stdout
    source = {**os.environ, "_RELUME_COMPLETE": f"source_{shell}"}
    script = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=source, check=False
    )
    assert "relume" in script.stdout
