"""Scripts that others train: Lightning, transformers, accelerate, torchrun. Nothing of them changes."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tests.launch.programs import START, Ended, by_relume, together

import relume
from relume.types import Readings

SCRIPTS = Path(__file__).parent / "scripts"
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
PYTHON = {"torchrun": [sys.executable, *TORCHRUN]}
RELUME = {"torchrun": [sys.executable, *TORCHRUN, "--no-python", sys.executable, "-c", START, "run"]}
MODELS = {"lightning": "Classifier", "transformers": "Classifier"}
TIMED = ("'train_runtime'", "torch/distributed/run.py")  # lines that are never twice the same


@dataclass(frozen=True)
class Twice:
    """The same script by Python and by relume."""

    framework: str
    folders: tuple[Path, Path]
    by_itself: Ended
    under_watch: Ended

    @property
    def files(self) -> list[Path]:
        return sorted((self.folders[1] / "relume-run").glob("*.sqlite"))


@pytest.fixture(scope="module", params=["lightning", "transformers", "accelerate", "torchrun"])
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    framework = request.param
    script = str(SCRIPTS / f"with_{framework}.py")
    one, two = (tmp_path_factory.mktemp(framework) for _ in range(2))
    by_python = PYTHON.get(framework, [sys.executable])
    by_relume = RELUME.get(framework, [sys.executable, "-c", START, "run"])
    ended = together((one, [*by_python, script]), (two, [*by_relume, script]))
    return Twice(framework, (one, two), *ended)


def steady(text: str) -> list[str]:
    return [line for line in text.splitlines() if not any(word in line for word in TIMED)]


def readings_of(files: list[Path]) -> Readings:
    total = Readings(readings={})
    for file in files:
        with relume.open(file) as run:
            assert run.is_finished
            total = total + run.readings()
    return total


def test_output_status_and_weights_are_those_without_relume(twice: Twice) -> None:
    assert twice.by_itself.status == twice.under_watch.status == 0, twice.under_watch.err
    assert steady(twice.under_watch.out) == steady(twice.by_itself.out)
    said = steady(twice.by_itself.err)
    assert steady(twice.under_watch.err)[: len(said)] == said
    one, two = (torch.load(folder / "weights.pt") for folder in twice.folders)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_every_site_step_and_loss_is_seen(twice: Twice) -> None:
    readings = readings_of(twice.files)
    by_framework = json.loads(twice.by_itself.out.splitlines()[-1])
    assert len(readings.steps) == by_framework["steps"] == 60
    assert readings.steps.losses.tolist() == pytest.approx(
        by_framework["losses"], rel=1e-4
    )  # a file keeps 16 bits
    assert readings.steps.examples.tolist() == [128] * 60
    assert [site.activation for site in readings.sites] == ["sigmoid"] * 12
    prefix = "network." if twice.framework in MODELS else ""
    assert list(readings) == [f"{prefix}{place}" for place in range(1, 24, 2)]
    assert {reading.examples for reading in readings.values()} == {60 * 128}


def test_the_fault_is_named_and_all_ranks_are_told_of_together(twice: Twice) -> None:
    told = twice.under_watch.err.partition("relume: ")[2].splitlines()
    assert told[0].startswith(f"{MODELS.get(twice.framework, 'Sequential')}, 60 steps, loss 2.")
    assert told[1].startswith("error    vanishing-gradient   ")
    assert f"with_{twice.framework}.py:" in told[1]
    assert "Rests on 60 steps, 7,680 examples." in told
    assert twice.under_watch.err.count("relume: ") == 1
    ranks = ["-rank0", "-rank1"] if twice.framework == "torchrun" else [""]
    assert [file.name for file in twice.files] == [f"with_{twice.framework}-1{r}.sqlite" for r in ranks]


def test_check_ends_a_trainer_of_lightning(tmp_path: Path) -> None:
    script = str(SCRIPTS / "with_lightning.py")
    ended = by_relume(tmp_path, "check", "--steps", "40", script, "--endless")
    assert ended.status == 1, ended.err
    assert "Traceback" not in ended.err
    assert "losses" not in ended.out  # what follows `fit` in the script
    [file] = (tmp_path / "relume-run").glob("*.sqlite")
    with relume.open(file) as run:
        assert len(run.steps()) == 40
