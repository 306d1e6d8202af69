"""The progress bar of a study: networks, steps, time left; on stderr, only in a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from relume.studies.protocol import Advance


@contextmanager
def progress_bar(networks: int, steps: int, *, finished: int, is_shown: bool) -> Iterator[Advance]:
    """A function to call after every step with the number of networks that took it.

    Parameters
    ----------
    networks, steps
        How many networks the study has, and how many steps each takes.
    finished
        How many networks an earlier run has left finished.
    is_shown
        Whether anything is drawn.
    """
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("networks, step {task.fields[steps]:,} of {task.fields[all_steps]:,},"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    console = Console(stderr=True)
    is_off = not (is_shown and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=is_off) as progress:
        task = progress.add_task(
            "", total=networks, completed=finished, steps=finished * steps, all_steps=networks * steps
        )
        taken = finished * steps

        def advance(count: int) -> None:
            nonlocal taken
            taken += count
            progress.update(task, completed=taken / steps, steps=taken)

        yield advance
