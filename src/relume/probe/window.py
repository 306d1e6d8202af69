"""Reads a part of a window: one transfer from each device, and sums become readings."""

from collections.abc import Mapping

from relume.kernels.contract import NEVER
from relume.probe.alarms import Alarms, named
from relume.probe.meters import nothing_seen, take
from relume.probe.record import ByPhase
from relume.probe.slots import INPUT, Slot, Slots
from relume.types import NonFinite, ParameterReading, Phase, Reading, Readings, Steps, Sums


def read_part(
    slots: Slots,
    span: range,
    *,
    alarms: tuple[Alarms, ...],
    parameters: Mapping[str, ParameterReading],
    steps: Steps,
    settings: Mapping[str, float],
) -> ByPhase:
    """What was seen in a span of steps, since the part before was read."""
    sites = _read_sites(slots, span)
    fault = _first_non_finite(alarms, slots.names)
    training = Readings(
        input=sites["training"].pop(INPUT, None),
        readings=sites["training"],
        parameters=parameters,
        steps=steps,
        non_finite=fault if fault and fault.step >= span.start else None,
        not_seen=dict(slots.not_seen),
        settings=settings if len(steps) else {},
    )
    evaluation = Readings(
        input=sites["evaluation"].pop(INPUT, None),
        readings=sites["evaluation"],
        not_seen=dict(slots.not_seen),
    )
    return {"training": training, "evaluation": evaluation}


def _read_sites(slots: Slots, steps: range) -> dict[Phase, dict[str, Reading]]:
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


def _first_non_finite(alarms: tuple[Alarms, ...], names: Mapping[int, str]) -> NonFinite | None:
    """The earliest value that was not finite, in any direction on any device."""
    return named(min((each.first() for each in alarms), default=NEVER), names)
