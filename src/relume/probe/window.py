"""Closes a window: one transfer from each device, and sums become readings."""

from collections.abc import Mapping

from relume.kernels.contract import NEVER
from relume.probe.alarms import Alarms, named
from relume.probe.meters import nothing_seen, take
from relume.probe.slots import Slot, Slots
from relume.types import NonFinite, Phase, Reading, Sums


def read_sites(slots: Slots, steps: range) -> dict[Phase, dict[str, Reading]]:
    """What every site has added up since it was last read, without the sites at rest."""
    found = list(slots.by_call.values())
    taken = take([meter for slot in found for meter in (slot.value, slot.gradient, slot.passed)])
    readings: dict[Phase, dict[str, Reading]] = {"training": {}, "evaluation": {}}
    for place, slot in enumerate(found):
        value, gradient, passed = taken[3 * place : 3 * place + 3]
        if _saw_something(value) or _saw_something(gradient):
            reading = _reading(slot, steps, value, gradient, passed)
            readings[slot.phase][str(slot.site)] = reading
    return readings


def _saw_something(taken: tuple[Sums, int] | None) -> bool:
    return taken is not None and taken[1] > 0


def _reading(
    slot: Slot,
    steps: range,
    value: tuple[Sums, int] | None,
    gradient: tuple[Sums, int] | None,
    passed: tuple[Sums, int] | None,
) -> Reading:
    seen = value or gradient or passed
    assert seen is not None
    units = seen[0].units
    reading = Reading(
        site=slot.site,
        steps=steps,
        examples=seen[1],
        value=value[0] if value else nothing_seen(units),
        gradient=gradient[0] if gradient else nothing_seen(units),
        passed=passed[0] if passed else None,
    )
    return reading if reading.gradient.units == reading.value.units else reading.pooled()


def first_non_finite(alarms: tuple[Alarms, ...], names: Mapping[int, str]) -> NonFinite | None:
    """The earliest value that was not finite, in any direction on any device."""
    return named(min((each.first() for each in alarms), default=NEVER), names)
