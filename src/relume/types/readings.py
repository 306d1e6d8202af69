"""What was measured: sums by site and unit, norms by parameter, steps. All add over windows and ranks."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from relume.types.steps import NO_STEPS, Counts, PerUnit, Steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shape = tuple[int, ...]
Phase = Literal["training", "evaluation"]
Direction = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place where an activation is applied."""

    path: str  # of the module, as in model.named_modules()
    call_index: int = 0  # a reused module is several sites
    activation: str
    source: str = ""  # "net.py:12"
    fed_by: str = ""  # path of the layer whose product was computed last before it: "layer1.0.conv1"

    def __str__(self) -> str:
        path = self.path or "(model)"
        return path if self.call_index == 0 else f"{path}#{self.call_index + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What adds, of one quantity at one site: an entry a unit."""

    count: Counts  # [units] values seen
    sum: PerUnit  # [units]
    sum_of_squares: PerUnit  # [units]
    zeros: Counts  # [units] values that are exactly 0
    fired: Counts  # [units] values above 0
    flat: Counts  # [units] values on a flat end of the activation; 0 for gradients
    largest: PerUnit  # [units] absolute value; merges by the greater one

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            count=self.count + other.count,
            sum=self.sum + other.sum,
            sum_of_squares=self.sum_of_squares + other.sum_of_squares,
            zeros=self.zeros + other.zeros,
            fired=self.fired + other.fired,
            flat=self.flat + other.flat,
            largest=np.maximum(self.largest, other.largest),
        )

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.count)

    @property
    def root_mean_square(self) -> float:
        """Over all units and examples; nan where nothing was seen."""
        return math.sqrt(_ratio(self.sum_of_squares.sum(), self.count.sum()))

    @property
    def zero_fraction(self) -> float:
        """Over all units and examples; 0.5 for ReLU of a centred input, nan where nothing was seen."""
        return _ratio(self.zeros.sum(), self.count.sum())

    def pooled(self) -> "Sums":
        """The same sums with all units as one."""
        return Sums(
            count=self.count.sum(keepdims=True),
            sum=self.sum.sum(keepdims=True),
            sum_of_squares=self.sum_of_squares.sum(keepdims=True),
            zeros=self.zeros.sum(keepdims=True),
            fired=self.fired.sum(keepdims=True),
            flat=self.flat.sum(keepdims=True),
            largest=self.largest.max(initial=0.0, keepdims=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one site did over one window: its values, and the gradient that arrived there."""

    site: Site
    steps: range  # from the first step of the window to behind its last
    examples: int
    value: Sums
    gradient: Sums
    passed: Sums | None = None  # the gradient behind the activation, where it was asked for

    def __add__(self, other: "Reading") -> "Reading":
        if str(self.site) != str(other.site):
            raise ValueError(f"readings of different sites do not add: {self.site} and {other.site}")
        one, two = self, other
        # A site whose width varies has no units to tell apart.
        if one.value.units != two.value.units or one.gradient.units != two.gradient.units:
            one, two = one.pooled(), two.pooled()
        return replace(
            one,
            steps=_span(one.steps, two.steps),
            examples=one.examples + two.examples,
            value=one.value + two.value,
            gradient=one.gradient + two.gradient,
            passed=one.passed + two.passed if one.passed and two.passed else one.passed or two.passed,
        )

    def pooled(self) -> "Reading":
        """The same reading with all units as one."""
        passed = self.passed and self.passed.pooled()
        return replace(self, value=self.value.pooled(), gradient=self.gradient.pooled(), passed=passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterReading:
    """What one parameter did over the steps of a window on which it was measured."""

    name: str  # as in model.named_parameters()
    shape: Shape
    measured: int  # steps on which the three norms were taken
    unused: int  # steps on which it was looked at and had no gradient: not used, which is not vanished
    gradient: float  # sum over the measured steps of the squared norm of the gradient
    weight: float  # the same of the weights, before the update
    update: float  # the same of the weights after the update minus those before
    learning_rate: float | None = None  # the largest it ended a window with; None where no optimiser holds it
    # Whether no optimiser holds it, and one holds what is not the model's and never had a gradient: this came
    # in place of that when the optimiser was there already.
    is_replacement: bool = False

    def __add__(self, other: "ParameterReading") -> "ParameterReading":
        rates = [rate for rate in (self.learning_rate, other.learning_rate) if rate is not None]
        return replace(
            self,
            measured=self.measured + other.measured,
            unused=self.unused + other.unused,
            gradient=self.gradient + other.gradient,
            weight=self.weight + other.weight,
            update=self.update + other.update,
            learning_rate=max(rates, default=None),
            is_replacement=not rates and (self.is_replacement or other.is_replacement),
        )

    @property
    def size(self) -> int:
        """Its number of elements."""
        return math.prod(self.shape)

    @property
    def is_used(self) -> bool:
        """Whether a gradient reached it on any step it was looked at."""
        return self.measured > 0

    @property
    def gradient_norm(self) -> float:
        """Root of the mean squared norm over the measured steps; nan if there was none."""
        return math.sqrt(_ratio(self.gradient, self.measured))

    @property
    def weight_norm(self) -> float:
        """Root of the mean squared norm over the measured steps; nan if there was none."""
        return math.sqrt(_ratio(self.weight, self.measured))

    @property
    def update_norm(self) -> float:
        """Root of the mean squared norm over the measured steps; nan if there was none."""
        return math.sqrt(_ratio(self.update, self.measured))

    @property
    def update_ratio(self) -> float:
        """Norm of the update over norm of the weights; nan if there was no step or all weights are 0."""
        return math.sqrt(_ratio(self.update, self.weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class NonFinite:
    """Where NaN or infinity first appeared, in the order of execution."""

    site: str
    step: int
    direction: Direction


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings(Mapping[str, Reading]):
    """All sites and parameters of a run, or of one window of it; maps a site's name to its reading."""

    readings: Mapping[str, Reading]  # in the order of execution
    parameters: Mapping[str, ParameterReading] = field(default_factory=dict)
    steps: Steps = NO_STEPS
    non_finite: NonFinite | None = None
    input: Reading | None = None  # of the model's first floating-point argument, if it has one
    not_seen: Mapping[str, str] = field(default_factory=dict)  # by path: why what happens there is not seen
    # By name, as in "Adam.beta1": what an optimiser was made with, as it was when first seen.
    settings: Mapping[str, float] = field(default_factory=dict)
    opening: "Readings | None" = None  # the first steps of it alone, before training has changed much
    closing: "Readings | None" = None  # the last steps of it alone: what has healed or died by then

    def __getitem__(self, name: str) -> Reading:
        return self.readings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(self.readings)

    def __add__(self, other: "Readings") -> "Readings":
        faults = [fault for fault in (self.non_finite, other.non_finite) if fault]
        earliest = min(faults, key=lambda fault: (fault.step, fault.direction == "backward"), default=None)
        return Readings(
            readings=_merged(self.readings, other.readings),
            parameters=_merged(self.parameters, other.parameters),
            steps=self.steps + other.steps,
            non_finite=earliest,
            input=self.input + other.input if self.input and other.input else self.input or other.input,
            not_seen={**other.not_seen, **self.not_seen},
            settings={**other.settings, **self.settings},
            opening=_outermost(self.opening, other.opening, min),
            closing=_outermost(self.closing, other.closing, max),
        )

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.readings.html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        import relume  # as above

        printer.text(relume.notebook.readings.text(self))

    def plot(self) -> "Figure":
        """Draw values, gradients and shares by site, and updates by weight."""
        import relume  # as above

        return relume.notebook.readings.figure(self)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites in the order of execution."""
        return tuple(reading.site for reading in self.readings.values())

    def pooled(self) -> "Readings":
        """The same readings with all units of a site as one."""
        pooled = {name: reading.pooled() for name, reading in self.readings.items()}
        return replace(
            self,
            readings=pooled,
            input=self.input and self.input.pooled(),
            opening=None if self.opening is None else self.opening.pooled(),
            closing=None if self.closing is None else self.closing.pooled(),
        )


def _outermost(one: Readings | None, two: Readings | None, choose: Callable[..., int]) -> Readings | None:
    """Of two ends the one that is further out in time; of the same steps on two ranks, their sum."""
    if one is None or two is None:
        return two if one is None else one
    firsts = [int(each.steps.numbers[0]) if len(each.steps) else 0 for each in (one, two)]
    if firsts[0] == firsts[1]:
        return one + two
    return one if choose(firsts) == firsts[0] else two


Record = TypeVar("Record", Reading, ParameterReading)


def _merged(one: Mapping[str, Record], two: Mapping[str, Record]) -> dict[str, Record]:
    merged = dict(one)
    for name, record in two.items():
        merged[name] = merged[name] + record if name in merged else record
    return merged


def _span(one: range, two: range) -> range:
    if not one or not two:
        return one or two
    return range(min(one.start, two.start), max(one.stop, two.stop))


def _ratio(total: float, count: float) -> float:
    return float(total / count) if count else math.nan
