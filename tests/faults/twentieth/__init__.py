"""The second half of what four writers wrote; it is run when the rules are settled."""

from tests.faults.drawn import twentieth as programs

__all__ = ["programs"]
