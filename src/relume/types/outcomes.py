"""One trained network of a study, and what is estimated from many."""

from dataclasses import dataclass
from typing import Literal

from relume.types.readings import Readings
from relume.types.steps import PerUnit
from relume.types.told import number

Initialisation = Literal["pytorch", "xavier", "he", "variance-preserving"]
Effort = Literal["quick", "default", "full"]  # how much is measured


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


Holding = Literal["holds", "holds within limits", "does not hold", "not decided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One number that was measured for a claim, with what it was measured at."""

    quantity: str  # "gradient at the first layer over that at the last"
    series: str  # what is compared: "relu, he"
    x: float = 0.0  # along which it is measured: depth, learning rate, size; 0 where along nothing
    seed: int = 0
    value: float
    unit: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the measurements say of a claim."""

    claim: str
    holds: Holding
    effect: str  # what the interval is of: "steps to a loss of 0.5, sigmoid over ReLU"
    interval: Interval
    limits: str = ""  # where it holds and where not, from the numbers; empty unless within limits

    def __str__(self) -> str:
        low, high = number(self.interval.low), number(self.interval.high)
        measured = f"{self.effect}: {number(self.interval.estimate)} [{low}, {high}]" if self.effect else ""
        return "\n".join(filter(None, (f"{self.claim}: {self.holds}", measured, self.limits)))
