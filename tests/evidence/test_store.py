"""Measured parts on disk: what comes back is what went in, and what is no such file is left alone."""

import math
import sqlite3
from pathlib import Path

import pytest

from relume.errors import TargetError
from relume.evidence.claim import Subject
from relume.evidence.store import PARTS, Measured, key
from relume.studies.database import open_store
from relume.types import Sample

SAMPLES = tuple(
    Sample(quantity="q", series="relu, he", x=0.1 + 0.2, seed=3, value=value, unit="s")
    for value in (1 / 3, math.inf, 1e-300)
)
MEASURED = Measured(samples=SAMPLES, cpu_seconds=1.5, machine="a machine", date="2026-11-24")


def test_a_part_comes_back_to_the_last_digit(tmp_path: Path) -> None:
    file = tmp_path / "new" / "claims.sqlite"
    with open_store(file, PARTS) as store:
        store.add({"one": MEASURED})
    with open_store(file, PARTS) as store:
        assert store.finished(["one", "two"]) == {"one": MEASURED}


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, no database of anything at all")
    with (
        pytest.raises(TargetError, match=r"^not a file of measured claims: .*notes\.txt"),
        open_store(text, PARTS),
    ):
        pass
    assert text.read_text().startswith("these are notes")


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "claims.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(TargetError, match="another version of relume"), open_store(file, PARTS):
        pass


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(TargetError, match="cannot make the folder of"),
        open_store(tmp_path / "file" / "x", PARTS),
    ):
        pass


def test_a_key_knows_all_that_a_number_depends_on() -> None:
    part = {"depth": 5, "activation": "relu"}
    first = key("c", part, Subject(), data="d", code="e")
    assert first == key("c", dict(reversed(part.items())), Subject(), data="d", code="e")
    others = [
        key("b", part, Subject(), data="d", code="e"),
        key("c", {**part, "depth": 6}, Subject(), data="d", code="e"),
        key("c", part, Subject(data="digits"), data="d", code="e"),
        key("c", part, Subject(network="n:b"), data="d", code="e"),
        key("c", part, Subject(), data="x", code="e"),
        key("c", part, Subject(), data="d", code="x"),
    ]
    assert len({first, *others}) == 7
