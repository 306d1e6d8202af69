"""Outcomes come back from the file as they went in, and other files are not taken for it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from tests.records import readings_of_a_run, same
from tests.studies.tiny import assert_same_outcome, job, outcome, tiny_data

from relume.errors import TargetError
from relume.studies.database import open_store
from relume.studies.protocol import Training
from relume.studies.store import OUTCOMES, fingerprint, from_json, key, to_json
from relume.types import Readings

LOSSES = [2.3, 1 / 3, 1e-300, float(np.nextafter(1.0, 2.0))]


@pytest.mark.parametrize("diverged", [False, True])
def test_an_outcome_survives_to_the_last_bit(diverged: bool) -> None:
    before = outcome(job("relu", "he", 0.1, 7), LOSSES, diverged=diverged, gradients=[1 / 3, 1e-160])
    after = from_json(to_json(before))
    assert_same_outcome(after, before)
    np.testing.assert_array_equal(after.losses, before.losses)
    assert after.losses.dtype == np.float64


@settings(max_examples=25)
@given(readings_of_a_run(), readings_of_a_run())
def test_readings_survive_with_every_field(at_start: Readings, at_end: Readings) -> None:
    before = replace(outcome(job("relu"), LOSSES), at_start=at_start, at_end=at_end)
    after = from_json(to_json(before))
    same(after.at_start, at_start)
    same(after.at_end, at_end)


def test_what_was_added_is_found_by_a_later_opening(tmp_path: Path) -> None:
    path, one = tmp_path / "study.sqlite", outcome(job("relu"), LOSSES)
    with open_store(path, OUTCOMES) as store:
        assert store.finished(["a"]) == {}
        store.add({"a": one})
    with open_store(path, OUTCOMES) as store:
        found = store.finished(["b", "a"])
    assert list(found) == ["a"]
    assert_same_outcome(found["a"], one)


def test_keys_differ_where_anything_differs() -> None:
    training = Training()
    keys = {
        key(job("relu"), training, "data"),
        key(job("tanh"), training, "data"),
        key(job("relu", "he"), training, "data"),
        key(job("relu", learning_rate=0.02), training, "data"),
        key(job("relu", seed=1), training, "data"),
        key(job("relu", network="mlp 2x2"), training, "data"),
        key(job("relu"), Training(steps=301), "data"),
        key(job("relu"), Training(batch_size=127), "data"),
        key(job("relu"), Training(optimizer="sgd"), "data"),
        key(job("relu"), training, "other data"),
    }
    assert len(keys) == 10
    assert key(job("relu"), Training(), "data") in keys


def test_data_sets_are_told_apart_by_their_numbers() -> None:
    assert fingerprint(tiny_data(0)) == fingerprint(tiny_data(0))
    assert fingerprint(tiny_data(0)) != fingerprint(tiny_data(1))
    assert fingerprint(tiny_data(0, shape=(12,))) != fingerprint(tiny_data(0, shape=(3, 4)))


@pytest.mark.parametrize("schema", [1, 99])
def test_a_file_of_another_schema_is_told_and_left_alone(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "study.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema}")
    before = path.read_bytes()
    message = (
        r"study\.sqlite was written by another version of relume "
        rf"\(schema {schema}, this reads 2\)\. Give another --out folder\.$"
    )
    with pytest.raises(TargetError, match=message):
        open_store(path, OUTCOMES).__enter__()
    assert path.read_bytes() == before


@pytest.mark.parametrize("make", [lambda p: p.write_text("not a database " * 99), Path.mkdir])
def test_what_is_no_store_is_told(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "study.sqlite"
    make(path)
    with pytest.raises(TargetError, match=r"^not a study that can be written to: .*Give another --out fol"):
        open_store(path, OUTCOMES).__enter__()


def test_the_folder_is_made_or_the_reason_told_why_not(tmp_path: Path) -> None:
    with open_store(tmp_path / "new" / "newer" / "study.sqlite", OUTCOMES):
        assert (tmp_path / "new" / "newer" / "study.sqlite").is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match=r"^cannot make the folder of .*\(File exists\)\. Give another one"):
        open_store(tmp_path / "file" / "study.sqlite", OUTCOMES).__enter__()
