"""The line of the user's code that a call comes from."""

import sys
from collections.abc import Iterable
from pathlib import Path

import torch
from torch._guards import TracingContext

_PASSED_OVER = (str(Path(torch.__file__).parent), str(Path(__file__).parent.parent))
# Loops and layers of frameworks, which lie between every model and whoever trains it.
_FRAMEWORKS = (str(Path("site-packages", "keras", "src")), str(Path("site-packages", "skorch")))


def calling_line() -> str:
    """The innermost line outside torch, relume and frameworks, as "net.py:12"; empty if there is none."""
    if (
        TracingContext.try_get() is not None
    ):  # torch.compile runs no frame of the user's: it keeps its own stack
        stack = TracingContext.extract_stack()
        return _first_outside((frame.filename, frame.lineno or 0) for frame in reversed(stack))
    return _first_outside(_running_frames())


def _running_frames() -> Iterable[tuple[str, int]]:
    frame = sys._getframe(1)
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]


def _first_outside(lines: Iterable[tuple[str, int]]) -> str:
    for file, line in lines:
        if not file.startswith(_PASSED_OVER) and not any(each in file for each in _FRAMEWORKS):
            return f"{_short(file)}:{line}"
    return ""


def _short(file: str) -> str:
    """A path as people write it: below the working folder, below site-packages, or the file alone."""
    path = Path(file)
    if path.parent.name.startswith("ipykernel_"):  # a file that is not there, of a name that says nothing
        return "cell"
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    parts = path.parts
    if "site-packages" in parts:
        return str(Path(*parts[len(parts) - parts[::-1].index("site-packages") :]))
    return path.name
