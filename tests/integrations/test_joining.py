"""A run at work: relume adds to it, takes nothing, and where it fails the training does not notice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import relume
from relume.errors import MissingExtraError, TargetError
from relume.integrations.exporters import exporters

ROOT = Path(__file__).parents[2]
STEPS = 30  # of tests/integrations/joining_example.py, in windows of 10


@pytest.mark.parametrize("name", exporters)
def test_a_run_at_work_is_joined_and_a_failure_leaves_training_alone(name: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "HOME": str(tmp_path),
        "TRACKIO_DIR": str(tmp_path / "runs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.integrations.joining_example", name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert told["begun"], "beginning a run changed a bit of the training"
    assert told["joined"], "the export changed a bit of the training"
    assert told["failed"], "a tracker that failed changed a bit of the training"
    assert told["warnings"] == ["the export ended, training goes on: OSError: the disk is full"]
    stored = told["stored"]
    assert stored["own/before"] == [[step, float(step)] for step in range(STEPS)]
    assert stored["own/after"] == [[step, pytest.approx(loss)] for step, loss in enumerate(told["losses"])]
    assert [value for _, value in stored["own/later"]] == [1.0]
    # Joined from end to end, then up to the window in which the tracker failed.
    before = [9, 19, 29] if name == "trackio" else []  # of the run that relume began, in the same folder
    assert [step for step, _ in stored["relume/loss"]] == [*before, 9, 19, 29, 9]


@pytest.mark.parametrize("name", exporters)
def test_a_missing_package_is_told_in_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = relume.activations["relu"].module()
    monkeypatch.setitem(sys.modules, exporters[name].package, None)  # as Python has it where an import fails
    from relume.integrations.export import exporting

    with (
        relume.watch(model) as watch,
        pytest.raises(
            MissingExtraError,
            match=rf"^{name} is not installed: needed for the export to {name}\. "
            rf'Run: pip install "relume\[{name}\]"$',
        ),
        exporting(watch, name, tmp_path / "runs"),
    ):
        pass
    assert not (tmp_path / "runs").exists()


def test_a_folder_of_the_name_of_a_package_is_not_that_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from relume.errors import require

    (tmp_path / "nothing_like_it").mkdir()  # as W&B leaves a folder `wandb`
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"^nothing_like_it is not installed: needed for it\. "):
        require("nothing_like_it", extra="report", purpose="it")


def test_a_target_that_cannot_be_written_to_is_told_in_a_sentence(tmp_path: Path) -> None:
    from relume.integrations.export import exporting

    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    model = relume.activations["relu"].module()
    with (
        relume.watch(model) as watch,
        pytest.raises(
            TargetError,
            match=r"^tensorboard does not take the series: \w+: .+ Give a folder for event files that ",
        ),
        exporting(watch, "tensorboard", tmp_path / "file" / "runs"),
    ):
        pass
