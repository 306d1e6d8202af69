"""What a watch has read so far: the window at work, the sum of all, and the ends."""

from dataclasses import replace
from typing import Protocol

from relume.probe.ends import Ends
from relume.types import NO_STEPS, Phase, Readings, Steps

ByPhase = dict[Phase, Readings]


class Receiver(Protocol):
    """What takes a window as it closes."""

    def __call__(self, window: Readings, *, phase: Phase, total: Readings) -> None:
        """Take it, with the sum of all windows of the phase so far, whose steps are left out."""


class Record:
    """Adds up what is read part by part; parts make windows, windows the whole."""

    def __init__(self, window: int) -> None:
        self._ends = Ends(window)
        self._at_work, self._totals = _nothing(), _nothing()
        self._steps: list[Steps] = []  # of the windows: to join them each time would cost more and more

    @property
    def steps_at_work(self) -> int:
        """How many steps of the window at work were read already."""
        return len(self._at_work["training"].steps)

    def add(self, part: ByPhase) -> None:
        """Take what was seen since the part before."""
        for phase, readings in part.items():
            self._at_work[phase] += readings
        self._ends.add(part["training"])

    def close_window(self) -> ByPhase:
        """The window at work, which ends, and is a part of the totals from now on."""
        window, self._at_work = self._at_work, _nothing()
        self._steps.append(window["training"].steps)
        for phase, readings in window.items():
            self._totals[phase] += replace(readings, steps=NO_STEPS)
        return window

    def so_far(self, phase: Phase) -> Readings:
        """The sum of all windows of a phase and its ends, without its steps."""
        total, ends = self._totals[phase], self._ends
        return total if phase == "evaluation" else replace(total, opening=ends.opening, closing=ends.closing)

    def total(self, phase: Phase) -> Readings:
        """The same with its steps."""
        total = self.so_far(phase)
        return total if phase == "evaluation" else replace(total, steps=sum(self._steps, total.steps))


def _nothing() -> ByPhase:
    return {phase: Readings(readings={}) for phase in ("training", "evaluation")}
