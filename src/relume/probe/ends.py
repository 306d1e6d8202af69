"""The first steps of a training and its last window, kept apart from the sum of all.

A sum over a whole run averages away what healed in it and what died in it: what a fault comes from shows in
the first steps, and what is left of it in the last ones.
"""

from collections import deque

from relume.types import Readings

OPENING_STEPS = 5  # weights have hardly moved yet, and a batch of 64 makes 320 examples


class Ends:
    """Keeps both; told of all parts of a training in their order."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._last: deque[Readings] = deque()
        self.opening: Readings | None = None

    @property
    def is_opening(self) -> bool:
        """Whether the first steps are not over yet."""
        return self.opening is None or len(self.opening.steps) < OPENING_STEPS

    @property
    def closing(self) -> Readings | None:
        """The last window; with those before it, where it was cut short and is too little by itself."""
        return sum(list(self._last)[1:], self._last[0]) if self._last else None

    def add_part(self, part: Readings) -> None:
        """Take what was seen since the part before; no part goes on beyond the first steps."""
        if self.is_opening and len(part.steps):
            self.opening = part if self.opening is None else self.opening + part

    def add_window(self, window: Readings) -> None:
        """Take a window that was closed."""
        if not len(window.steps):
            return
        self._last.append(window)
        while 2 * sum(len(each.steps) for each in list(self._last)[1:]) >= self._window:
            self._last.popleft()
