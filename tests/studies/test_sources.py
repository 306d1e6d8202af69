"""Data sets are read from files as they are, without a network; damaged files get one sentence."""

import gzip
import hashlib
import runpy
import socket
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from relume.errors import DataError, MissingExtraError, TargetError
from relume.studies.data import load
from relume.studies.sources import EMBEDDED, IDX_PARTS, read_idx_folder, read_npz

CHECKSUM = "559bcfccb8aa98106989b7fc4a583b858492c35b5eef149079140bbd24098b3a"
ORIGINALS = Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
TOOL = Path(__file__).parents[2] / "tools" / "make_fashion_mnist.py"

X = np.random.default_rng(0).integers(0, 256, (50, 3, 3), dtype=np.uint8)
Y = (np.arange(50) % 5).astype(np.uint8)
CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array: NDArray[Any], dtype: str = "u1") -> bytes:
    header = bytes([0, 0, CODES[dtype], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(f">{dtype}").tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, array in zip(IDX_PARTS.values(), [X, Y, X[:10], Y[:10]], strict=True):
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


# The embedded subset


def test_the_embedded_file_is_the_one_that_was_made() -> None:
    assert hashlib.sha256(EMBEDDED.read_bytes()).hexdigest() == CHECKSUM
    assert EMBEDDED.stat().st_size < 3_200_000


def test_the_embedded_subset_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = load()
    assert (data.train_x.shape, data.test_x.shape) == ((6000, 28, 28), (1000, 28, 28))
    assert data.train_y.bincount().tolist() == [600] * 10
    assert data.test_y.bincount().tolist() == [100] * 10
    assert data.train_x.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert data.train_x.std().item() == pytest.approx(1.0, abs=1e-5)
    assert load("fashion-mnist").description == data.description


def test_the_licence_lies_beside_the_embedded_file() -> None:
    text = EMBEDDED.with_name("LICENSE-fashion-mnist").read_text(encoding="utf-8")
    assert "Zalando SE" in text
    assert "Permission is hereby granted, free of charge" in text


@pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="needs the originals: apt-get install dataset-fashion-mnist"
)
def test_the_tool_makes_the_embedded_file_again(tmp_path: Path) -> None:
    made = tmp_path / "made.npz"
    runpy.run_path(str(TOOL))["make"](ORIGINALS, made)
    with np.load(made) as again, np.load(EMBEDDED) as embedded:
        assert again.files == embedded.files
        for name in again.files:
            np.testing.assert_array_equal(again[name], embedded[name])
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng compresses the same arrays into other bytes
        assert made.read_bytes() == EMBEDDED.read_bytes()


@pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="needs the originals: apt-get install dataset-fashion-mnist"
)
def test_embedded_examples_are_originals_with_their_labels() -> None:
    original, embedded = read_idx_folder(ORIGINALS), read_npz(EMBEDDED)
    for whole, part in [(original.train, embedded.train), (original.test, embedded.test)]:
        assert whole is not None
        assert part is not None
        pairs = {(image.tobytes(), label) for image, label in zip(*map(np.asarray, whole), strict=True)}
        assert all(
            (image.tobytes(), label) in pairs for image, label in zip(*map(np.asarray, part), strict=True)
        )


# scikit-learn's digits


def test_digits() -> None:
    pytest.importorskip("sklearn")
    data = load("digits")
    assert data.description == "digits: 1,438 training and 359 test examples of 8 x 8, 10 classes"
    assert torch.equal(data.test_x, load("digits").test_x)


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        MissingExtraError, match=r"not installed: data set 'digits'\. Run 'pip install scikit-learn'"
    ):
        load("digits")


# Folders of idx files


def test_a_folder_of_idx_files(folder: Path) -> None:
    source = read_idx_folder(folder)
    assert source.test is not None
    for found, expected in zip((*source.train, *source.test), (X, Y, X[:10], Y[:10]), strict=True):
        np.testing.assert_array_equal(np.asarray(found), expected)
    assert load(str(folder)).description == f"{folder}: 50 training and 10 test examples of 3 x 3, 5 classes"


def test_compressed_and_otherwise_named_idx_files(folder: Path) -> None:
    names = ["emnist-train-images.idx3-ubyte.gz", "emnist-train-labels.idx1-ubyte.gz",
             "emnist-test-images.idx3-ubyte", "emnist-test-labels.idx1-ubyte"]  # fmt: skip
    for old, new in zip(IDX_PARTS.values(), names, strict=True):
        content = (folder / old).read_bytes()
        (folder / old).unlink()
        (folder / new).write_bytes(gzip.compress(content) if new.endswith(".gz") else content)
    (folder / "README-test.txt").write_text("not data")
    np.testing.assert_array_equal(np.asarray(read_idx_folder(folder).train[0]), X)


def test_a_file_beside_its_compressed_self_counts_once(folder: Path) -> None:
    path = folder / IDX_PARTS["test labels"]
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    assert len(load(str(folder)).test_y) == 10


@pytest.mark.parametrize("dtype", CODES)
def test_every_type_of_idx_file(folder: Path, dtype: str) -> None:
    values = X.astype(np.int64) - 128 if dtype != "u1" else X
    (folder / IDX_PARTS["training images"]).write_bytes(idx(values, dtype))
    np.testing.assert_array_equal(np.asarray(read_idx_folder(folder).train[0]), values)
    assert load(str(folder)).train_x.dtype == torch.float32


GOOD = idx(Y)
DAMAGE = {
    "not idx": (b"label\n1\n2\n", r"not an idx file: .*train-labels-idx1-ubyte\. It should start"),
    "empty": (b"", r"not an idx file"),
    "255 dimensions": (b"\0\0\x08\xff" + b"\xff" * 1020, r"not an idx file"),
    "type": (b"\0\0\x07\x01" + GOOD[4:], r"not an idx file"),
    "truncated": (GOOD[:-1], r"57 bytes where its header announces 58: .*train-labels-idx1-ubyte\. Fetch"),
    "header cut": (GOOD[:6], r"6 bytes where its header announces "),
    "too long": (GOOD + b"\0", r"59 bytes where its header announces 58"),
    "absurd": (b"\0\0\x0e\x04" + b"\xff" * 16, r"20 bytes where its header announces [\d,]+: "),
    "gzip cut": (
        gzip.compress(GOOD)[:-9],
        r"a gzip file that is damaged or cut short: .*\. Fetch it again\.",
    ),
    "gzip damaged": (b"\x1f\x8b" + b"\7" * 30, r"a gzip file that is damaged or cut short"),
}


@pytest.mark.parametrize(("content", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_idx_file(folder: Path, content: bytes, message: str) -> None:
    (folder / IDX_PARTS["training labels"]).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load(str(folder))


@pytest.mark.parametrize("part", IDX_PARTS)
def test_a_missing_idx_file(folder: Path, part: str) -> None:
    (folder / IDX_PARTS[part]).unlink()
    with pytest.raises(
        DataError, match=rf"no idx file with the {part}: .*\. Put {IDX_PARTS[part]} or .*\.gz there\."
    ):
        load(str(folder))


def test_two_files_for_one_part(folder: Path) -> None:
    (folder / "other-train-labels-idx1-ubyte").write_bytes(GOOD)
    with pytest.raises(
        DataError, match=r"2 files could hold the training labels, other-train.*: .*\. Leave one"
    ):
        load(str(folder))


def test_an_idx_name_that_is_a_folder(folder: Path) -> None:
    path = folder / IDX_PARTS["training labels"]
    path.unlink()
    path.mkdir()
    with pytest.raises(
        TargetError, match=r"cannot be read \(.+\): .*train-labels-idx1-ubyte\. Check the name"
    ):
        load(str(folder))


# npz files


@pytest.mark.parametrize(
    "names",
    [("x_train", "y_train", "x_test", "y_test"), ("train_x", "train_y", "test_x", "test_y"),
     ("X_train", "y_train", "X_test", "y_test")],
)  # fmt: skip
def test_an_npz_file_of_four_arrays(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, **dict(zip(names, [X, Y, X[:10], Y[:10]], strict=True)))  # type: ignore[arg-type]
    data = load(str(path))
    assert data.description == f"{path}: 50 training and 10 test examples of 3 x 3, 5 classes"


def test_an_npz_file_of_x_and_y_is_split(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez_compressed(path, x=X, y=Y)
    data = load(str(path))
    assert (len(data.train_x), len(data.test_x)) == (40, 10)


def test_an_npz_file_with_other_names(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, images=X, labels=Y)
    with pytest.raises(
        DataError, match=r"the arrays are named images, labels: .*data\.npz\. Name them x_train"
    ):
        load(str(path))
    np.savez(path)
    with pytest.raises(DataError, match=r"not an npz file|named nothing at all"):
        load(str(path))


@pytest.mark.parametrize("content", [b"", b"PK\3\4 but no more", b"\x93NUMPY"])
def test_what_is_not_an_npz_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"not an npz file, or one cut short: .*data\.npz\. Write it with numpy"
    ):
        load(str(path))


def test_an_npz_file_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match="not an npz file, or one cut short"):
        load(str(path))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_with_damage_inside(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "data.npz"
    save(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[200:260] = b"\xff" * 60
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged \(.+\): .*data\.npz\. Write it again"):
        load(str(path))


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.array([{}, {}], dtype=object), y=Y)
    with pytest.raises(
        DataError, match=r"an array of Python objects, not of numbers: .*data\.npz\. Save arrays"
    ):
        load(str(path))


def test_a_zip_file_of_other_things(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"text")
        archive.writestr("y", b"text")
    with pytest.raises(DataError, match=r"x is not an array: .*data\.npz\. Write the file"):
        load(str(path))
