"""The records that flow from a measurement to a report: frozen, made of names and sums. Read this first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
PerUnit = NDArray[np.float64]
Initialisation = Literal["pytorch", "xavier", "he", "variance-preserving"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate over seeds with its 95 % interval; nan bounds where there were too few seeds for one."""

    estimate: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place where an activation is applied."""

    path: str  # of the module, as in model.named_modules()
    call_index: int = 0  # a reused module is several sites
    activation: str
    source: str = ""  # "net.py:12"

    def __str__(self) -> str:
        return self.path if self.call_index == 0 else f"{self.path}#{self.call_index + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What adds, of one quantity at one site: an entry a unit."""

    count: Counts  # [units] values seen
    sum: PerUnit  # [units]
    sum_of_squares: PerUnit  # [units]
    zeros: Counts  # [units] values that are exactly 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            count=self.count + other.count,
            sum=self.sum + other.sum,
            sum_of_squares=self.sum_of_squares + other.sum_of_squares,
            zeros=self.zeros + other.zeros,
        )

    @property
    def root_mean_square(self) -> float:
        """Over all units and examples."""
        return float(np.sqrt(self.sum_of_squares.sum() / self.count.sum()))

    @property
    def zero_fraction(self) -> float:
        """Over all units and examples; 0.5 for ReLU of a centred input."""
        return float(self.zeros.sum() / self.count.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one site did over one window of examples: its values, and the gradient that arrived there."""

    site: Site
    examples: int
    value: Sums
    gradient: Sums

    def __add__(self, other: "Reading") -> "Reading":
        if self.site != other.site:
            raise ValueError(f"readings of different sites do not add: {self.site} and {other.site}")
        return Reading(
            site=self.site,
            examples=self.examples + other.examples,
            value=self.value + other.value,
            gradient=self.gradient + other.gradient,
        )


Readings = Mapping[str, Reading]  # by the site's name, in the order of execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one network of a study is, but for its seed."""

    network: str  # "mlp 10x64": ten hidden layers of 64 units; or "mynet:build"
    activation: str
    initialisation: Initialisation
    learning_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One trained network of a study."""

    setting: Setting
    seed: int
    losses: PerUnit  # [steps] training loss of each step's batch, in nats; ends where it diverged
    diverged_at: int | None  # the first step whose loss was not finite
    accuracy: float  # on the test set, 0 to 1; nan if diverged
    at_start: Readings  # over a probe batch of training examples, before the first step
    at_end: Readings  # over the same batch, after the last step; empty if diverged
