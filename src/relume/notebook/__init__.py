"""How a record looks in a notebook: a file a kind of record, each with `html` and `figure`."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relume.notebook import activation, claim, diagnosis, readings, repair, study

__all__ = ["activation", "claim", "diagnosis", "readings", "repair", "study"]


def __getattr__(name: str) -> object:
    # A diagnosis is shown without the claims and their networks, which take a second to import.
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
