"""Which line of the user's code is at work."""

import sys
from pathlib import Path
from types import FrameType

import torch

Line = tuple[str, int]  # file and number

_PASSED_OVER = (str(Path(torch.__file__).parent), str(Path(__file__).parent.parent))


def calling_line() -> Line | None:
    """The innermost line outside torch and relume; None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_PASSED_OVER):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None
