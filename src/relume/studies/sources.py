"""Where a data set is read from: the embedded file, scikit-learn, idx or npz files; nothing is downloaded."""

import gzip
import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from relume.errors import DataError, MissingExtraError, TargetError

Array = NDArray[Any] | Tensor
Pair = tuple[Array, Array]  # x [examples, ...], y [examples]

EMBEDDED = Path(__file__).with_name("embedded") / "fashion_mnist.npz"
NPZ_NAMES = [
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_x", "train_y", "test_x", "test_y"),
    ("x", "y"),
]

# http://yann.lecun.com/exdb/mnist, "the IDX file format": the third byte is the type, numbers are big-endian.
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IDX_DIMENSIONS = 8  # more than any data has; a damaged header may say 255
IDX_PARTS = {
    "training images": "train-images-idx3-ubyte",
    "training labels": "train-labels-idx1-ubyte",
    "test images": "t10k-images-idx3-ubyte",
    "test labels": "t10k-labels-idx1-ubyte",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Arrays as they were found, not yet checked."""

    name: str  # what the user called it, for messages and reports
    train: Pair
    test: Pair | None  # None where the source does not tell training from test examples


def fashion_mnist() -> Source:
    """Read the embedded, balanced subset of Fashion-MNIST, [examples, 28, 28].

    References
    ----------
    Xiao, Rasul, Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms.
    """
    source = read_npz(EMBEDDED)
    return Source("Fashion-MNIST subset", source.train, source.test)


def digits() -> Source:
    """Read scikit-learn's 1,797 handwritten digits, [examples, 8, 8]."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtraError(
            "the digits belong to scikit-learn, which is not installed: data set 'digits'. "
            "Run 'pip install scikit-learn', or leave the data out for the embedded Fashion-MNIST."
        ) from None
    found = load_digits()
    return Source("digits", (found.images, found.target), None)


def read_npz(path: Path) -> Source:
    """Read an npz file that holds x_train, y_train, x_test, y_test; or train_x, ...; or x, y."""
    if not zipfile.is_zipfile(_readable(path)):
        raise DataError(f"not an npz file, or one cut short: {path}. Write it with numpy.savez.")
    try:
        with np.load(path, allow_pickle=False) as members:
            spelled = {name.lower(): name for name in members.files}
            names = next((names for names in NPZ_NAMES if spelled.keys() >= set(names)), None)
            if names is None:
                raise DataError(
                    f"the arrays are named {', '.join(members.files) or 'nothing at all'}: {path}. "
                    "Name them x_train, y_train, x_test and y_test, or x and y."
                )
            arrays = [members[spelled[name]] for name in names]
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise DataError(f"damaged ({error}): {path}. Write it again with numpy.savez.") from None
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        # A pickle could run any code, so NumPy is not allowed to open one.
        raise DataError(
            f"an array of Python objects, not of numbers: {path}. Save arrays of numbers."
        ) from None
    strange = [name for name, array in zip(names, arrays, strict=True) if not isinstance(array, np.ndarray)]
    if strange:
        raise DataError(f"{strange[0]} is not an array: {path}. Write the file with numpy.savez.")
    return _source(str(path), arrays)


def read_idx_folder(folder: Path) -> Source:
    """Read the four idx files of a folder, compressed or not: the format of MNIST and its relatives."""
    try:
        files = sorted(folder.iterdir(), reverse=True)
    except OSError as error:
        raise TargetError(f"cannot be read ({error.strerror}): {folder}. Check its permissions.") from None
    return _source(str(folder), [_read_idx(_idx_file(files, part, folder)) for part in IDX_PARTS])


def _source(name: str, arrays: Sequence[Array]) -> Source:
    """Take x, y or x, y of training, x, y of test."""
    train, *test = zip(arrays[::2], arrays[1::2], strict=True)
    return Source(name, train, test[0] if test else None)


def _idx_file(files: Sequence[Path], part: str, folder: Path) -> Path:
    """Find the one file whose name says that it holds `part`."""
    found = {  # by name without .gz, so that a file beside its compressed self counts once
        path.name.lower().removesuffix(".gz"): path
        for path in files
        if "idx" in path.name.lower() and _part_of(path.name.lower()) == part
    }
    if len(found) == 1:
        return found.popitem()[1]
    if found:
        names = ", ".join(sorted(path.name for path in found.values()))
        raise DataError(
            f"{len(found)} files could hold the {part}, {names}: {folder}. Leave one in the folder."
        )
    raise DataError(
        f"no idx file with the {part}: {folder}. Put {IDX_PARTS[part]} or {IDX_PARTS[part]}.gz there."
    )


def _part_of(name: str) -> str | None:
    role = "training" if "train" in name else "test" if re.search("t10k|test", name) else None
    kind = "labels" if re.search("label|idx1", name) else "images"
    return f"{role} {kind}" if role else None


def _read_idx(path: Path) -> NDArray[Any]:
    content = _readable(path).read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise DataError(f"a gzip file that is damaged or cut short: {path}. Fetch it again.") from None
    magic = content[:4].ljust(4, b"\xff")
    if magic[:2] != b"\0\0" or magic[2] not in IDX_TYPES or magic[3] > IDX_DIMENSIONS:
        raise DataError(f"not an idx file: {path}. It should start with two zero bytes and a type.")
    dtype, dimensions = np.dtype(IDX_TYPES[magic[2]]), magic[3]
    start = 4 + 4 * dimensions
    # Numbers of Python, for a damaged header may announce more than 64 bits count.
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4)]
    announced = start + dtype.itemsize * math.prod(shape)
    if len(content) != announced:
        raise DataError(
            f"{len(content):,} bytes where its header announces {announced:,}: {path}. Fetch it again."
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def _readable(path: Path) -> Path:
    """Say so if a file cannot be opened, before a reader says it in its own words."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise TargetError(
            f"cannot be read ({error.strerror}): {path}. Check the name and its permissions."
        ) from None
    return path
