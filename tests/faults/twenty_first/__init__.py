"""The first half of what four other writers wrote; thresholds may be set on it."""

from tests.faults.drawn import twenty_first as programs

__all__ = ["programs"]
