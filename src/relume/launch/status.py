"""One line at the bottom of a terminal that gives way to whatever else is written there."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

BETWEEN = 0.25  # seconds from one change of the line to the next: slow enough to be read
_ERASE = "\r\x1b[2K"


class StatusLine:
    """The line, on one stream of a terminal; on anything else there is none.

    What the script writes goes where it went, the same bytes: the line is erased before it, and drawn again
    only when the script has ended a line of its own, so that it never meets a progress bar.
    """

    def __init__(self, stream: IO[str], *others: IO[str]) -> None:
        self.is_on = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._write: Callable[[str], Any] = stream.write
        self._flush = stream.flush
        self._is_shown = False
        self._can_show = True
        self._shown_at = 0.0
        self._around = [each for each in (stream, *others) if self.is_on and each.isatty()]
        for each in self._around:
            self._give_way(each)

    def is_due(self) -> bool:
        """Whether it is time to show something new."""
        return self.is_on and self._can_show and time.monotonic() - self._shown_at >= BETWEEN

    def show(self, text: str) -> None:
        """Show a line in place of the one before."""
        room = shutil.get_terminal_size().columns - 1
        self._write(f"{_ERASE}{text[:room]}")
        self._flush()
        self._is_shown, self._shown_at = True, time.monotonic()

    def close(self) -> None:
        """Erase the line for good."""
        self._erase()
        for stream in self._around:
            with suppress(AttributeError):
                del stream.write  # the stream's own, of its class, remains
        self._around.clear()

    def _give_way(self, stream: IO[str]) -> None:
        write = stream.write

        def giving_way(text: str) -> int:
            self._erase()
            if text:
                self._can_show = text.endswith("\n")
            return write(text)

        with suppress(AttributeError):  # a stream that somebody else made
            stream.write = giving_way  # type: ignore[method-assign]

    def _erase(self) -> None:
        if self._is_shown:
            self._is_shown = False
            self._write(_ERASE)
            self._flush()
