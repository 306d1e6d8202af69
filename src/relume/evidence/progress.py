"""The progress bar of a run of claims: parts, and the claims that are being measured; only in a terminal."""

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(
    claims: Mapping[str, str], *, finished: Set[str], is_shown: bool
) -> Iterator[Callable[[str], object]]:
    """A function to call with the key of each part that is done.

    Parameters
    ----------
    claims
        The key of every part -> the claim that it belongs to.
    finished
        The keys that an earlier run has left finished.
    is_shown
        Whether anything is drawn.
    """
    columns = (
        TextColumn("measuring {task.fields[claim]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("parts,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    console = Console(stderr=True)
    left = dict(claims)
    for key in finished:
        left.pop(key, None)
    is_off = not (is_shown and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=is_off) as progress:
        first = next(iter(left.values()), "")
        task = progress.add_task("", total=len(claims), completed=len(claims) - len(left), claim=first)

        def tell(key: str) -> None:
            del left[key]
            progress.update(task, advance=1, claim=next(iter(left.values()), ""))

        yield tell
