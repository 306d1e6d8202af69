"""Tables on a terminal and for a document, and which machine they come from."""

import platform
import sys
from collections.abc import Sequence
from math import isnan
from pathlib import Path

import torch
from pairs import Ratio
from rich.console import Console
from rich.table import Table

Rows = Sequence[Sequence[str]]


def show(title: str, headings: Sequence[str], rows: Rows, caption: str, *, markdown: bool) -> None:
    """Print a table."""
    if markdown:
        lines = [f"| {' | '.join(cells)} |" for cells in (headings, *rows)]
        lines.insert(1, "|---" + "|---:" * (len(headings) - 1) + "|")
        print(f"{title} ({caption}):", "", *lines, "", sep="\n", flush=True)
        return
    # Without a terminal nobody says how wide it is.
    console = Console(width=None if sys.stdout.isatty() else 110)
    table = Table(title=title, caption=caption)
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if i else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def cells_of(ratio: Ratio) -> tuple[str, str, str, str]:
    """Milliseconds a step, the ratio, its interval and the pairs behind it."""
    if ratio.spread == 0:  # of one with itself
        return f"{ratio.seconds * 1000:,.2f}", "1", "", str(ratio.pairs)
    if isnan(ratio.estimate):
        return f"{ratio.seconds * 1000:,.2f}", "-", "too few pairs", str(ratio.pairs)
    interval = f"{ratio.low:.3f} to {ratio.high:.3f}"
    return f"{ratio.seconds * 1000:,.2f}", f"{ratio.estimate:.3f}", interval, str(ratio.pairs)


def processor() -> str:
    """The name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor()
    )


def machine(device: torch.device) -> str:
    """What the figures were measured on."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return f"{processor()}, {torch.get_num_threads()} thread(s), torch {torch.__version__}"
