"""What a statistic is: a function of a reading's sums, so it holds for any window and any number of ranks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relume.types import Counts, PerUnit, Reading

Unit = Literal["1", "value", "gradient"]


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """A number for every unit of a site."""

    name: str
    of: Callable[[Reading], PerUnit]  # [units]; nan for a unit of which nothing was seen
    unit: Unit  # "1" is a ratio; else that of the activation's values, or of the loss by them
    definition: str


def ratio(numerator: PerUnit | Counts, denominator: PerUnit | Counts) -> PerUnit:
    """Divide unit by unit; nan where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
