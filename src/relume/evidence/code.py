"""Which of relume's own code a measurement rests on, as a checksum: an edit of it makes the number anew."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import relume

ROOT = Path(relume.__file__).parent
# What a claim is made of and what sees its samples alone: no sample depends on them.
APART = {Path(f"evidence/{name}.py") for name in ("canvas", "claim", "drawing", "verdicts")}


@lru_cache(maxsize=64)
def checksum(module: str) -> str:
    """Of the module's file and of every file of relume that it imports, directly or through others."""
    digest = sha256()
    for path in sources(module):
        digest.update(str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def sources(module: str) -> list[Path]:
    """The files that `checksum` is made of, sorted."""
    start = import_module(module).__file__
    found: set[Path] = set()
    waiting = {Path(start)} if start else set()
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting |= {each for name in _imports(path) for each in _files(name)} - found
    return sorted(path for path in found if not _is_apart(path))


def _imports(path: Path) -> Iterator[str]:
    """The full names under `relume` that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                # A public name stands for the module that it comes from.
                public = node.module == "relume" and relume._HOMES.get(alias.name)
                yield public or f"{node.module}.{alias.name}"


def _files(name: str) -> Iterator[Path]:
    """The file of a module or of a name in it; of a package all files, for it may collect them as entries."""
    parts = name.split(".")
    if parts[0] != "relume" or len(parts) == 1:
        return
    place = ROOT
    for part in parts[1:]:
        if (file := (place / part).with_suffix(".py")).is_file():
            yield file
            return
        if not (place / part).is_dir():
            break
        place /= part
    if place != ROOT:
        yield from place.glob("*.py")


def _is_apart(path: Path) -> bool:
    return path.is_relative_to(ROOT) and path.relative_to(ROOT) in APART
