"""What chance alone does: networks so narrow and deep that they are born dead."""

from relume.diagnosis.feeding import rectifiers
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
