"""Tracebacks as they would be without watching: the frames of relume, and what they led to in torch, go."""

from pathlib import Path
from types import TracebackType

_PACKAGE = Path(__file__).parent.parent
_OWN = (str(_PACKAGE / "launch"), str(_PACKAGE / "probe"), str(_PACKAGE / "catalogue"))
# Where a torch-function mode listens, torch goes through here to the mode and calls the function again.
_DETOUR = str(Path("torch", "overrides.py"))


def strip_own_frames(error: BaseException) -> None:
    """Take the frames of relume out of an exception's traceback, and out of those of what caused it."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _chained(_without_own(_frames(each.__traceback__)))
        pending += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions


def _frames(trace: TracebackType | None) -> list[TracebackType]:
    frames: list[TracebackType] = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    return frames


def _without_own(frames: list[TracebackType]) -> list[TracebackType]:
    kept: list[TracebackType] = []
    has_detour = False
    for each in frames:
        if _file(each).startswith(_OWN):
            has_detour = each.tb_frame.f_code.co_name == "__torch_function__"
            continue
        if has_detour:
            _drop_detour(kept, each)
            has_detour = False
        kept.append(each)
    if has_detour:  # the function that failed is not Python's
        _drop_detour(kept, None)
    return kept


def _drop_detour(kept: list[TracebackType], again: TracebackType | None) -> None:
    """Drop the way to the mode, and the first of two frames of the function that was called again."""
    if not kept or not _file(kept[-1]).endswith(_DETOUR):
        return
    while kept and _file(kept[-1]).endswith(_DETOUR):
        kept.pop()
    if kept and again is not None and kept[-1].tb_frame.f_code is again.tb_frame.f_code:
        kept.pop()


def _chained(frames: list[TracebackType]) -> TracebackType | None:
    chain: TracebackType | None = None
    for each in reversed(frames):
        chain = TracebackType(chain, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return chain


def _file(trace: TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename
