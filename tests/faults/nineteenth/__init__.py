"""The first half of what four writers wrote; thresholds may be set on it."""

from tests.faults.drawn import nineteenth as programs

__all__ = ["programs"]
