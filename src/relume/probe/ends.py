"""The first steps of a training and its last ones, kept apart from the sum of all.

A sum over a whole run averages away what healed in it and what died in it: what a fault comes from shows in
the first steps, and what is left of it in the last ones.
"""

from collections import deque

from relume.types import Readings

OPENING_STEPS = 5  # weights have hardly moved yet, and a batch of 64 makes 320 examples
CLOSING_SHARE = 5  # the last steps are a fifth of a short training, and a window of a long one


class Ends:
    """Keeps both; told of all parts of a training in their order."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._steps = 0
        self._last: deque[Readings] = deque()
        self.opening: Readings | None = None

    @property
    def closing(self) -> Readings | None:
        """The last parts."""
        return sum(list(self._last)[1:], self._last[0]) if self._last else None

    def add(self, part: Readings) -> None:
        """Take what was seen since the part before; no part goes on beyond the first steps."""
        if not len(part.steps):
            return
        if self.opening is None:
            self.opening = part
        elif self._steps < OPENING_STEPS and part.non_finite is None:  # sums with NaN tell nothing
            self.opening += part
        self._steps += len(part.steps)
        self._last.append(part)
        wanted = max(OPENING_STEPS, min(self._window, self._steps // CLOSING_SHARE))
        while sum(len(each.steps) for each in list(self._last)[1:]) >= wanted:
            self._last.popleft()
