"""Units that never had a chance: by a network's width and depth, or by the place they stand at."""

from relume.diagnosis.death import Death
from relume.diagnosis.feeding import before, feeding_weight, is_matrix, rectifiers
from relume.theory.born_dead import upper_bound
from relume.types import Evidence, Reading, Readings

# Above it chance alone explains a dead layer.
BORN_DEAD_PROBABLE = 0.05


def born_dead(readings: Readings, reading: Reading) -> Evidence:
    """The chance that a network is dead from its start by its width and depth alone, up to a site."""
    path = rectifiers_until(readings, reading)
    width, depth = min(each.value.units for each in path), len(path) + 1
    return Evidence(
        quantity=f"chance that {len(path)} ReLU layers of width {width} are born dead, at most",
        measured=upper_bound(width, depth),
        threshold=BORN_DEAD_PROBABLE,
        source="1 - (1 - 2^-N)^(L - 1) (Lu et al. 2020)",
    )


def rectifiers_until(readings: Readings, reading: Reading) -> list[Reading]:
    """The rectifiers up to a site and with it."""
    sites = list(rectifiers(readings))
    place = [str(each.site) for each in sites].index(str(reading.site))
    return sites[: place + 1]


def by_narrowness(readings: Readings, reading: Reading) -> Death | None:
    """A network so narrow and deep that more are born dead than not."""
    born = born_dead(readings, reading)
    if not born.measured > 0.5:
        return None
    width, layers = reading.value.units, len(rectifiers_until(readings, reading))
    return Death(
        kind="initialisation",
        cause=(
            f"So narrow ({width} units) and deep ({layers} layers of rectifiers until here) a network is "
            f"born dead by chance in up to {born.measured:.0%} of draws: make it wider, or its units leaky."
        ),
        evidence=(born,),
        remedies=("leaky-slope", "revive-dead-units", "insert-normalisation", "replace-activation"),
    )


def by_place(readings: Readings, reading: Reading) -> Death | None:
    """An activation before any layer with weights, whose input is never above 0."""
    given = readings.input
    is_first = before(readings, reading) is given and not reading.site.fed_by
    if given is None or not is_first or given.value.units != reading.value.units or given.value.fired.any():
        return None
    fired = Evidence(
        quantity="values of the input above 0",
        measured=float(given.value.fired.sum()),
        threshold=0.0,
        unit="values",
        source="a rectifier passes nothing else",
    )
    return Death(
        kind="place",
        cause=f"{reading.site} stands on the input itself, before any layer, and the input is never above 0: "
        "nothing of it gets through. Take the activation away, or put a layer before it.",
        evidence=(fired,),
        remedies=("standardise-input", "leaky-slope", "replace-activation"),
    )


def at_the_end(readings: Readings, reading: Reading) -> Death | None:
    """A rectifier behind the last layer with weights: what it holds at 0 is the network's answer."""
    last = [p for p in readings.parameters.values() if is_matrix(p)][-1:]
    if [feeding_weight(readings, reading)] != last or len(readings) == 1:
        return None
    silent = Evidence(
        quantity="values of the output that are 0",
        measured=reading.value.zero_fraction,
        threshold=0.0,
        unit="share",
        source="a rectifier passes no gradient at 0, whatever the target",
    )
    return Death(
        kind="output",
        cause=f"The network's output, {reading.site}, comes out of {reading.site.activation}, never below 0: "
        "where the layer before it says less, no gradient comes back. Take the activation away.",
        evidence=(silent,),
        remedies=("linear-output", "leaky-slope", "revive-dead-units"),
    )
