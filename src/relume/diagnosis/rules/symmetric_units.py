"""Units of a layer that are all alike: they get equal gradients, so they stay alike and count as one."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from relume.diagnosis.feeding import before, feeding_weight, is_constant, is_rectifier, is_silent
from relume.diagnosis.losses import course
from relume.diagnosis.rule import Rule
from relume.types import Evidence, Finding, PerUnit, Reading, Readings, Sums

# float32 rounds at 6e-8; a product's kernels may round the columns at its edge in another order. Two units
# with weights of their own that differ by no more, in three sums, do not happen by chance.
TOLERANCE = 1e-5
ROUNDING = "float32 rounds at 6e-8; weights drawn at random differ by about 1"
ALIKE = 0.5  # of the units: what is repeated by chance, or for two classes, is less
# A layer that begins at 0 on purpose is alike for one step: then unequal gradients tell its units apart.
MINIMUM_STEPS = 2


def find(readings: Readings) -> Iterator[Finding]:
    """One finding for all layers whose units are alike."""
    alike = [each for each in readings.values() if _is_symmetric(readings, each)]
    if not alike:
        return
    first = alike[0]
    weights = [weight for each in alike if (weight := feeding_weight(readings, each))]
    wide = [each for each in readings.values() if each.value.units > 1]
    is_everywhere = len(alike) == len(wide)
    zero = all(weight.measured and weight.weight == 0 for weight in weights)
    twins = twins_of(first)
    share = 1.0 if zero else twins.share
    drawn = "are all 0" if zero else "give units the same weights"
    how = "were set to a constant" if zero or twins.distinct == 1 else f"repeat {twins.distinct} units"
    yield Finding(
        problem="symmetric-units",
        severity="error" if is_everywhere or course(readings) != "falls" else "warning",
        sites=tuple(each.site for each in alike),
        parameters=tuple(weight.name for weight in weights),
        evidence=(
            Evidence(
                quantity=f"units of {first.site} that equal another one within {TOLERANCE:g} of their size",
                measured=share,
                threshold=ALIKE,
                unit="share",
                source=ROUNDING,
            ),
        ),
        cause=(
            f"The weights {weights[0].name} {how}: they {drawn}, so equal gradients keep {share:.0%} of the "
            f"{first.value.units} units identical to another, and they count as one."
        ),
        remedies=("break-symmetry", "default-initialisation", "variance-preserving-initialisation"),
    )


def _is_symmetric(readings: Readings, reading: Reading) -> bool:
    value, weight = reading.value, feeding_weight(readings, reading)
    # Weights of its own for each unit: what is broadcast from one value is alike by design.
    if value.units < 2 or weight is None or value.units not in weight.shape[:2] or weight.shape[0] < 2:
        return False
    if len(reading.steps) < MINIMUM_STEPS or not value.count.all():
        return False
    if weight.measured >= MINIMUM_STEPS and weight.weight == 0:
        return True
    if is_silent(value) and (is_rectifier(reading.site.activation) or weight.weight > 0):
        return False  # dead, or shut: another fault, or none
    source = before(readings, reading)
    if source is not None and is_constant(source.value):
        return False
    first = readings.opening.readings.get(str(reading.site)) if readings.opening is not None else None
    # What was not alike at first has become so, as values too large for their differences do.
    was = first is None or not first.value.count.all() or twins_of(first).share >= ALIKE
    return was and twins_of(reading).share >= ALIKE


class Twins(NamedTuple):
    """How many of a site's living units equal another one in values and in gradients."""

    share: float
    distinct: int


def twins_of(reading: Reading) -> Twins:
    """What can be told of a site's units by their sums."""
    traits = np.concatenate([_traits(reading.value), _traits(reading.gradient)])  # [traits, units]
    if not np.isfinite(traits).all():
        return Twins(0.0, 0)
    traits = traits[:, traits.any(axis=0)]  # dead units are alike by being dead
    if traits.shape[1] < 2:
        return Twins(0.0, traits.shape[1])
    ordered = traits[:, np.lexsort(traits)]
    is_alike = (np.abs(np.diff(ordered, axis=1)) <= TOLERANCE).all(axis=0)
    has_twin = np.append(is_alike, False) | np.append(False, is_alike)
    return Twins(float(has_twin.mean()), int((~is_alike).sum()) + 1)


def _traits(sums: Sums) -> PerUnit:
    """[2, units] Mean and root mean square of each unit, over the size of all."""
    if not sums.count.all():  # nothing seen
        return np.zeros((2, sums.units))
    mean, size = sums.sum / sums.count, np.sqrt(sums.sum_of_squares / sums.count)
    scale = float(size.mean())
    both: PerUnit = np.stack([mean, size]) / (scale or 1.0)
    return both


symmetric_units = Rule(
    name="symmetric-units",
    find=find,
    meaning="units of a layer are identical, so they stay identical",
    formula=(
        "share of a layer's living units that equal another one, in the mean and the root mean square of "
        "values and of gradients, within 1e-5 of their size over 2 steps or more: at least 0.5"
    ),
    needs_examples=2,
    citation="Rumelhart, Hinton & Williams (1986), Learning internal representations by error propagation",
)
