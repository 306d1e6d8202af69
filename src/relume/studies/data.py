"""What a study trains on: a classification data set, checked and standardised."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from relume.errors import DataError, TargetError, unknown_name
from relume.studies import loading, sources
from relume.studies.sources import Array, Pair, Source

BUILT_IN = {"fashion-mnist": sources.fashion_mnist, "digits": sources.digits}
TEST_FRACTION = 0.2  # held out where the source has no test set
SPLIT_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Examples to train and to test on, standardised by the training set's mean and standard deviation."""

    name: str
    train_x: Tensor  # [examples, ...] float32
    train_y: Tensor  # [examples] int64, 0 to classes - 1
    test_x: Tensor  # [test examples, ...] float32
    test_y: Tensor  # [test examples] int64
    classes: int

    @property
    def description(self) -> str:
        """One line for a report."""
        shape = " x ".join(str(size) for size in self.train_x.shape[1:])
        examples = f"{len(self.train_x):,} training and {len(self.test_x):,} test examples"
        return f"{self.name}: {examples} of {shape}, {self.classes} classes"


def load(spec: str | None = None) -> Dataset:
    """Load the data set that `spec` means; without one, the embedded subset of Fashion-MNIST.

    Parameters
    ----------
    spec
        "fashion-mnist", "digits", a folder of idx files, an npz file, or "module:function" where the function
        returns tensors or loaders.

    Raises
    ------
    DataError
        The data cannot be trained on: the message says what is wrong with it, and where.
    TargetError
        The file or folder is not there, or cannot be read.

    >>> load().description
    'Fashion-MNIST subset: 6,000 training and 1,000 test examples of 28 x 28, 10 classes'
    """
    return prepare(find(spec or "fashion-mnist"))


def find(spec: str) -> Source:
    """Tell which kind of source `spec` names, and read it."""
    path = Path(spec)
    if spec in BUILT_IN:
        return BUILT_IN[spec]()
    if path.is_dir():
        return sources.read_idx_folder(path)
    if path.suffix.lower() == ".npz":
        return sources.read_npz(path)
    if path.exists():
        raise DataError(
            f"not a kind of file that relume reads: {spec}. Give an npz file or a folder of idx files."
        )
    if "/" in spec or "\\" in spec:
        raise TargetError(f"no such file or folder: {spec}. Check the path, seen from {Path.cwd()}.")
    if ":" in spec:
        return loading.call(spec)
    raise unknown_name("data set", spec, BUILT_IN, listing="relume why --help")


def prepare(source: Source) -> Dataset:
    """Check what was read, hold out a test set if there is none, and standardise."""
    where = source.name if source.test is None else f"training set of {source.name}"
    train_x, train_y = _checked(source.train, where)
    classes = _count_classes(train_y, where)
    if source.test is None:
        train_x, train_y, test_x, test_y = _split(train_x, train_y, where)
    else:
        where_test = f"test set of {source.name}"
        test_x, test_y = _checked(source.test, where_test)
        _check_alike(train_x, test_x, test_y, classes, where_test)
    train_x, test_x = _standardised(train_x, test_x, where)
    return Dataset(source.name, train_x, train_y, test_x, test_y, classes)


def _checked(pair: Pair, where: str) -> tuple[Tensor, Tensor]:
    """Return x as float32 and y as int64, of one length."""
    x, y = (_tensor(array, name, where) for array, name in zip(pair, "xy", strict=True))
    if x.ndim < 2:
        raise DataError(
            f"x has shape {list(x.shape)}: {where}. Give it as [examples, features] or with more dimensions."
        )
    if y.ndim != 1:
        raise DataError(
            f"y has shape {list(y.shape)}: {where}. Give one whole number an example, [examples]."
        )
    if len(x) != len(y):
        raise DataError(f"x holds {len(x):,} examples and y {len(y):,}: {where}. Give one label an example.")
    if x.numel() == 0:
        raise DataError(
            f"x is empty, of shape {list(x.shape)}: {where}. Give at least one example and feature."
        )
    return _values(x, where), _labels(y, where)


def _tensor(array: Array, name: str, where: str) -> Tensor:
    if isinstance(array, np.ndarray):
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise DataError(f"{name} is of type {array.dtype}: {where}. Give numbers.")
        # torch knows neither big-endian numbers, which idx files hold, nor read-only arrays.
        return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))
    if array.is_complex() or array.layout != torch.strided:
        raise DataError(
            f"{name} is a {array.dtype} tensor of layout {array.layout}: {where}. Give a dense real one."
        )
    return array.detach().cpu()


def _values(x: Tensor, where: str) -> Tensor:
    values = x.to(torch.float32)
    wrong = ~values.isfinite()
    if wrong.any():
        first = wrong.nonzero()[0].tolist()
        found = f"{int(wrong.sum()):,} values of x are NaN or infinite as float32, the first at {first}"
        raise DataError(f"{found}: {where}. Remove or replace them.")
    return values


def _labels(y: Tensor, where: str) -> Tensor:
    labels = y.to(torch.int64)
    wrong = (labels != y).nonzero() if y.is_floating_point() else labels.new_empty(0, 1)
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            f"{len(wrong):,} labels are not whole numbers, the first, {y[first].item():.6g}, at {first}: "
            f"{where}. Number the classes 0, 1, 2, ...; regression is not studied."
        )
    if labels.min() < 0:
        first = int((labels < 0).nonzero()[0])
        raise DataError(
            f"label {int(labels[first])} at {first} is negative: {where}. Number the classes 0, 1, 2, ..."
        )
    return labels


def _count_classes(labels: Tensor, where: str) -> int:
    found = torch.from_numpy(np.unique(labels.numpy()))
    smallest, largest = int(found[0]), int(found[-1])
    if len(found) == 1:
        raise DataError(f"every example has label {smallest}: {where}. Give at least two classes.")
    if smallest > 0:
        raise DataError(f"labels start at {smallest}: {where}. Labels must start at 0; subtract {smallest}.")
    if len(found) <= largest:
        missing = int((found != torch.arange(len(found))).nonzero()[0])
        raise DataError(
            f"no example has label {missing}, some have {largest}: {where}. Number the classes without a gap."
        )
    return len(found)


def _check_alike(train_x: Tensor, test_x: Tensor, test_y: Tensor, classes: int, where: str) -> None:
    if train_x.shape[1:] != test_x.shape[1:]:
        shapes = f"{list(test_x.shape[1:])}, those of training {list(train_x.shape[1:])}"
        raise DataError(f"the examples have shape {shapes}: {where}. Give both the same shape.")
    if test_y.max() >= classes:
        raise DataError(
            f"label {int(test_y.max())} never occurs in training, whose labels end at {classes - 1}: "
            f"{where}. Test on the classes that are trained."
        )


def _split(x: Tensor, y: Tensor, where: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hold out a fixed random fifth: the same examples for every activation, seed and run."""
    held_out = int(len(x) * TEST_FRACTION)
    if held_out == 0:
        raise DataError(
            f"{len(x)} examples are too few to hold a fifth of them out: {where}. Give at least 5."
        )
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(SPLIT_SEED))
    test, train = order[:held_out], order[held_out:]
    return x[train], y[train], x[test], y[test]


def _standardised(train_x: Tensor, test_x: Tensor, where: str) -> tuple[Tensor, Tensor]:
    if train_x.min() == train_x.max():  # exact, where a computed deviation of 0 may come out as 1e-9
        raise DataError(f"every value of x is {train_x.min().item():.6g}: {where}. Give data that varies.")
    # In float64: 47 million bytes of Fashion-MNIST overrun the 24 bits of a float32 sum.
    mean = train_x.mean(dtype=torch.float64).item()
    centred = train_x - mean
    deviation = torch.linalg.vector_norm(centred, dtype=torch.float64).item() / centred.numel() ** 0.5
    return centred.div_(deviation), (test_x - mean).div_(deviation)
