"""Batches of whatever kind: what is in one, and one of the same kind with other values."""

from collections.abc import Callable
from typing import Any

from relume.trial import Batch


def values_of(batch: Batch) -> list[Any]:
    """What a batch holds; itself, where it is no collection."""
    if isinstance(batch, dict):
        return list(batch.values())
    return list(batch) if isinstance(batch, list | tuple) else [batch]


def mapped(batch: Batch, change: Callable[[Any], Any]) -> Batch:
    """A batch of the same kind, each value changed.

    >>> mapped({"x": 1, "y": 2}, lambda value: value + 1), mapped((1, 2), str), mapped(3, str)
    ({'x': 2, 'y': 3}, ('1', '2'), '3')
    """
    if isinstance(batch, dict):
        return {key: change(value) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        values = [change(value) for value in batch]
        return type(batch)(*values) if hasattr(batch, "_fields") else type(batch)(values)
    return change(batch)
