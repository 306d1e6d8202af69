"""The windows of a phase as a sequence: each becomes records when it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, overload

import numpy as np

from relume.runfile import layout
from relume.types import Counts, Direction, NonFinite, Phase, Readings, Shape, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a run."""

    kind: Literal["non-finite", "not-seen", "setting"]
    phase: Phase
    window: int  # in which it was first told, from 0
    place: str  # the site, or the path of what is not seen
    step: int | None
    text: str  # the direction; or why it is not seen


@dataclass(frozen=True, slots=True)
class Numbered:
    """A segment, and the number of its first window."""

    first: int
    segment: layout.Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCounts:
    """What pooling the units of a site loses: how many there are, and how many do nothing."""

    sites: tuple[str, ...]
    units: Counts  # [windows, sites] 0 where the site is not in the window
    dead: Counts  # [windows, sites] units above 0 on no example of the window
    flat: Counts  # [windows, sites] units on a flat end on every example of the window


@dataclass(frozen=True)
class Windows(Sequence[Readings]):
    """The windows of a phase, the units of a site as one."""

    segments: tuple[Numbered, ...]
    sites: Mapping[int, Site]
    parameters: Mapping[int, tuple[str, Shape]]
    events: tuple[Event, ...]

    def __len__(self) -> int:
        return sum(numbered.segment.windows for numbered in self.segments)

    @overload
    def __getitem__(self, index: int) -> Readings: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Readings, ...]: ...

    def __getitem__(self, index: int | slice) -> Readings | tuple[Readings, ...]:
        numbers = range(len(self))[index]
        return self._window(numbers) if isinstance(numbers, int) else tuple(map(self._window, numbers))

    def __repr__(self) -> str:
        return f"<{len(self)} windows of {len(self.sites)} sites>"

    def _window(self, number: int) -> Readings:
        behind = [numbered.first for numbered in self.segments]
        numbered = self.segments[int(np.searchsorted(behind, number, side="right")) - 1]
        window = layout.to_window(
            numbered.segment, number - numbered.first, sites=self.sites, parameters=self.parameters
        )
        return replace(
            window,
            non_finite=first_fault([event for event in self.events if event.window == number]),
            not_seen=not_seen(before := [event for event in self.events if event.window <= number]),
            settings=settings(before),
        )


def first_fault(events: Sequence[Event]) -> NonFinite | None:
    """The earliest value that was not finite, of those that were told."""
    faults = [_fault(event) for event in events if event.kind == "non-finite"]
    return min(faults, key=lambda fault: (fault.step, fault.direction == "backward"), default=None)


def not_seen(events: Sequence[Event]) -> dict[str, str]:
    """What was not seen, by path, and why."""
    return {event.place: event.text for event in reversed(events) if event.kind == "not-seen"}


def settings(events: Sequence[Event]) -> dict[str, float]:
    """What optimisers were made with, by name: as it was when first seen."""
    return {event.place: float(event.text) for event in reversed(events) if event.kind == "setting"}


def unit_counts(segments: Sequence[Numbered], sites: Mapping[int, Site]) -> UnitCounts:
    """The units of all sites in all windows."""
    names = tuple(str(site) for site in sites.values())
    table = np.zeros((3, sum(n.segment.windows for n in segments), len(sites)), dtype=np.int64)
    column = {site: i for i, site in enumerate(sites)}
    start = 0
    for segment in (numbered.segment for numbered in segments):
        columns = [column[site] for site in segment.site_ids.tolist()]
        units = segment.site_counts[layout.SITE_COUNTS.index("units") :][:3]  # units, dead, flat
        table[:, start : start + segment.windows, columns] = units.transpose(0, 2, 1)
        start += segment.windows
    units, dead, flat = table
    return UnitCounts(sites=names, units=units, dead=dead, flat=flat)


def _fault(event: Event) -> NonFinite:
    direction: Direction = "backward" if event.text == "backward" else "forward"
    return NonFinite(site=event.place, step=event.step or 0, direction=direction)
