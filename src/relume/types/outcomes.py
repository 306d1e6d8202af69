"""One trained network of a study, and what is estimated from many."""

from dataclasses import dataclass
from typing import Literal

from relume.types.readings import PerUnit, Readings

Initialisation = Literal["pytorch", "xavier", "he", "variance-preserving"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate over seeds with its 95 % interval; nan bounds where there were too few seeds for one."""

    estimate: float
    low: float
    high: float
    seeds: int


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
