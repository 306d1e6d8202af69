"""A data set that a user's own function returns: `module:function`, found in the working folder first."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from relume.errors import DataError
from relume.studies.sources import Pair, Source

EXPECTED = "Return (x, y), (x_train, y_train, x_test, y_test), a DataLoader, or two: training and test."
SEED = 0  # a shuffling loader then gives the same order every time


def call(spec: str) -> Source:
    """Import the module, call the function, and read loaders to their end, once."""
    module_name, _, function_name = spec.partition(":")
    with _working_folder_first(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        function = _function(_module(module_name, spec), function_name, spec)
        torch.manual_seed(SEED)  # again, for a module draws numbers only when it is imported the first time
        try:
            result = function()
        except (Exception, SystemExit) as error:
            raise DataError(
                f"the function raised {_said(error)}: {spec}. Make it run without arguments."
            ) from error
        train, test = _pairs(result, spec)
    return Source(spec, train, test)


def find_function(spec: str) -> Callable[..., Any]:
    """The function that "module:function" names, its module imported from the working folder first."""
    module_name, _, function_name = spec.partition(":")
    with _working_folder_first():
        return _function(_module(module_name, spec), function_name, spec)


@contextmanager
def _working_folder_first() -> Iterator[None]:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with suppress(ValueError):  # the user's code may have taken it away
            sys.path.remove(folder)


def _module(name: str, spec: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        raise DataError(
            f"{name!r} is not the name of a module: {spec}. Write it as in 'import', without '.py'."
        )
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            raise DataError(
                f"there is no module {error.name!r} in {Path.cwd()} or among the installed packages: {spec}. "
                "Check the name, or change to its folder."
            ) from None
        raise DataError(
            f"importing {name!r} raised {_said(error)}: {spec}. Make it import cleanly."
        ) from error


def _function(module: ModuleType, name: str, spec: str) -> Callable[[], Any]:
    function = getattr(module, name, None)
    if callable(function):
        return function  # type: ignore[no-any-return]  # what it returns is looked at in _pairs
    callables = [key for key, value in vars(module).items() if callable(value)]
    nearest = get_close_matches(name, callables, n=1, cutoff=0.5)
    advice = f"Did you mean {nearest[0]!r}?" if nearest else f"Define {name or 'one'} in {module.__file__}."
    raise DataError(f"module {module.__name__!r} has no function {name!r}: {spec}. {advice}")


def _pairs(result: object, spec: str) -> tuple[Pair, Pair | None]:
    match result:
        case DataLoader():
            return _read(result, spec), None
        case (DataLoader() as train, DataLoader() as test):
            return _read(train, spec), _read(test, spec)
        case (np.ndarray() | Tensor() as x, np.ndarray() | Tensor() as y):
            return (x, y), None
        case (
            np.ndarray() | Tensor() as x,
            np.ndarray() | Tensor() as y,
            np.ndarray() | Tensor() as test_x,
            np.ndarray() | Tensor() as test_y,
        ):
            return (x, y), (test_x, test_y)
    raise DataError(f"the function returned {_described(result)}: {spec}. {EXPECTED}")


def _read(loader: DataLoader[Any], spec: str) -> Pair:
    xs: list[Tensor] = []
    ys: list[Tensor] = []
    try:
        for batch in loader:
            match batch:
                case (Tensor() as x, Tensor() as y):
                    xs.append(x.detach().cpu())
                    ys.append(y.detach().cpu())
                case _:
                    raise DataError(
                        f"the loader's batch {len(xs)} is {_described(batch)}: {spec}. "
                        "Make each batch (x, y), two tensors."
                    )
        if not xs:
            raise DataError(f"the loader gave no batch: {spec}. Check its data set and drop_last.")
        return torch.cat(xs), torch.cat(ys)
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"the loader raised {_said(error)} after {len(xs)} batches: {spec}. "
            "Make it give batches of one shape."
        ) from error


def _described(value: object) -> str:
    if isinstance(value, tuple | list):
        return (
            f"a {type(value).__name__} of {', '.join(type(item).__name__ for item in value[:6]) or 'nothing'}"
        )
    return "None" if value is None else f"a {type(value).__name__}"


def _said(error: BaseException) -> str:
    """Give an exception's type and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__} ({lines[0]})" if lines else type(error).__name__
