"""The first steps of a training and its last ones, kept apart from the sum of all.

A sum over a whole run averages away what healed in it and what died in it: what a fault comes from shows in
the first steps, and what is left of it in the last ones.
"""

from collections import deque

from relume.types import Readings

OPENING_STEPS = 5  # weights have hardly moved yet, and a batch of 64 makes 320 examples
CLOSING_SHARE = 5  # the last steps are a fifth of a short training, and a window of a long one


def ends_part(steps: int) -> bool:
    """Whether the window at work is read after so many steps: 1, 5, 10, 20, 40...

    A short training has both ends within its first window; and what one step made NaN, the one before told.
    Parts grow, since each that is kept costs an entry a unit.

    >>> [steps for steps in range(1, 100) if ends_part(steps)]
    [1, 5, 10, 20, 40, 80]
    """
    fives, rest = divmod(steps, OPENING_STEPS)
    return steps == 1 or (rest == 0 and fives & (fives - 1) == 0)


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
