"""Files that are no runs, and places that cannot be written to, get one sentence each."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.runfile.made_up import SMALL, Drifting

from relume.errors import RunFileError, TargetError
from relume.runfile import schema
from relume.runfile.reader import open_run
from relume.runfile.writer import open_for_writing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished run of one window."""
    window = Drifting(0, widths=SMALL, parameters=1, steps=2).window()
    with open_for_writing(tmp_path / "run.sqlite", model="net") as run:
        run.write(window, phase="training", total=window)
    return tmp_path / "run.sqlite"


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def refuses(path: Path, match: str) -> None:
    with pytest.raises(RunFileError, match=match) as caught:
        open_run(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, TargetError)


def test_what_is_no_run_file_is_not_read(tmp_path: Path) -> None:
    refuses(tmp_path / "none.sqlite", r"does not exist\. Give the path of a run file\.")
    refuses(tmp_path, r"is a folder\.")
    (tmp_path / "empty").touch()
    refuses(tmp_path / "empty", r"is empty: no run was written to it\.")
    (tmp_path / "text").write_text("loss 2.3\n" * 999, encoding="utf-8")
    refuses(tmp_path / "text", r"is no run file \(file is not a database\)\.")
    change(tmp_path / "other", "CREATE TABLE person (name TEXT)")
    refuses(tmp_path / "other", r"is another program's SQLite file\.")


def test_a_newer_schema_is_refused_with_both_versions(path: Path) -> None:
    change(path, f"PRAGMA user_version = {schema.SCHEMA + 3}", "UPDATE run SET relume = '9.1'")
    refuses(path, rf"was written by relume 9\.1 \(schema {schema.SCHEMA + 3}\); this is .* Upgrade relume")
    change(path, "DROP TABLE run")
    refuses(path, r"was written by relume of another version \(schema")


def test_an_older_schema_opens_or_says_why_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = schema.SCHEMA
    monkeypatch.setattr(schema, "SCHEMA", written + 4)
    with open_run(path) as run:  # not listed as one that is no longer read
        assert len(run.windows()) == 1
    monkeypatch.setattr(schema, "NO_LONGER_READ", {written: "it held no gradients"})
    refuses(
        path,
        rf"is of schema {written}, which relume .* does not read: it held no gradients\. Open it with the ",
    )


def test_a_damaged_file_is_told(path: Path) -> None:
    change(path, "UPDATE segment SET data = x'00'")
    with open_run(path) as run, pytest.raises(RunFileError, match=r"cannot be read .*Open an undamaged copy"):
        run.windows()
    with path.open("r+b") as file:
        file.seek(3000)
        file.write(b"\xff" * 9000)
    with pytest.raises(RunFileError, match=r"cannot be read|is no run file"), open_run(path) as run:
        run.readings()


def test_nothing_is_written_over(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    change(tmp_path / "other", "CREATE TABLE person (name TEXT)")
    (tmp_path / "text").write_text("loss 2.3\n" * 999, encoding="utf-8")
    for name, match in {
        "run.sqlite": r"already holds a run \(of net, started .*\)\. Choose another path, or remove it",
        "other": r"is another program's SQLite file\. Choose",
        "text": r"cannot write a run to .* \(file is not a database\)\. Choose",
        "": r"is a folder\. Give the path of a file in it\.",
        "text/run.sqlite": r"cannot write .* \((Not a directory|File exists)\)\. Choose another path\.",
    }.items():
        with pytest.raises(RunFileError, match=match):
            open_for_writing(tmp_path / name, model="net")
    assert path.read_bytes() == before
    assert (tmp_path / "text").stat().st_size == 9 * 999


def test_an_empty_file_and_a_new_folder_are_written_to(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "new/folder/run.sqlite"):
        open_for_writing(tmp_path / name, model="net").close()
        with open_run(tmp_path / name) as run:
            assert run.is_finished


def test_a_path_with_odd_characters_is_one(tmp_path: Path) -> None:
    path = tmp_path / "50%?#é 1.sqlite"
    open_for_writing(path, model="net").close()
    with open_run(path) as run:
        assert run.model == "net"


def test_a_file_copied_while_it_is_written_is_read(path: Path, tmp_path: Path) -> None:
    source = Drifting(0, widths=SMALL, parameters=1, steps=2)
    with open_for_writing(tmp_path / "live.sqlite", model="net") as run:
        for _ in range(3):
            window = source.window()
            run.write(window, phase="training", total=window)
        shutil.copy(tmp_path / "live.sqlite", tmp_path / "alone.sqlite")
        shutil.copy(tmp_path / "live.sqlite", tmp_path / "both.sqlite")
        shutil.copy(tmp_path / "live.sqlite-wal", tmp_path / "both.sqlite-wal")
    with open_run(tmp_path / "alone.sqlite") as alone, open_run(tmp_path / "both.sqlite") as both:
        assert len(alone.windows()) <= 3
        assert len(both.windows()) == 3


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """As someone who may read `folder`, and write nowhere in it."""
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_to_is_read_from(path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(path, folder / "run.sqlite")
        window = Drifting(0, widths=SMALL, parameters=1, steps=2).window()
        with open_for_writing(folder / "live.sqlite", model="net") as live:
            live.write(window, phase="training", total=window)
            shutil.copy(folder / "live.sqlite", folder / "alone.sqlite")  # still says that it has a log
            shutil.copy(folder / "live.sqlite-wal", folder / "logged.sqlite-wal")
            shutil.copy(folder / "live.sqlite", folder / "logged.sqlite")
        with without_rights(folder):
            with open_run(folder / "run.sqlite") as run, open_run(folder / "alone.sqlite") as alone:
                assert (len(run.windows()), len(alone.windows())) == (1, 0)
            refuses(folder / "logged.sqlite", r"cannot be opened .* Copy it, with logged\.sqlite-wal")
            with pytest.raises(
                RunFileError, match=r"cannot write .* \(Permission denied\)\. Choose another path\."
            ):
                open_for_writing(folder / "new.sqlite", model="net")


def test_a_full_disk_is_told_and_what_was_written_stays(tmp_path: Path) -> None:
    source = Drifting(0, parameters=1, steps=2)
    run = open_for_writing(tmp_path / "run.sqlite", model="net")
    run._connection.execute("PRAGMA max_page_count = 450")  # as a disk of 0.45 MB
    windows = [source.window() for _ in range(30)]
    closed = []

    def write_until_full() -> None:
        for window in windows * 9:
            run.write(window, phase="training", total=window)
            closed.append(window)

    with pytest.raises(
        RunFileError, match=r"cannot write to .* \(database or disk is full\)\. What it holds"
    ):
        write_until_full()
    run._connection.execute("PRAGMA max_page_count = 9000")
    run.close()
    with open_run(tmp_path / "run.sqlite") as kept:
        assert len(kept.windows()) == kept.total_windows() == len(closed)
