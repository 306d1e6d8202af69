"""Following a run in a terminal: each window once, in place on a terminal, a line each elsewhere."""

import io
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console
from tests.report.made_runs import write_run, write_windows

from relume.errors import RunFileError
from relume.report.follow import follow, line, screen, show
from relume.runfile.writer import open_for_writing


def writing(path: Path, windows: int) -> Callable[[float], None]:
    """In place of a pause: write the next window, or close the file."""
    writer = open_for_writing(path, model="Network")
    write_windows(writer, range(1))
    numbers = count(1)

    def pause(seconds: float) -> None:
        number = next(numbers)
        if number < windows:
            write_windows(writer, range(number, number + 1))
        elif number == windows + 1:  # after a look at which nothing was new
            writer.close()

    return pause


def test_each_window_is_told_once_and_then_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    pause = writing(path, 3)
    views = list(follow(path, pause=pause))
    assert [view.windows for view in views] == [1, 2, 3, 3]
    assert [view.is_finished for view in views] == [False, False, False, True]
    assert views[0].state == "still running, or killed"
    assert views[-1].state == "finished"


def test_elsewhere_than_on_a_terminal_it_is_a_line_a_window(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    out = io.StringIO()
    show(follow(path, pause=writing(path, 2)), Console(file=out, width=40), form="text")
    lines = out.getvalue().splitlines()
    assert [text.split("  ")[:3] for text in lines] == [
        ["window 1", "step 9", "loss 2.279"],
        ["window 2", "step 19", "loss 2.257"],
        ["window 2", "step 19", "loss 2.257"],
    ]
    assert lines[-1].endswith("finished")
    assert "Learning is broken: " in lines[0]


def test_on_a_terminal_it_is_a_screen(tmp_path: Path) -> None:
    [view] = follow(write_run(tmp_path / "run.sqlite", windows=3))
    out = io.StringIO()
    show([view], Console(file=out, width=100, height=24, force_terminal=True), form="text")
    assert "Network" in out.getvalue()
    assert "Learning is broken" in out.getvalue()
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(screen(view, rows=3))
    drawn = captured.get()
    assert "12.5 %" in drawn
    assert drawn.count("net.py") == 0
    assert all(name in drawn for name in ("first", "<script>", "last", "gradient", "update ratio"))


def test_json_is_a_line_a_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.sqlite"
    show(follow(path, pause=writing(path, 2)), Console(), form="json")
    records = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [record["windows"] for record in records] == [1, 2, 2]
    assert records[-1]["state"] == "finished"
    assert records[-1]["sites"]["first"]["dead"] is None
    assert records[-1]["sites"]["last"]["dead"] == 0.125
    assert records[-1]["diagnosis"]["findings"][0]["severity"] == "error"


def test_the_line_of_a_run_without_a_step(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "run.sqlite", model="Network").close()
    [view] = follow(tmp_path / "run.sqlite")
    assert line(view) == "window 0  no step yet  loss -  Nothing was seen yet  finished"
    assert screen(view, rows=3)


def test_a_file_that_goes_away_is_told(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.sqlite", windows=1)
    with pytest.raises(RunFileError, match="does not exist"):
        next(follow(tmp_path / "none.sqlite"))
    writer = open_for_writing(tmp_path / "other.sqlite", model="m")
    views = follow(tmp_path / "other.sqlite", pause=lambda _: (tmp_path / "other.sqlite").unlink())
    next(views)
    with pytest.raises(RunFileError, match="does not exist"):
        next(views)
    writer._connection.close()
    assert path.exists()
