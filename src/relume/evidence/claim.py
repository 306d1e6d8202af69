"""What a claim is: a statement, the experiment that tests it, a verdict computed from what was measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from relume.types import Effort as Effort
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Part = Mapping[str, int | float | str]  # the setting of one independent piece of work, in plain values
Provenance = Literal["paper", "abstract", "secondary", "derived", "remembered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a claim is tested on, by names: it goes to other processes and into the key of what is kept."""

    data: str | None = None  # as after --data; the embedded subset of Fashion-MNIST, if None
    network: str | None = None  # "mynet:build"; the claim's own networks, if None


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure from the literature to stand beside ours.

    With `number` and `ours` the report says by itself whether the two agree: whether the number lies in our
    interval.
    """

    quantity: str
    value: str  # as printed there: "6 times", "25 %"
    source: str  # author, year, title, table or figure
    provenance: Provenance  # where we have it from; what is only remembered is shown as such
    number: float | None = None  # the value as a number, where ours is of the same quantity
    ours: Callable[[Sequence[Sample]], Interval] | None = None  # what we measured of that quantity


@dataclass(frozen=True, kw_only=True, repr=False)
class Claim:
    """One statement about activations, and how it is put to the test.

    `measure` is a pure function of its arguments: the same part gives the same samples in any process, in any
    order. `judge` and `draw` see samples alone, so both are tested with samples made by hand, and a verdict
    can be no text that somebody wrote.
    """

    name: str  # "dying-relu", as after --claim
    statement: str  # what is claimed, in one sentence of our own
    source: str  # who claims it
    method: str  # two sentences: what is trained or computed, and what is compared
    plan: Callable[[Subject, Effort], Sequence[Part]]  # independent pieces of some seconds each
    measure: Callable[[Subject, Part], Iterable[Sample]]
    judge: Callable[[Sequence[Sample]], Verdict]
    draw: Callable[[Sequence[Sample], "Figure"], None]  # axes named, units, one colour an activation
    published: tuple[Published, ...] = ()
    # What it cannot be tested on, each with the reason, as a sentence for the person who asked for it.
    not_on: Mapping[Literal["data", "network"], str] = field(default_factory=dict)
    repeatable: bool = True  # False where time is measured: it differs from run to run

    def __repr__(self) -> str:
        return f"<Claim {self.name}: {self.statement}>"

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.claim.html(self)

    def plot(self, samples: Sequence[Sample] = ()) -> "Figure":
        """Draw what was measured for it: `judged.samples`, of a claim that was put to the test."""
        import relume  # as above

        return relume.notebook.claim.figure(self, samples)
