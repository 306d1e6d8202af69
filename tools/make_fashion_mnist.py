"""Make the embedded subset of Fashion-MNIST from the four original files.

    python tools/make_fashion_mnist.py /usr/share/datasets/fashion-mnist

Debian's package dataset-fashion-mnist puts the originals there. The same originals give the same arrays, and
with the same zlib the same bytes.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relume.studies.sources import read_idx_folder

TARGET = Path(__file__).parents[1] / "src/relume/studies/embedded/fashion_mnist.npz"
SEED = 2017  # the year of the paper
TRAIN_PER_CLASS, TEST_PER_CLASS = 600, 100
EARLIEST = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier time; a fixed one keeps the bytes the same

Bytes = NDArray[np.uint8]


def balanced(labels: Bytes, per_class: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Choose `per_class` indices of every class at random, in ascending order."""
    # One uniform number an example: NumPy may change how `choice` and `permutation` draw, hardly `random`.
    keys = generator.random(len(labels))
    chosen = [
        indices[np.argsort(keys[indices])[:per_class]]
        for indices in (np.flatnonzero(labels == label) for label in range(10))
    ]
    return np.sort(np.concatenate(chosen))


def write(path: Path, arrays: dict[str, Bytes]) -> None:
    """Write what `np.savez_compressed` would, without the time of day."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0))
            info = zipfile.ZipInfo(f"{name}.npy", date_time=EARLIEST)
            info.create_system = 3  # else it tells Windows from Unix
            # LZMA would be 15 % smaller, but 8 times slower to read, and some Pythons are built without it.
            archive.writestr(info, member.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def make(originals: Path, target: Path) -> None:
    """Choose the examples and write them to `target`."""
    source = read_idx_folder(originals)
    generator = np.random.Generator(np.random.PCG64(SEED))
    arrays: dict[str, Bytes] = {}
    assert source.test is not None, "a folder of idx files holds a test set"
    for part, (x, y), per_class in [
        ("train", source.train, TRAIN_PER_CLASS),
        ("test", source.test, TEST_PER_CLASS),
    ]:
        chosen = balanced(np.asarray(y), per_class, generator)
        arrays |= {f"x_{part}": np.asarray(x)[chosen], f"y_{part}": np.asarray(y)[chosen]}
    write(target, arrays)


if __name__ == "__main__":
    make(Path(sys.argv[1]), TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
