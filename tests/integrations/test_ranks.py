"""Two ranks under each framework that has them: a run file each, one series, one diagnosis, the same bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integrations.ranks_example import BATCH, FRAMEWORKS, RANKS, STEPS
from tests.integrations.readers import READERS

import relume

ROOT = Path(__file__).parents[2]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(RANKS)]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_rank_writes_a_file_of_its_own_and_trains_the_same(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *TORCHRUN, "-m", "tests.integrations.ranks_example", name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads((tmp_path / f"told{rank}.json").read_text(encoding="utf-8")) for rank in range(RANKS)]
    for each in told:
        assert each["ranks"] == RANKS
        assert each["same"], "the callback changed a bit of the training"
        assert not each["began"], "nothing was trained"
        assert each["written"] == []
    assert told[0]["diagnosis"] == told[1]["diagnosis"]  # of what both saw
    assert "vanishing-gradient   " in told[0]["diagnosis"].splitlines()[0]
    assert told[0]["examples"] == RANKS * STEPS * BATCH
    files = sorted(tmp_path.rglob("*.sqlite"))
    assert [file.name for file in files] == ["run-rank0.sqlite", "run-rank1.sqlite"]
    for file in files:
        with relume.open(file) as run:
            assert run.is_finished
            assert len(run.steps()) == STEPS
            assert run.steps().examples.tolist() == [BATCH] * STEPS
    assert len(list((tmp_path / "runs").iterdir())) == 1  # rank 0 alone writes to the tracker
    assert [step for step, _ in READERS["tensorboard"](tmp_path / "runs")["relume/loss"]] == [49, 59]
