"""`relume run` and `relume check`: a script under watch, from its start to what is told of it at the end."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from relume.launch.arrival import when_imported
from relume.launch.changes import Changes, parse_changes
from relume.launch.files import RunFiles
from relume.launch.program import INTERRUPTED, Ending, Program, execute

if TYPE_CHECKING:
    from relume.launch.session import Session

# Writes the page of a run file and tells where it is; nothing if what it needs is not installed. Given by
# whoever calls: this part of relume cannot import the reports.
WritePage = Callable[[Path], Path | None]
HEALTHY, FAULTY, NOT_RUN = 0, 1, 2  # exit statuses of `relume check`


def run_program(
    program: Program,
    *,
    into: Path | None = None,
    changes: Sequence[str] = (),
    every: int = 1,
    write_page: WritePage | None = None,
) -> int:
    """Run a program under watch, and tell on stderr what was found; returns the program's exit status.

    Parameters
    ----------
    write_page
        Called with each run file once it is closed.

    Raises
    ------
    LaunchError
        If there is no such program, the run file exists, or a change is not understood.
    """
    ending, session = _run(
        program,
        RunFiles(program.name, into),
        parse_changes(changes),
        every=every,
        write_page=write_page,
        rehearses=True,
    )
    if session is not None and ending.error is None:
        _tell_repair(session)
    return ending.status


def check_program(
    program: Program, *, steps: int, into: Path | None = None, changes: Sequence[str] = ()
) -> int:
    """Run a program for some steps; returns 0 if it is healthy, 1 if not, 2 if it did not run.

    Raises
    ------
    LaunchError
        If there is no such program, the run file exists, or a change is not understood.
    """
    files = RunFiles(program.name, into)
    ending, session = _run(program, files, parse_changes(changes), stop_after=steps)
    if isinstance(ending.error, KeyboardInterrupt):
        return INTERRUPTED
    from relume.launch.verdict import is_broken

    if session is not None and is_broken(session.seen):
        return FAULTY
    if session is None or not session.seen or ending.status:
        print(f"relume: {program.target} ended with status {ending.status}: no verdict.", file=sys.stderr)
        return NOT_RUN
    return HEALTHY


def repair_program(program: Program, *, steps: int, into: Path | None = None) -> int:
    """Run a program for some steps, then with what may repair it; returns 0 if that is proved or not needed.

    1 if learning stays broken, 2 if the program did not run.

    Raises
    ------
    LaunchError
        If there is no such program, or the run file exists.
    """
    ending, session = _run(program, RunFiles(program.name, into), Changes(), stop_after=steps)
    if isinstance(ending.error, KeyboardInterrupt):
        return INTERRUPTED
    if session is None or not session.seen or ending.status:
        print(f"relume: {program.target} ended with status {ending.status}: no verdict.", file=sys.stderr)
        return NOT_RUN
    from relume.launch.proof import prove

    return HEALTHY if prove(program, session.seen, steps=steps) else FAULTY


def _run(
    program: Program,
    files: RunFiles,
    changes: Changes,
    *,
    every: int = 1,
    stop_after: int | None = None,
    write_page: WritePage | None = None,
    rehearses: bool = False,
) -> tuple[Ending, "Session | None"]:
    sessions: list[Session] = []
    with ExitStack() as stack:

        def begin() -> None:  # imports torch, as the script was the first to
            from relume.launch.live import Live
            from relume.launch.session import Session

            live = stack.enter_context(Live(files.rank))
            session = Session(files, changes, every, stop_after, live.on_step, rehearses)
            stack.enter_context(session.listening())
            sessions.append(session)

        with when_imported("torch", begin):
            ending = execute(program)
    if not sessions:
        print(f"relume: {program.target} imported no torch, so nothing was watched.", file=sys.stderr)
        return ending, None
    with suppress(OSError, ValueError):  # a closed stdout is the script's affair
        sys.stdout.flush()
    _tell(sessions[0], ending, write_page)
    return ending, sessions[0]


def _tell(session: "Session", ending: Ending, write_page: WritePage | None) -> None:
    from relume.launch.verdict import told

    try:
        session.finish(ending.error)
        for line in told(session, write_page=write_page):
            print(line, file=sys.stderr)
    except KeyboardInterrupt:  # a second Ctrl-C: what was kept is in the run file
        print("relume: interrupted while telling what was found.", file=sys.stderr)


def _tell_repair(session: "Session") -> None:
    """What a repair came to, where one model was watched and something is wrong with it."""
    from relume.diagnosis.diagnose import diagnose
    from relume.launch.rehearsal import told
    from relume.remedies.attempts import faults

    seen = session.seen[0] if len(session.seen) == 1 else None
    if seen is None or seen.rehearsal is None or not faults(diagnose(seen.readings)):
        return
    try:
        for line in told(seen.rehearsal, seen.readings):
            print(line, file=sys.stderr, flush=True)
    except KeyboardInterrupt:  # what was found has been told
        print("relume: no repair was tried to its end.", file=sys.stderr)
