"""The second half of what four other writers wrote; it is run when the rules are settled."""

from tests.faults.drawn import twenty_second as programs

__all__ = ["programs"]
