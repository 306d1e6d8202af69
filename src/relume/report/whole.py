"""Writes a page whole or not at all: what was there before stays until the new one is complete."""

import os
import tempfile
from pathlib import Path

from relume.errors import TargetError


def write_whole(text: str, path: Path) -> None:
    """Put `text` into the file at `path`.

    Raises
    ------
    TargetError
        Nothing can be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise _unwritable(path, error) from error
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        unfinished.chmod(0o644)  # a temporary file is readable by its owner only
        unfinished.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> TargetError:
    return TargetError(f"the report cannot be written ({error.strerror}): {path}. Choose another folder.")
