"""A run as a table: a row for each, and the numbers of the readings."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.runfile.made_up import small, write_all

from relume.runfile.reader import Run, open_run

FRAMES: dict[str, Callable[[Run], int]] = {
    "sites": lambda run: sum(len(window) for window in run.windows()),
    "parameters": lambda run: sum(len(window.parameters) for window in run.windows()),
    "steps": lambda run: len(run.steps()),
}


@pytest.mark.parametrize("table", FRAMES)
@pytest.mark.parametrize("count", [0, 66])
def test_frames_have_a_row_for_each(tmp_path: Path, table: str, count: int) -> None:
    pytest.importorskip("pandas")
    source = small()
    write_all(tmp_path / "run.sqlite", [source.window() for _ in range(count)])
    with open_run(tmp_path / "run.sqlite") as run:
        frame = run.frame(table)  # type: ignore[arg-type]
        assert len(frame) == FRAMES[table](run)
        assert frame.window.is_monotonic_increasing


def test_a_frame_says_what_the_readings_say(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    window = small().window()
    write_all(tmp_path / "run.sqlite", [window])
    with open_run(tmp_path / "run.sqlite") as run:
        rows = run.frame().set_index("site")
        norms = run.frame("parameters").set_index("parameter")
        with pytest.raises(KeyError, match=r"unknown table 'site'\. Did you mean 'sites'"):
            run.frame("site")  # type: ignore[arg-type]
    for name, reading in window.items():
        assert rows.value_rms[name] == pytest.approx(reading.value.root_mean_square, rel=2**-9)
        assert rows.gradient_rms[name] == pytest.approx(reading.gradient.root_mean_square, rel=2**-9)
        assert rows.value_zero_fraction[name] == pytest.approx(reading.value.zero_fraction, rel=2**-9)
        assert rows.dead_units[name] == (reading.value.fired == 0).sum()
    for name, parameter in window.parameters.items():
        assert norms.update_ratio[name] == pytest.approx(parameter.update_ratio, rel=2**-9)


def test_a_missing_package_for_frames_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path / "run.sqlite", [])
    monkeypatch.setattr("relume.runfile.frames.find_spec", lambda name: None)
    monkeypatch.setattr("relume.errors.find_spec", lambda name: None)
    with (
        open_run(tmp_path / "run.sqlite") as run,
        pytest.raises(ImportError, match=r'install "relume\[frame\]"'),
    ):
        run.frame()
