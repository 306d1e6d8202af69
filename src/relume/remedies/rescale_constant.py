"""A number that the model computes with is scaled, turned or left out: the one the loss hangs on most."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice

from relume.remedies.constants import Constant, Constants, Kind
from relume.remedies.lines import shown
from relume.remedies.measuring import RATE_STEPS, mean_end, treated_copy
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import LossUnder, call
from relume.trial import Patient, trained
from relume.types import Finding

FACTOR = math.sqrt(10.0)
MOST_TIMES = 4  # up or down: to a hundred times, or a hundredth
MOST_FOLLOWED = 3  # changes that are taken further: those by which the loss falls most
MOST_CONSTANTS = 6  # that are tried: those that do most
FEWEST_SUMS = 3  # at a line: what is added up again and again, as from block to block, grows
GAIN = 0.1  # of the loss: what a change has to bring, since a little is gained by changing almost any number

ROUNDING = 1e-5  # of the loss: a hundred times what float32 rounds at

Change = tuple[Constant, float]

# What to try for a number, by what it is: one that does nothing, the opposite, a larger and a smaller one.
OTHERS: Mapping[Kind, Callable[[float], tuple[float, ...]]] = {
    "factor": lambda c: (0.0 if c == 1 else 1.0, -c, c * FACTOR, c * (1 / FACTOR)),
    "summand": lambda c: (0.0, -c, c * FACTOR, c * (1 / FACTOR)),
    "exponent": lambda c: (1.0, -c),
    "bound": lambda c: (0.0, c * FACTOR, c * (1 / FACTOR)),
    "temperature": lambda c: (1.0, c * FACTOR, c * (1 / FACTOR)),
    "share": lambda c: (1.0 - c,),
    "sum": lambda c: (0.5, math.sqrt(0.5)),
    "axis": lambda c: (-1.0, -2.0, -3.0),
}


def apply(patient: Patient, finding: Finding) -> str:
    """Try each number otherwise, over a few steps; keep the one change by which the loss falls furthest."""
    changes = [change for constant in _constants_of(patient) for change in _others(constant)]
    if not changes:
        return ""
    as_it_is, ends = _end(patient, {}), {change: _end(patient, dict([change])) for change in changes}
    for scaled in sorted(changes, key=ends.__getitem__)[:MOST_FOLLOWED]:
        ends |= _further(patient, scaled, ends[scaled])
    best = min(ends, key=ends.__getitem__)
    least = as_it_is - GAIN * abs(as_it_is) if math.isfinite(as_it_is) else math.inf
    if not ends[best] < least:
        return ""
    constant, number = best
    patient.loss = LossUnder(patient.loss, partial(Constants, dict([best])))
    return (
        f"{constant} -> {constant._replace(number=number)} at {shown(constant.line)}, the best of trials of "
        f"{RATE_STEPS} steps"
    )


def _constants_of(patient: Patient) -> list[Constant]:
    """Those that do most to what they meet, of the first batch."""
    noting = Constants({})
    _first_loss(patient, lambda: noting)
    numbers = (each for each, met in noting.found.items() if each.kind != "sum" or met >= FEWEST_SUMS)
    found = sorted(numbers, key=lambda constant: constant.weight, reverse=True)
    return list(islice((each for each in found if not _is_of_the_loss(patient, each)), MOST_CONSTANTS))


def _is_of_the_loss(patient: Patient, constant: Constant) -> bool:
    """Whether the loss is linear in a number: then it weighs a part of the loss, as of a penalty.

    To scale that would change how the loss is measured, not how the model learns. A number behind which there
    is a layer, an activation or a square does more.
    """
    if constant.kind not in ("factor", "summand", "sum"):
        return False
    apart = max(abs(constant.number), 1.0)  # of next to nothing any loss is linear
    numbers = (constant.number + times * apart for times in range(3))
    one, two, three = (_first_loss(patient, partial(Constants, {constant: number})) for number in numbers)
    bent = abs(one - 2 * two + three)
    return one != two and bent <= ROUNDING * max(abs(one), abs(two), abs(three))


def _first_loss(patient: Patient, mode: Callable[[], Constants]) -> float:
    """The loss on the first batch under a mode, with the random numbers of a trial."""
    copied = treated_copy(patient)
    copied.loss = LossUnder(patient.loss, mode)
    return float(call(copied).detach())


def _others(constant: Constant) -> Iterator[Change]:
    for other in dict.fromkeys(OTHERS[constant.kind](constant.number)):
        if other != constant.number:
            yield constant, other


def _further(patient: Patient, change: Change, end: float) -> dict[Change, float]:
    """The ends of the same again and again, where a number was scaled, as long as each is lower."""
    constant, number = change
    ends: dict[Change, float] = {}
    for factor in (FACTOR, 1 / FACTOR):
        others = (number * factor**times for times in range(1, MOST_TIMES))
        for other in others if number == constant.number * factor else ():
            further = _end(patient, {constant: other})
            if not further < end:
                break
            ends[constant, other] = end = further
    return ends


def _end(patient: Patient, instead: Mapping[Constant, float]) -> float:
    copied = treated_copy(patient)
    copied.loss = LossUnder(patient.loss, partial(Constants, instead))
    try:
        losses = trained(copied, steps=RATE_STEPS)
    except Exception:  # of the user's model, to which such a number may not be given: there is no such axis
        return math.inf
    return mean_end(losses) if len(losses) == RATE_STEPS else math.inf


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Change the number at the line that the trial names, near "
        f"{lines_of(finding)}: it was the one that the loss hung on. The exact value is yours to choose."
    )


rescale_constant = Remedy(
    name="rescale-constant",
    apply=apply,
    changes=frozenset({"loss"}),
    stage="loss",
    meaning="takes the number in the model's own code that the loss hangs on most (a factor, also of a sum "
    "from block to block, a summand, exponent, bound, temperature, axis of a softmax, share that is "
    "dropped), leaves it out, turns its sign or scales it by powers of ten's root: what ends lowest over "
    f"{RATE_STEPS} steps, if a tenth lower",
    advice=advice,
    citation="Vaswani et al. (2017), Attention is all you need, section 3.2.1, for what one factor does; "
    "the search over one number at a time is relume's own",
)
