"""The benchmarks of watching run: what they print is measured elsewhere, in quiet."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_watching_is_timed_against_not_watching(tmp_path: Path) -> None:
    turns = tmp_path / "turns.csv"
    quick = ("--jobs", "mlp", "--pairs", "2", "--minutes", "0", "--runs", "0", "--no-peers", "--threads", "1")
    ended = run("watch.py", *quick, "--markdown", "--out", str(turns))
    assert ended.returncode == 0, ended.stderr
    row = r"\| {} \| [\d.,]+ \| {} \| {} \| 2 \|"
    interval = r"\d\.\d{3} to \d+\.\d{3}"
    assert re.search(row.format("unwatched", "1", ""), ended.stdout), ended.stdout
    for variant in ("null", "relume"):
        assert re.search(row.format(variant, r"\d+\.\d{3}", interval), ended.stdout), ended.stdout
    # Of two rounds the one that is watched in ten did not come by: no number is made up for it.
    assert re.search(row.format("relume, every=10", "-", "too few pairs"), ended.stdout), ended.stdout
    with turns.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["round"]) for row in rows] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert sum(row["is_watched"] == "0" for row in rows) == 2


def test_the_accelerators_benchmark_rehearses() -> None:
    ended = run(
        "watch_gpu.py", "--rehearse", "--minutes", "0", "--modes", "eager", "--no-peers", "--markdown"
    )
    assert ended.returncode == 0, ended.stderr
    for training in ("ResNet, tiny, eager", "transformer, tiny, eager"):
        assert re.search(rf"\| {training} \| unwatched \| [\d.]+ \| 1 \|", ended.stdout), ended.stdout
    assert ended.stdout.count("| relume, reference kernel |") == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator: it would run for minutes")
def test_without_an_accelerator_it_says_so() -> None:
    ended = run("watch_gpu.py")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"There is no accelerator here: .*\n", ended.stderr)
