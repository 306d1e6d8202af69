"""The steps of an optimiser, one by one: their losses, examples, durations and learning rates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
PerUnit = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The optimiser's steps of a window, an entry a step."""

    numbers: Counts  # [steps] from 0
    seconds: PerUnit  # [steps] wall time since the step before; nan for the first
    examples: Counts  # [steps] examples that went through the model in training
    losses: PerUnit  # [steps] nan where none was given, inf where one was not a number
    learning_rates: PerUnit  # [steps] of the optimiser's first group; nan where there is no optimiser

    def __len__(self) -> int:
        return len(self.numbers)

    def __add__(self, other: "Steps") -> "Steps":
        """Join windows; a step of several ranks adds its examples, averages its loss, took longest."""
        numbers = np.union1d(self.numbers, other.numbers)
        one, two = self._spread_over(numbers), other._spread_over(numbers)
        examples = one.examples + two.examples
        # The mean over examples, as if one rank had seen them all; over ranks where none were counted.
        share = np.where(examples > 0, two.examples / np.maximum(examples, 1), 0.5)
        with np.errstate(invalid="ignore"):  # an infinite loss of no examples
            mean = (1 - share) * one.losses + share * two.losses
        return Steps(
            numbers=numbers,
            seconds=np.fmax(one.seconds, two.seconds),
            examples=examples,
            losses=np.where(np.isnan(mean), np.fmax(one.losses, two.losses), mean),  # fmax: the one given
            learning_rates=np.fmax(one.learning_rates, two.learning_rates),
        )

    def _spread_over(self, numbers: Counts) -> "Steps":
        """The same with an entry for each of `numbers`: no examples, and nan, where it was not seen."""
        places = np.searchsorted(numbers, self.numbers)
        examples = np.zeros(len(numbers), dtype=np.int64)
        examples[places] = self.examples
        seconds, losses, rates = rest = np.full((3, len(numbers)), np.nan)
        rest[:, places] = self.seconds, self.losses, self.learning_rates
        return Steps(numbers=numbers, seconds=seconds, examples=examples, losses=losses, learning_rates=rates)


_NO, _NONE = np.zeros(0, dtype=np.int64), np.zeros(0)
NO_STEPS = Steps(numbers=_NO, seconds=_NONE, examples=_NO, losses=_NONE, learning_rates=_NONE)
