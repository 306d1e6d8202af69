"""SIGKILL at any moment leaves every window that was closed readable."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.runfile.killed import WINDOWS, source
from tests.runfile.made_up import assert_near

from relume.errors import RunFileError
from relume.runfile.reader import open_run
from relume.runfile.writer import open_for_writing
from relume.types import Readings

KILLS = 50
ROOT = Path(__file__).parent.parent.parent


def sums(windows: list[Readings]) -> NDArray[np.float64]:
    return np.array([[float(reading.value.sum.sum()) for reading in window.values()] for window in windows])


def is_run(path: Path) -> bool:
    try:
        open_run(path).close()
    except RunFileError:
        return False
    return True


def test_fifty_kills_lose_no_closed_window(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.runfile.killed", str(tmp_path), str(KILLS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told, drawn = json.loads(done.stdout), source()
    assert not told["torch"], "a run file is written and read without torch"
    given = [drawn.window() for _ in range(WINDOWS)]
    expected = sums(given)
    for kill, closed in enumerate(told["closed"]):
        path = tmp_path / f"{kill}.sqlite"
        if not closed and not is_run(path):
            continue  # killed before there was one
        with open_run(path) as run:
            kept = run.windows()[:]
            assert closed <= len(kept) <= closed + 1  # the last may have been killed before it was told
            if kept:
                np.testing.assert_allclose(sums(list(kept)), expected[: len(kept)], rtol=2**-10)
                assert_near(kept[-1], given[len(kept) - 1].pooled())
                assert run.total_windows() > len(kept) / 2 - 1
                assert len(run.readings().steps) == 4 * run.total_windows()
            assert not run.is_finished
    assert sum(closed > 64 for closed in told["closed"]) > KILLS / 4, "too few kills after a block was packed"


def test_a_killed_run_is_not_written_over(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.runfile.killed", str(tmp_path), "3"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with pytest.raises(
        RunFileError, match=r"already holds a run \(of killed, started .*\)\. Choose another path"
    ):
        open_for_writing(tmp_path / "0.sqlite", model="net")
