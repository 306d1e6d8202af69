"""A data set is checked and standardised; what cannot be trained on gets one sentence."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from relume.errors import DataError, RelumeError, TargetError, UnknownNameError
from relume.studies.data import load, prepare
from relume.studies.sources import Array, Pair, Source

X = np.random.default_rng(0).normal(3.0, 2.0, (100, 4))
Y = np.arange(100) % 5


def prepared_with(x: Array = X, y: Array = Y, test: Pair | None = (X, Y)) -> Any:
    return prepare(Source("mine", (x, y), test))


def changed(array: NDArray[Any], index: Any, value: Any) -> NDArray[Any]:
    copy = array.copy()
    copy[index] = value
    return copy


def test_a_data_set_has_the_promised_types_and_shapes() -> None:
    data = prepared_with()
    assert (data.train_x.shape, data.train_x.dtype) == ((100, 4), torch.float32)
    assert (data.train_y.shape, data.train_y.dtype) == ((100,), torch.int64)
    assert (data.test_x.dtype, data.test_y.dtype) == (torch.float32, torch.int64)
    assert data.classes == 5
    assert data.description == "mine: 100 training and 100 test examples of 4, 5 classes"


def test_both_sets_are_standardised_by_the_training_set() -> None:
    data = prepared_with(test=(X + 10.0, Y))
    np.testing.assert_allclose(data.train_x.numpy(), (X - X.mean()) / X.std(), atol=1e-5)
    np.testing.assert_allclose(data.test_x.numpy(), (X + 10.0 - X.mean()) / X.std(), atol=1e-5)


def test_standardising_survives_large_values_and_offsets() -> None:
    for x in (X * 1e30, X + 1e4):
        train_x = prepared_with(x, test=None).train_x.double()
        assert train_x.mean().abs() < 1e-3
        assert train_x.square().mean().item() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("dtype", ["u1", "i1", ">i2", "<u2", "u4", "i8", "?", "f2", ">f4", ">f8"])
def test_every_type_of_number_becomes_float32(dtype: str) -> None:
    x = (np.arange(400).reshape(100, 4) % 100).astype(dtype)
    as_double = x.astype(np.float64)
    train_x = prepared_with(x, test=(x, Y)).train_x
    np.testing.assert_allclose(
        train_x.numpy(), (as_double - as_double.mean()) / as_double.std(), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("y", [Y.astype(np.float32), Y.astype(np.uint8), torch.tensor(Y).half(), Y[::-1]])
def test_whole_numbers_of_any_type_are_labels(y: Array) -> None:
    expected = torch.as_tensor(np.asarray(y).copy()).to(torch.int64)
    torch.testing.assert_close(prepared_with(y=y).train_y, expected)


def test_the_users_arrays_are_left_alone() -> None:
    x = torch.tensor(X, dtype=torch.float32, requires_grad=True)
    before = x.detach().clone()
    data = prepared_with(x, test=(x, Y))
    assert torch.equal(x.detach(), before)
    assert not data.train_x.requires_grad


def test_without_a_test_set_a_fixed_fifth_is_held_out() -> None:
    x = np.arange(200.0).reshape(100, 2)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, second = prepared_with(x, test=None), prepared_with(x, test=None)
    assert (len(first.train_x), len(first.test_x)) == (80, 20)
    assert torch.equal(first.test_x, second.test_x)
    both = torch.cat([first.train_x, first.test_x])[:, 0]
    assert len(np.unique(both.numpy())) == 100, "an example is in both sets or in none"
    order = both.argsort()
    assert torch.equal(torch.cat([first.train_y, first.test_y])[order], torch.as_tensor(Y)), "labels moved"
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"


BROKEN = {
    "one dimension": ({"x": X[:, 0]}, r"x has shape \[100\]: training set of mine\. Give it as"),
    "labels in rows": ({"y": np.eye(5)[Y]}, r"y has shape \[100, 5\]: training set of mine\. Give one whole"),
    "lengths": ({"y": Y[:90]}, r"x holds 100 examples and y 90: training set of mine\. Give one label"),
    "empty": (
        {"x": X[:0], "y": Y[:0]},
        r"x is empty, of shape \[0, 4\]: training set of mine\. Give at least",
    ),
    "no feature": ({"x": X[:, :0]}, r"x is empty, of shape \[100, 0\]"),
    "nan": (
        {"x": changed(X, ([7, 9], [2, 0]), [np.nan, np.inf])},
        r"2 values of x are NaN or infinite as float32, the first at \[7, 2\]: training set of mine\. Remove",
    ),
    "too large for float32": ({"x": changed(X, (3, 1), 1e39)}, r"1 values .* the first at \[3, 1\]"),
    "constant": ({"x": np.full_like(X, 0.1)}, r"every value of x is 0\.1: training set of mine\. Give data"),
    "text": ({"x": X.astype(str)}, r"x is of type <U\d+: training set of mine\. Give numbers\."),
    "text labels": ({"y": Y.astype(str)}, r"y is of type <U\d+: training set of mine\. Give numbers\."),
    "complex": (
        {"x": torch.tensor(X) * 1j},
        r"x is a torch.complex128 tensor .*: training set of mine\. Give",
    ),
    "sparse": ({"x": torch.tensor(X).to_sparse()}, r"layout torch.sparse_coo: training set of mine\. Give"),
    "negative": ({"y": changed(Y, 6, -1)}, r"label -1 at 6 is negative: training set of mine\. Number"),
    "half": (
        {"y": changed(Y.astype(float), [4, 8], 0.5)},
        r"2 labels are not whole numbers, the first, 0\.5, at 4: training set of mine\. Number the classes",
    ),
    "nan label": ({"y": changed(Y.astype(float), 2, np.nan)}, r"1 labels are not whole .* nan, at 2"),
    "from 1": (
        {"y": Y + 1},
        r"labels start at 1: training set of mine\. Labels must start at 0; subtract 1\.",
    ),
    "gap": (
        {"y": np.where(Y == 3, 2, Y)},
        r"no example has label 3, some have 4: training set of mine\. Num",
    ),
    "one class": ({"y": Y * 0}, r"every example has label 0: training set of mine\. Give at least two"),
    "test labels": (
        {"test": (X, Y + 1)},
        r"label 5 never occurs in training, .* end at 4: test set of mine\.",
    ),
    "test shape": (
        {"test": (X[:, :3], Y)},
        r"the examples have shape \[3\], .* \[4\]: test set of mine\. Give",
    ),
    "empty test": (
        {"test": (X[:0], Y[:0])},
        r"x is empty, of shape \[0, 4\]: test set of mine\. Give at least",
    ),
    "test nan": ({"test": (X * np.nan, Y)}, r"400 values .* first at \[0, 0\]: test set of mine\."),
    "too few": (
        {"x": X[:4], "y": Y[:4], "test": None},
        r"4 examples are too few .*: mine\. Give at least 5\.",
    ),
}


@pytest.mark.parametrize(("wrong", "message"), BROKEN.values(), ids=BROKEN)
def test_data_that_cannot_be_trained_on(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        prepared_with(**wrong)
    assert re.fullmatch(r"[^\n]+: (training set of |test set of )?mine\. [A-Z][^\n]+\.", str(caught.value))


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown data set 'fashon-mnist'. Did you mean 'fashion-mnist'\?"
    ):
        load("fashon-mnist")


@pytest.mark.parametrize("name", ["nowhere/data", "nowhere.npz", "nowhere/data.npz"])
def test_a_missing_file_or_folder(name: str) -> None:
    with pytest.raises(TargetError, match=rf"[Nn]o such file.*: {name}\. Check the "):
        load(name)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("1,2\n")
    with pytest.raises(DataError, match=r"not a kind of file that relume reads: .*data\.csv\. Give an npz"):
        load(str(path))


def test_every_error_is_relumes() -> None:
    assert issubclass(DataError, RelumeError)
    assert issubclass(TargetError, RelumeError)
