"""trackio: a local SQLite database, in a folder that it chooses when it is imported."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from relume.errors import TargetError
from relume.integrations.exporters.environment import variable
from relume.integrations.exporters.exporter import PROJECT, Exporter, Write, no_target

TARGET = "a folder for its database"


@contextmanager
def _open(target: str | None) -> Iterator[Write]:
    if target is not None:
        _make(Path(target))
    trackio = _imported(target)
    from trackio.context_vars import current_run

    active = current_run.get()
    if target is None and active is None:
        raise no_target("trackio", TARGET)
    if target is not None and active is not None:  # to begin another one would end it
        raise TargetError(
            f"trackio has a run at work already: {active.name}. Leave the target out to join it."
        )
    with redirect_stdout(sys.stderr):  # what trackio says of itself is no output of the program
        run = active or trackio.init(project=PROJECT, embed=False, auto_log_gpu=False, auto_log_cpu=False)

    def write(step: int, series: Mapping[str, float]) -> None:
        run.log(dict(series), step=step)

    try:
        yield write
    finally:
        if target is not None:
            with redirect_stdout(sys.stderr):
                trackio.finish()


def _make(folder: Path) -> None:
    """Make the folder: trackio, which writes later in a thread, only warns where it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise TargetError(f"{folder} cannot be written to. Give another folder for trackio's database.")


def _imported(target: str | None) -> Any:
    if target is not None and "trackio" not in sys.modules:
        with variable("TRACKIO_DIR", str(Path(target).absolute())):
            import trackio.utils
    import trackio.utils

    folder = Path(trackio.utils.TRACKIO_DIR)
    if target is not None and folder.absolute() != Path(target).absolute():
        raise TargetError(
            f"trackio keeps its runs in {folder} since it was imported: not in {target}. "
            "Give that folder, or set TRACKIO_DIR before the program starts."
        )
    return trackio


trackio = Exporter(
    name="trackio",
    open=_open,
    package="trackio",
    needs="relume[trackio]",
    target=TARGET,
    without_target="the run at work in this context",
    citation="https://huggingface.co/docs/trackio",
)
