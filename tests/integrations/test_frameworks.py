"""Callbacks watch what frameworks train: every step, every loss, the planted fault; no bit changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.integrations.framework_example import EXAMPLES, MODELS

import relume

ROOT = Path(__file__).parents[2]
SIGMOIDS = "error    vanishing-gradient   "
FIRST_LINE = {
    "lightning": f"{SIGMOIDS}network.1 to ",
    "transformers": "error    unstable-updates   transformer.",
    "accelerate": f"{SIGMOIDS}1 to ",
    "keras": "error    dead-units   dense_1   with_keras.py:",
    "skorch": f"{SIGMOIDS}1 to ",
}


@pytest.mark.parametrize("name", MODELS)
def test_an_example_is_watched_and_trains_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.integrations.framework_example", name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert FIRST_LINE[name] in done.stdout
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    with relume.open(tmp_path / "run.sqlite") as run:
        assert run.is_finished
        readings = run.readings()
    steps = readings.steps
    assert len(steps) == told.get("steps", 200)
    assert np.isfinite(steps.losses).all()
    if "losses" in told:
        assert steps.losses.tolist() == pytest.approx(told["losses"], rel=1e-3)
    if "epochs" in told:
        assert steps.losses.reshape(2, 100).mean(axis=1).tolist() == pytest.approx(told["epochs"], rel=1e-3)
    assert any(np.isfinite(parameter.update_ratio) for parameter in readings.parameters.values())
    if name == "transformers":  # whose Trainer gives the model a number beside its batch
        assert readings.input is None
        assert set(steps.examples.tolist()) == {16}
    if name == "lightning":
        check_its_own_logger(tmp_path)


def check_its_own_logger(folder: Path) -> None:
    """Of TensorBoard, which Lightning takes where it is installed; it writes in single precision."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    [logs] = (folder / "lightning_logs").iterdir()
    events = EventAccumulator(str(logs))
    events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("relume/findings/vanishing-gradient")]
    assert [step for step, _ in found] == [49, 99, 149, 199]
    assert found[-1][1] == 3.0
    assert {f"relume/network.{2 * n + 1}/zero_fraction" for n in range(8)} <= set(events.Tags()["scalars"])


@pytest.mark.parametrize("name", MODELS)
def test_a_missing_package_is_told_in_a_sentence(name: str) -> None:
    hide = (
        "import importlib.util; find = importlib.util.find_spec; "
        f"importlib.util.find_spec = lambda package: None if package == {name!r} else find(package); "
        f"import relume.integrations.{name}"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr.splitlines()[-1] == (
        f"relume.errors.MissingExtraError: {name} is not installed: needed for relume.integrations.{name}. "
        f'Run: pip install "relume[{name}]"'
    )


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("with_*.py")), ids=lambda path: path.stem)
def test_an_example_is_at_most_25_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 25
