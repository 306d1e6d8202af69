"""A table as text: what the terminal and the page both draw. Numbers become words here and nowhere else."""

import math
from dataclasses import dataclass
from typing import Literal

from relume.types import Interval

# Only ASCII: a pipe on Windows cannot encode more, and a table must not fail there.
ABSENT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column is called, and what it means to somebody who sees it for the first time."""

    header: str  # a line break where it may be broken
    meaning: str
    align: Literal["left", "right"] = "right"
    widest: int = 60  # longer cells are wrapped in a terminal

    @property
    def name(self) -> str:
        """The header on one line."""
        return self.header.replace("-\n", "").replace("\n", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table with its title and a sentence on how to read it."""

    title: str
    reading: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]


def number(value: float | None, *, digits: int = 3) -> str:
    """Show `value` with so many digits that count.

    >>> number(0.1), number(31.25), number(1250.0), number(3.1e-7), number(None)
    ('0.1', '31.2', '1250', '3.1e-7', '-')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if 10**digits <= abs(value) < 1e5:
        return f"{value:.0f}"
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def steps(value: float | None) -> str:
    """Show a number of steps.

    >>> steps(1250.0), steps(None)
    ('1250', '-')
    """
    return ABSENT if value is None or math.isnan(value) else f"{value:.0f}"


def percent(value: float) -> str:
    """Show a fraction in percent.

    >>> percent(0.5), percent(float("nan"))
    ('50', '-')
    """
    return ABSENT if math.isnan(value) else f"{100 * value:.0f}"


def percent_interval(interval: Interval) -> str:
    """Show a fraction in percent with its interval.

    >>> percent_interval(Interval(0.851, 0.84, 0.862, 5))
    '85.1 (84.0-86.2)'
    """
    if math.isnan(interval.estimate):
        return ABSENT
    return f"{100 * interval.estimate:.1f}{_bounds(100 * interval.low, 100 * interval.high, digits=1)}"


def ratio_interval(interval: Interval) -> str:
    """Show a ratio with its interval.

    >>> ratio_interval(Interval(3.24, 2.5, 4.11, 5))
    '3.24 (2.50-4.11)'
    """
    return f"{interval.estimate:.2f}{_bounds(interval.low, interval.high, digits=2)}"


def _bounds(low: float, high: float, *, digits: int) -> str:
    return "" if math.isnan(low) or math.isnan(high) else f" ({low:.{digits}f}-{high:.{digits}f})"
