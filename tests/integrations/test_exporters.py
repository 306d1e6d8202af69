"""Trackers hold what relume saw: the series of an example, and whatever else is written to them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integrations.readers import READERS, Stored

import relume
from relume.integrations.exporters import exporters
from relume.integrations.series import series_of, series_of_findings

ROOT = Path(__file__).parents[2]
SITES = [str(2 * n + 1) for n in range(8)]


def started(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.integrations.export_example", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_exporter_has_a_reader() -> None:
    assert set(READERS) == set(exporters)
    for name, exporter in exporters.items():
        assert exporter.needs == f"relume[{name}]"


@pytest.mark.parametrize("name", exporters)
def test_an_example_is_in_the_tracker_and_all_that_is_written(name: str, tmp_path: Path) -> None:
    printed = started(tmp_path, name)
    assert printed.startswith("error    vanishing-gradient   1 to ")
    assert "* Trackio" not in printed
    if name == "trackio":
        started(tmp_path, name, "round-trip alone")
    stored = json.loads((tmp_path / "stored.json").read_text(encoding="utf-8"))
    check_series({series: [tuple(row) for row in rows] for series, rows in stored.items()}, tmp_path)
    assert not (tmp_path / "home").exists()  # nothing is written but to the target


def check_series(stored: Stored, folder: Path) -> None:
    """Every window of the run file, and its diagnosis at the end."""
    expected: Stored = {}
    with relume.open(folder / "run.sqlite") as run:
        counts = run.unit_counts()
        for window, dead, units in zip(run.windows(), counts.dead, counts.units, strict=True):
            fractions = dict(zip(counts.sites, (dead / units).tolist(), strict=True))
            for name, value in series_of(window, fractions).items():
                expected.setdefault(name, []).append((int(window.steps.numbers[-1]), value))
        found = series_of_findings(relume.diagnose(run.readings()))
    findings = {name: rows for name, rows in stored.items() if name.startswith("relume/findings/")}
    assert {name: rows[-1] for name, rows in findings.items()} == {n: (199, v) for n, v in found.items()}
    assert found["relume/findings/vanishing-gradient"] == 3.0
    assert all([step for step, _ in rows] == [49, 99, 149, 199] for rows in findings.values())
    rest = {name: rows for name, rows in stored.items() if name not in findings}
    assert rest.keys() == expected.keys()
    for name, rows in expected.items():
        assert [step for step, _ in rest[name]] == [step for step, _ in rows]
        # A run file keeps 16 bits of a sum.
        assert [value for _, value in rest[name]] == pytest.approx([v for _, v in rows], rel=1e-3), name
    assert {f"relume/{site}/flat_fraction" for site in SITES} <= rest.keys()
    assert {"relume/loss", "relume/learning_rate", "relume/16.weight/update_ratio"} <= rest.keys()
