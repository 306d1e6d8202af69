"""Which line of the user's code is at work."""

import os
import sys
from pathlib import Path
from types import FrameType

import torch

import relume
from relume.probe import attachment
from relume.probe.forward import Forward

Line = tuple[str, int]  # file and number

# With the separator, since torchvision's code is the user's as far as torch is concerned.
_PASSED_OVER = tuple(f"{Path(file).parent}{os.sep}" for file in (torch.__file__, relume.__file__))
# A watch's own code, but for what it lays around modules and functions, which goes on to the user's.
_WATCH = f"{Path(attachment.__file__).parent}{os.sep}"
_AROUND_MODULES, _AROUND_FUNCTIONS = attachment.__file__, Forward.__torch_function__.__code__


def calling_line() -> Line | None:
    """The innermost line outside torch and relume; None where there is none, or a watch measures."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PASSED_OVER):
            return file, frame.f_lineno
        if file.startswith(_WATCH) and file != _AROUND_MODULES and frame.f_code is not _AROUND_FUNCTIONS:
            return None
        frame = frame.f_back
    return None


def shown(line: Line) -> str:
    """A line for people.

    >>> shown(("/home/me/net.py", 12))
    'net.py:12'
    """
    return f"{Path(line[0]).name}:{line[1]}"
