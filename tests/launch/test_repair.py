"""`relume repair`: remedies tried on the script itself, and told with the command that gives the same."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.launch.programs import TRAIN, by_relume

from relume.launch.repair import Tried, best_of, changes_of
from relume.launch.verdict import gravity
from relume.types import Diagnosis, Finding, Readings, Severity, Site, Steps

BROKEN = TRAIN.replace("lr=0.1", "lr=30.0") + "print('trained', round(train(40)[1], 3))\n"


def test_a_repair_is_proved_by_runs_of_the_script_and_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BROKEN)
    ended = by_relume(tmp_path, "repair", "--steps", "40", "train.py")
    assert ended.status == 0, ended.err
    assert "as it is" in ended.err
    proved = re.search(r"^Proved: relume (run .*)$", ended.err, re.MULTILINE)
    assert proved, ended.err
    again = by_relume(tmp_path, *proved[1].split())
    assert float(again.out.split()[-1]) < 1.0  # log 3 is what chance gives
    assert sorted(path.name for path in tmp_path.iterdir()) == ["relume-run", "train.py"]


def test_where_nothing_is_wrong_nothing_is_tried(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN + "train(40)")
    ended = by_relume(tmp_path, "repair", "--steps", "40", "train.py")
    assert (ended.status, "nothing to repair" in ended.err) == (0, True)
    assert "as it is" not in ended.err


def test_a_script_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise SystemExit(3)")
    assert by_relume(tmp_path, "repair", "train.py").status == 2


def run(*changes: str, end: float) -> Tried:
    losses = np.linspace(2.0, end, 20)
    numbers = np.arange(20)
    steps = Steps(
        numbers=numbers, seconds=losses, examples=numbers, losses=losses, learning_rates=np.full(20, 0.1)
    )
    diagnosis = Diagnosis(findings=(), steps=20, examples=640)
    return Tried(changes=changes, readings=Readings(readings={}, steps=steps), diagnosis=diagnosis)


def test_the_smallest_set_that_ends_as_low_is_proved_and_no_other() -> None:
    before, one, two = run(end=2.0), run("lr=x0.1", end=0.51), run("lr=x0.1", "clip=auto", end=0.5)
    assert best_of(before, [two, one]) is one
    assert best_of(before, [one, run("init=lsuv", "clip=auto", end=0.2)]).changes == (
        "init=lsuv",
        "clip=auto",
    )
    assert best_of(before, [run("lr=x0.1", end=1.95)]) is before
    assert best_of(before, [run("lr=x0.1", end=float("nan"))]) is before


def test_remedies_that_are_changes_of_a_run() -> None:
    site = Site(path="1", activation="tanh")
    finding = Finding(
        problem="vanishing-gradient",
        severity="error",
        sites=(site,),
        evidence=(),
        cause="made up",
        remedies=("replace-activation", "insert-normalisation", "layer-sequential-unit-variance"),
    )
    assert changes_of([finding]) == ["activation.tanh=relu", "init=lsuv"]


def test_of_several_models_the_one_most_is_wrong_with_is_repaired() -> None:
    def diagnosis(*severities: Severity) -> Diagnosis:
        blank = Finding(
            problem="dead-units", severity="info", sites=(), evidence=(), cause="made up", remedies=()
        )
        return Diagnosis(
            findings=tuple(replace(blank, severity=each) for each in severities), steps=1, examples=1
        )

    ordered = [diagnosis("error"), diagnosis("warning", "info"), diagnosis("info"), diagnosis()]
    assert sorted(ordered[2::-1], key=gravity) == ordered[:3]
    assert min(ordered[1:], key=gravity) is ordered[1]
