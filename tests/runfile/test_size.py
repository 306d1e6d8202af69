"""A thousand windows of ResNet-50 fit in 2 MB."""

from dataclasses import replace
from pathlib import Path

from tests.runfile.made_up import Drifting

from relume.runfile.reader import open_run
from relume.runfile.writer import open_for_writing
from relume.types import NO_STEPS, Readings


def test_a_thousand_windows_of_resnet_50_take_two_megabytes_at_most(tmp_path: Path) -> None:
    source, total = Drifting(0), Readings(readings={})
    with open_for_writing(tmp_path / "run.sqlite", model="resnet50") as run:
        for _ in range(1000):
            window = source.window()
            total = total + replace(window, parameters={}, steps=NO_STEPS)
            run.write(window, phase="training", total=total)
    assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]
    with open_run(tmp_path / "run.sqlite") as kept:
        assert len(kept.windows()) == 1000
        assert sum(map(len, kept.unit_readings().values())) > 20
    assert (tmp_path / "run.sqlite").stat().st_size <= 2_000_000
