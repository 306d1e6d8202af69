"""What the status line says while a script trains: step, loss, the worst finding so far."""

import sys
import time
from types import TracebackType
from typing import Self

from relume.errors import RelumeError
from relume.launch.session import Session
from relume.launch.status import StatusLine

# Telling what is wrong closes the window at work and waits for the device: seldom, and not at the very start.
FIRST_LOOK, BETWEEN_LOOKS = 3.0, 15.0  # seconds


class Live:
    """Shows on stderr how the training goes, in the first process of a distributed run only."""

    def __init__(self, rank: int | None) -> None:
        self._line = None if rank else StatusLine(sys.stderr, sys.stdout)
        self._look_at = time.monotonic() + FIRST_LOOK
        self._worst = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()

    def on_step(self, session: Session) -> None:
        """Show something new, if it is time to."""
        if self._line is None or not self._line.is_due() or not session.watched:
            return
        if time.monotonic() >= self._look_at:
            self._worst = _worst(session)
            self._look_at = time.monotonic() + BETWEEN_LOOKS
        steps = max(each.steps for each in session.watched)
        said = [f"step {steps}"]
        if (loss := session.losses.total()) is not None:
            said.append(f"loss {float(loss):.4g}")
        self._line.show("relume: " + ", ".join([*said, *([self._worst] if self._worst else [])]))


def _worst(session: Session) -> str:
    from relume.diagnosis.diagnose import diagnose

    try:
        found = [
            finding
            for each in session.watched
            if each.watch is not None
            for finding in diagnose(each.watch.readings()).findings
        ]
    except RelumeError:
        return ""
    order = ("error", "warning")
    found = sorted((f for f in found if f.severity in order), key=lambda f: order.index(f.severity))
    return f"{found[0].severity}: {found[0].problem}" if found else "nothing wrong so far"
