"""What a rule is: a function from readings to findings, with where its thresholds come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relume.types import Finding, Problem, Readings


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one problem is found. It looks at readings alone, so it is tested by readings made by hand."""

    name: Problem
    find: Callable[[Readings], Iterator[Finding]]
    meaning: str  # what the problem is, in a sentence
    formula: str  # what is measured and held to which threshold, in plain characters
    needs_examples: int  # below which it says nothing; `diagnose` then lists it as undecided
    citation: str  # where the formula and the threshold come from
