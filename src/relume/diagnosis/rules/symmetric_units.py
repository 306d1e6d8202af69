"""Units of a layer that are all alike: they get equal gradients, so they stay alike and count as one."""

import math
from collections.abc import Iterator

import numpy as np

from relume.diagnosis.feeding import before, feeding_weight, is_constant, is_rectifier, is_silent
from relume.diagnosis.losses import course
from relume.diagnosis.rule import Rule
from relume.types import Evidence, Finding, PerUnit, Reading, Readings, Sums

# float32 rounds at 6e-8; a product's kernels may round the columns at its edge in another order. Two units
# with weights of their own that differ by no more, in three sums, do not happen by chance.
TOLERANCE = 1e-5
ROUNDING = "float32 rounds at 6e-8; weights drawn at random differ by about 1"
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
    drawn = "are all 0" if zero else "give each unit the same weights"
    yield Finding(
        problem="symmetric-units",
        severity="error" if is_everywhere or course(readings) != "falls" else "warning",
        sites=tuple(each.site for each in alike),
        parameters=tuple(weight.name for weight in weights),
        evidence=(
            Evidence(
                quantity=f"greatest difference between units of {first.site} over their size",
                measured=max(_difference(each) for each in alike),
                threshold=TOLERANCE,
                source=ROUNDING,
            ),
            Evidence(
                quantity=f"units of {first.site} that are alike",
                measured=float(first.value.units),
                threshold=1.0,
                unit="units",
                source="each unit should say something of its own",
            ),
        ),
        cause=(
            f"The weights {weights[0].name} were set to a constant: they {drawn}, so equal gradients keep "
            f"the {first.value.units} units equal, and they count as one."
        ),
        remedies=("break-symmetry", "variance-preserving-initialisation"),
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
    return _difference(reading) <= TOLERANCE


def _difference(reading: Reading) -> float:
    """The greatest difference between units, of values and gradients, over their size; inf if unknown."""
    differences = [_spread_of_units(sums) for sums in (reading.value, reading.gradient)]
    return max(differences) if all(map(math.isfinite, differences)) else math.inf


def _spread_of_units(sums: Sums) -> float:
    if not sums.count.all():  # nothing seen
        return 0.0
    mean, size = sums.sum / sums.count, np.sqrt(sums.sum_of_squares / sums.count)
    scale = float(size.mean())
    return max(_range(mean), _range(size)) / scale if scale != 0 else 0.0


def _range(values: PerUnit) -> float:
    return float(values.max() - values.min())


symmetric_units = Rule(
    name="symmetric-units",
    find=find,
    meaning="units of a layer are identical, so they stay identical",
    formula=(
        "greatest difference between a layer's units, in the mean and the root mean square of values and of "
        "gradients, over their size: at most 1e-5 over 2 steps or more"
    ),
    needs_examples=2,
    citation="Rumelhart, Hinton & Williams (1986), Learning internal representations by error propagation",
)
