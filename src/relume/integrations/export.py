"""Writes what was seen to a tracker: of a run file, or of a watch window by window as it goes on."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from relume.diagnosis.diagnose import diagnose
from relume.errors import ExportWarning, RelumeError, TargetError, require, said
from relume.integrations.exporters import exporters
from relume.integrations.exporters.exporter import Write
from relume.integrations.randomness import random_numbers_kept
from relume.integrations.series import dead_fractions, series_of, series_of_findings
from relume.probe.watch import Watch
from relume.runfile.reader import Run, open_run
from relume.types import NO_STEPS, Phase, Readings


def export(run: Path | str, *, to: str, target: str | Path | None = None) -> int:
    """Write a run file to a tracker: a row a window of training, and at the end what was found.

    Parameters
    ----------
    run
        Of a run file, its path.
    to
        The name of a tracker: "tensorboard", "wandb", "mlflow", "trackio".
    target
        A folder, a file or an address, as the tracker has it; without one, the run that the tracker has at
        work in this process.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    UnknownNameError
        If there is no such tracker.
    MissingExtraError
        If its package is not installed.
    RunFileError
        If there is no run file at `run`.
    TargetError
        If the target cannot be written to, or no window was closed.
    """
    with open_run(run) as opened:
        rows = list(_rows(opened))
    if not rows:
        raise TargetError(f"{run} holds no closed window: there is nothing to export. Let it train longer.")
    with _told(to), _opened(to, target) as write:
        for step, series in rows:
            write(step, series)
    return len(rows)


@contextmanager
def exporting(watch: Watch, to: str, target: str | Path | None = None) -> Iterator[None]:
    """Write every window of a watch to a tracker as it closes, with what is found by then.

    A tracker that fails ends its own series by an `ExportWarning`, never the training. A run of yours that
    is at work stays so when the block ends.

    Parameters
    ----------
    watch
        It stays open when the block ends.
    to, target
        As in `relume.export`.

    Examples
    --------
    >>> import relume, torch
    >>> from relume.integrations.export import exporting
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    >>> with relume.watch(model) as watch, exporting(watch, "tensorboard", "runs/first"):  # doctest: +SKIP
    ...     train(model)
    """
    tracker = _opened(to, target)
    with _told(to):
        stream = _Stream(tracker.__enter__())
    error: BaseException | None = None
    try:
        with _listening(watch, stream):
            yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        stream.close(tracker, error)


@contextmanager
def streaming(watch: Watch, write: Write) -> Iterator[None]:
    """Hand every window of a watch to a function as it closes, as a step and series by name."""
    with _listening(watch, _Stream(write)):
        yield


@contextmanager
def _listening(watch: Watch, stream: "_Stream") -> Iterator[None]:
    watch.on_window(stream.receive)
    try:
        yield
        watch.readings()  # closes the window at work
    finally:
        watch.off_window(stream.receive)


class _Stream:
    """Rows of a watch at work."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._steps = NO_STEPS
        self._error: Exception | None = None

    def receive(self, window: Readings, *, phase: Phase, total: Readings) -> None:
        if self._error is not None or phase != "training" or not len(window.steps):
            return
        self._steps = self._steps + window.steps
        try:
            found = series_of_findings(diagnose(replace(total, steps=self._steps)))
            with random_numbers_kept():
                self._write(
                    int(window.steps.numbers[-1]), {**series_of(window, dead_fractions(window)), **found}
                )
        except Exception as error:  # a tracker's trouble is not the training's
            self._fail(error)

    def close(self, tracker: AbstractContextManager[Write], error: BaseException | None) -> None:
        """Close the tracker, which is told what went wrong: with the training, or with itself."""
        error = error or self._error
        try:
            tracker.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        except Exception as failure:
            if failure is not error:
                self._fail(failure)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            warnings.warn(f"the export ended, training goes on: {said(error)}", ExportWarning, stacklevel=3)


@contextmanager
def _opened(to: str, target: str | Path | None) -> Iterator[Write]:
    exporter = exporters[to]
    extra = exporter.needs.partition("[")[2].removesuffix("]")
    require(exporter.package, extra=extra, purpose=f"the export to {to}")
    tracker = exporter.open(None if target is None else str(target))

    def close(
        kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with random_numbers_kept():
            tracker.__exit__(kind, error, trace)

    with ExitStack() as stack:
        with random_numbers_kept():
            write = tracker.__enter__()
        stack.push(close)
        yield write


@contextmanager
def _told(to: str) -> Iterator[None]:
    """Tell in a sentence what a tracker does not take."""
    try:
        yield
    except RelumeError:
        raise
    except Exception as error:
        wanted = exporters[to].target
        raise TargetError(
            f"{to} does not take the series: {said(error)}. Give {wanted} that can be written to."
        ) from error


def _rows(run: Run) -> Iterator[tuple[int, dict[str, float]]]:
    counts = run.unit_counts()
    with np.errstate(divide="ignore", invalid="ignore"):
        dead = counts.dead / counts.units
    windows = run.windows()
    for number, window in enumerate(windows):
        if not len(window.steps):
            continue
        series = series_of(window, dict(zip(counts.sites, dead[number].tolist(), strict=True)))
        if number == len(windows) - 1:
            series |= series_of_findings(diagnose(run.readings()))
        yield int(window.steps.numbers[-1]), series
