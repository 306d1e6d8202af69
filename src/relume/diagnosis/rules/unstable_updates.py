"""Updates so large against the weights that the loss oscillates or diverges."""

import math
from collections.abc import Iterator

import numpy as np

from relume.diagnosis.feeding import feeding_weight, is_matrix, row_norm, update_evidence
from relume.diagnosis.learning import FAST_UPDATE, LARGE_UPDATE, LEAST_FALL, STANDARD_ERRORS, fall_in_errors
from relume.diagnosis.losses import HALVED, course, has_recovered, known, levels, rebound, swing
from relume.diagnosis.memory import Memory, unusual_memory
from relume.diagnosis.rule import Rule
from relume.types import Evidence, Finding, ParameterReading, Readings, Severity, Steps

# Ten times what is usual: too little to blame for noise, enough to blame where the loss grows.
SUSPECT_UPDATE = 1e-2
# Weights that began at 0 have hardly any norm yet; torch's own initialisation gives a row 0.58, He's 1.41.
FRESH_ROW = 0.1
# A third of the weights in each of the first steps: what they were drawn for is gone. Few trainings that work
# begin so fast, and the loss of those does not rise.
REPLACING_UPDATE = 0.3
RISE, LEAPS, HARDLY = 1.75, 4.0, 0.85
NEARLY_HALVED = 0.65  # of the first loss: a rise before it came down so far has done no harm
SWING = 0.3  # from one step to the next, over the loss itself, at the median
PEAK = 10.0  # the greatest loss over that at the start: batches alone do not differ by as much
# The last level over the lowest, and how much of what had been gained is lost again: where nearly all was, a
# loss about 0 may double by chance.
REBOUND, REBOUND_SHARE = 2.0, 0.3
# Less where the weights have grown to twice what they were meanwhile.
ALL_LOST, ALL_LOST_SHARE, RUNAWAY = 1.2, 0.6, 2.0
OUTGROWN_IDLY = 5.0  # while the loss hardly falls
# A loss that falls in the first steps and stays is that of a head that had little to learn.
FELL = 0.7
TREBLED, ABOUT_HALVED = 3.0, 0.55  # the weights: the loss then has to be about halved
WILD, FELL_FAR = 0.5, 0.55  # whatever the steps are: behind a normalisation large ones are none
# Of some layer's weights, over all steps: trainings that work have 0.47 with a swing of 0.23, and
# 0.29 with one of 0.28.
WHOLESALE, SHAKEN = 0.4, 0.28
OUTGROWN = 30.0  # a tenfold is the most that the weights of a training that works were seen to grow
OF_SWING = "change of the loss from step to step over the loss"
CALIBRATED = "calibrated: losses of batches of a training that works differ by less"

RATE, SETTINGS = "lower-learning-rate", "usual-optimiser-settings"
OTHERS = ("warm-up", "clip-gradients", "adaptive-optimiser", "insert-normalisation")

Trouble = tuple[Severity, str, tuple[Evidence, ...]]


def find(readings: Readings) -> Iterator[Finding]:
    """One finding, if the loss says that updates of this size are too large."""
    weights = list(_fastest(readings))
    largest = max((p.update_ratio for p in weights), default=math.nan)
    memory = unusual_memory(readings)
    trouble = _trouble(readings, largest) or (_of_memory(readings, memory) if memory else None)
    if trouble is None:
        return
    severity, said, evidence = trouble
    large = [p for p in weights if p.update_ratio > min(LARGE_UPDATE, largest / 2)]
    names = {p.name for p in large}
    worst = max(large, key=lambda p: p.update_ratio, default=None)
    sites = (r.site for r in readings.values() if (w := feeding_weight(readings, r)) and w.name in names)
    each = f"a step changes {worst.name} by {worst.update_ratio:.1%} of its size, and " if worst else ""
    blamed = memory.said if memory else f"{_rate(readings.steps)} is too large"
    yield Finding(
        problem="unstable-updates",
        severity=severity,
        sites=tuple(sites),
        parameters=tuple(p.name for p in large),
        evidence=(*((memory.evidence,) if memory else ()), *evidence, *_ratio(worst)),
        cause=f"{blamed}: {each}{said}.",
        remedies=((SETTINGS, RATE) if memory else (RATE, SETTINGS)) + OTHERS,
    )


def _fastest(readings: Readings) -> Iterator[ParameterReading]:
    """Each layer's weights over the steps in which they were updated most: at first, at last, or all."""
    views = [view for view in (readings, readings.opening, readings.closing) if view is not None]
    for name in readings.parameters:
        seen = [view.parameters[name] for view in views if name in view.parameters]
        settled = [parameter for parameter in seen if _is_settled(parameter)]
        if settled:
            yield max(settled, key=lambda parameter: parameter.update_ratio)


def _is_settled(parameter: ParameterReading) -> bool:
    """Whether its ratio says something: a bias, or weights that began at 0, is small against any update."""
    if not is_matrix(parameter) or not parameter.measured or not math.isfinite(parameter.update_ratio):
        return False
    return bool(row_norm(parameter) >= FRESH_ROW)


def _trouble(readings: Readings, largest: float) -> Trouble | None:
    """How the loss suffers from updates so large; None if it does not, or they are not large."""
    where = course(readings)
    if where == "not finite":
        return _before_the_end(readings.steps, largest)
    # Where the loss falls all the same, or does not grow, only what is large beyond doubt is to blame.
    suspect = SUSPECT_UPDATE if where != "falls" else LARGE_UPDATE
    if where == "unknown" or not largest > suspect:
        return None
    (start, end), highest = levels(readings.steps), float(np.abs(known(readings.steps)).max())
    if highest > PEAK * abs(start) > 0 and not has_recovered(readings.steps):
        evidence = _of_loss("greatest loss over that at the start", highest / abs(start), PEAK)
        said = f"the loss goes from {start:.3g} up to {highest:.3g} and ends at {end:.3g}"
        return ("warning" if where == "falls" else "error"), said, (evidence,)
    if where == "grows":
        evidence = _of_loss("loss of the last quarter over that at the start", _over(end, start), 2.0)
        return "error", f"the loss grows from {start:.3g} to {end:.3g}", (evidence,)
    rose, lost = rebound(readings.steps)
    grown = _growth_of_weights(readings)
    is_idle = end > HALVED * abs(start)
    is_lost = rose > ALL_LOST and (
        (lost > ALL_LOST_SHARE and grown > RUNAWAY) or (is_idle and grown > OUTGROWN_IDLY)
    )
    if is_lost or (rose > REBOUND and lost > REBOUND_SHARE):
        threshold = REBOUND if rose > REBOUND else ALL_LOST
        evidence = _of_loss("loss at the end over the lowest level before", rose, threshold)
        return "error", f"the loss ends at {rose:.2g} times the lowest level it had reached", (evidence,)
    if where == "flat" and largest > LARGE_UPDATE and not _has_learned(readings, largest, end):
        return "warning", *_no_fall(readings.steps, start, end)
    return _shaken(readings, start, end) or _replaced(readings, highest, end)


def _shaken(readings: Readings, start: float, end: float) -> Trouble | None:
    """Of a layer that hardly two steps find alike: whether the loss, though lower, swings with it."""
    swings = swing(readings.steps)
    largest = max((p.update_ratio for p in readings.parameters.values() if _is_settled(p)), default=0.0)
    if not largest > WHOLESALE or not swings > SHAKEN or has_recovered(readings.steps):
        return None
    said = f"the loss swings by {swings:.0%} from step to step, on its way from {start:.3g} to {end:.3g}"
    return "warning", said, (_of_loss(OF_SWING, swings, SHAKEN),)


def _of_memory(readings: Readings, memory: Memory) -> Trouble | None:
    """A constant far from usual, under a loss that does not fall; or whatever that does, beyond doubt."""
    where = course(readings)
    if where in ("unknown", "not finite") or (where == "falls" and not memory.is_beyond_doubt):
        return None
    start, end = levels(readings.steps)
    return "warning", f"the loss goes from {start:.3g} to {end:.3g}", ()


def _has_learned(readings: Readings, largest: float, end: float) -> bool:
    """Whether the loss is below its first or seems to fall; well below it, where steps are very large."""
    losses = known(readings.steps)
    falls = fall_in_errors(losses) > STANDARD_ERRORS / 2
    share = end / abs(float(losses[0]))
    if largest < FAST_UPDATE:
        return falls or share < FELL
    return swing(readings.steps) < WILD and share < FELL_FAR


def _replaced(readings: Readings, highest: float, end: float) -> Trouble | None:
    """Of first steps that replace what the weights were drawn for: whether learning has suffered."""
    grown, first = _growth_of_weights(readings), abs(float(known(readings.steps)[0]))
    if grown > OUTGROWN:
        evidence = _of_loss("norm of the weights over that in the first steps", grown, OUTGROWN)
        return (
            "warning",
            f"the weights grow to {grown:.3g} times what they were in the first steps",
            (evidence,),
        )
    if grown > OUTGROWN_IDLY and end > HARDLY * first > 0:
        evidence = _of_loss("norm of the weights over that in the first steps", grown, OUTGROWN_IDLY)
        said = f"the weights grow to {grown:.3g} times what they were, and the loss hardly falls"
        return "warning", f"{said}: it ends at {end:.3g}", (evidence,)
    update = _first_update(readings)
    if not update > FAST_UPDATE or not first > 0:
        return None
    ends = f"from {first:.3g} to {highest:.3g} and ends at {end:.3g}"
    has_gained = has_recovered(readings.steps) or (
        end < NEARLY_HALVED * first and fall_in_errors(known(readings.steps)) > STANDARD_ERRORS
    )
    leaps = update > REPLACING_UPDATE and highest > LEAPS * first and not has_gained
    if leaps or (highest > RISE * first and end > NEARLY_HALVED * first):
        evidence = _of_loss("greatest loss over the first", highest / first, RISE)
        return "warning", f"the loss rises {ends}", (evidence,)
    least = ABOUT_HALVED if grown > TREBLED else HARDLY
    if update > REPLACING_UPDATE and end > least * first:
        evidence = _of_loss("loss of the last quarter over the first", end / first, least)
        return "warning", f"the loss hardly falls: it goes {ends}", (evidence,)
    return None


def _growth_of_weights(readings: Readings) -> float:
    """How many times larger the median layer's weights are at last than at first; nan if unknown."""
    if readings.opening is None or readings.closing is None:
        return math.nan
    first, last = readings.opening.parameters, readings.closing.parameters
    names = [name for name, p in first.items() if _is_settled(p) and name in last and last[name].measured]
    grown = [last[name].weight_norm / first[name].weight_norm for name in names]
    return float(np.median(grown)) if grown else math.nan


def _first_update(readings: Readings) -> float:
    """The median layer's update over its weights in the first steps; nan where they were not seen."""
    first = readings.opening.parameters.values() if readings.opening is not None else ()
    ratios = [p.update_ratio for p in first if _is_settled(p)]
    return float(np.median(ratios)) if ratios else math.nan


def _no_fall(steps: Steps, start: float, end: float) -> tuple[str, tuple[Evidence, ...]]:
    swings = swing(steps)
    if swings > SWING:
        evidence = _of_loss(OF_SWING, swings, SWING)
        return f"the loss swings by {swings:.0%} from step to step and does not fall", (evidence,)
    if _over(end, start) < 1 - LEAST_FALL:
        fall = fall_in_errors(known(steps))
        evidence = _of_loss("fall of the loss, in standard errors", fall, STANDARD_ERRORS)
        return f"the loss falls no further than it scatters: from {start:.3g} to {end:.3g}", (evidence,)
    evidence = _of_loss("loss of the last quarter over that at the start", _over(end, start), 1 - LEAST_FALL)
    return f"the loss does not fall: it begins at {start:.3g} and ends at {end:.3g}", (evidence,)


def _before_the_end(steps: Steps, largest: float) -> Trouble | None:
    """Of a loss that left the numbers: whether it grew on its way, or the updates were large."""
    losses = known(steps)
    finite = np.abs(losses[: int(np.flatnonzero(~np.isfinite(losses))[0])])
    if not len(finite) or finite[0] == 0:
        return None
    growth = float(finite.max() / finite[0])
    if growth <= PEAK and not largest > LARGE_UPDATE:
        return None
    said = f"the loss grows from {finite[0]:.3g} to {finite.max():.3g} and then is no number any more"
    return "error", said, (_of_loss("greatest finite loss over the first", growth, PEAK),)


def _over(end: float, start: float) -> float:
    return end / start if start != 0 else math.inf


def _of_loss(quantity: str, measured: float, threshold: float) -> Evidence:
    return Evidence(quantity=quantity, measured=measured, threshold=threshold, source=CALIBRATED)


def _ratio(worst: ParameterReading | None) -> tuple[Evidence, ...]:
    if worst is None:
        return ()
    return (update_evidence(worst, LARGE_UPDATE if worst.update_ratio > LARGE_UPDATE else SUSPECT_UPDATE),)


def _rate(steps: Steps) -> str:
    rates = steps.learning_rates[np.isfinite(steps.learning_rates)]
    return f"The learning rate of {rates.max():.3g}" if len(rates) else "The learning rate"


unstable_updates = Rule(
    name="unstable-updates",
    find=find,
    meaning="updates so large against the weights that the loss oscillates or diverges",
    formula=(
        "norm of a layer's update over that of its weights: above 0.01 while the loss doubles or went up "
        "tenfold, or above 0.1 while it does not fall, or above 0.25 in the first steps, if it rises to 1.75 "
        "times, or above 0.4 while it swings by 0.28 of itself; biases and new zeros excepted; momentum or "
        "first beta from 0.99, or second beta below 0.9, while the loss does not fall; momentum from 0.998, "
        "or swapped betas, in any case"
    ),
    needs_examples=1,
    citation="Karpathy, CS231n notes, Ratio of weights to updates (around 1e-3)",
)
