"""Which line of the user's code is at work."""

import os
import sys
from pathlib import Path
from types import FrameType

import torch

import relume
from relume.probe.forward import Forward

Line = tuple[str, int]  # file and number

# With the separator, since torchvision's code is the user's as far as torch is concerned.
_PASSED_OVER = tuple(f"{Path(file).parent}{os.sep}" for file in (torch.__file__, relume.__file__))
_MEASURING = Forward.see.__code__  # a watch's, while a forward runs


def calling_line() -> Line | None:
    """The innermost line outside torch and relume; None where there is none, or a watch measures."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _MEASURING:
            return None
        if not frame.f_code.co_filename.startswith(_PASSED_OVER):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def shown(line: Line) -> str:
    """A line for people.

    >>> shown(("/home/me/net.py", 12))
    'net.py:12'
    """
    return f"{Path(line[0]).name}:{line[1]}"
