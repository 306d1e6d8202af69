"""Gathers the entries of a folder: a file put there is found, nothing is registered."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, TypeVar

from relume.errors import unknown_name


class Entry(Protocol):
    """What all six kinds of entry share."""

    @property
    def name(self) -> str:
        """The name it is looked up by."""


E = TypeVar("E", bound=Entry)


class Collection(Mapping[str, E]):
    """A read-only mapping from names to entries that suggests the nearest name for an unknown one."""

    def __init__(self, kind: str, entries: Mapping[str, E], *, listing: str) -> None:
        self._kind, self._entries, self._listing = kind, dict(sorted(entries.items())), listing

    def __getitem__(self, name: str) -> E:
        if name not in self._entries:
            raise unknown_name(self._kind, name, self._entries, listing=self._listing)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{len(self)} {self._kind}s: {', '.join(self)}>"


def collect(package: str, kind: type[E], *, listing: str) -> Collection[E]:
    """Every module-level `kind` in the modules of `package`, by name.

    Raises
    ------
    ValueError
        If two entries have the same name.
    """
    found: dict[str, E] = {}
    for module in iter_modules(import_module(package).__path__, f"{package}."):
        for entry in vars(import_module(module.name)).values():
            if isinstance(entry, kind) and found.setdefault(entry.name, entry) is not entry:
                raise ValueError(f"{module.name}: there is already a {kind.__name__} named {entry.name!r}")
    return Collection(kind.__name__.lower(), found, listing=listing)
