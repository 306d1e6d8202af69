"""All activations on one sheet, and figures written to files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relume.catalogue.activation import Activation
from relume.errors import TargetError
from relume.evidence.drawing import colour, panels
from relume.report.figures import TALLEST
from relume.report.sampling import inputs, sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")


def gallery(entries: Sequence[Activation]) -> "Figure":
    """Draw a small panel for each activation: value solid, derivative dashed."""
    figure, all_axes = panels([entry.name for entry in entries], columns=6, height=1.6)
    figure.set_figwidth(13)
    for axes, entry in zip(all_axes, entries, strict=True):
        x = inputs(entry)
        for order, style in (("value", "-"), ("derivative", "--")):
            y = sample(entry, x, "value" if order == "value" else "derivative")
            axes.plot(x, np.where(np.abs(y) > TALLEST, np.nan, y), style, color=colour(entry.name))
        axes.set(xlim=(-4, 4), ylim=(-2, 4))
        axes.set_title(entry.name, fontsize=9, loc="left")
    figure.suptitle("Value (solid) and derivative (dashed)", x=0.01, ha="left")
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in the format that the file's name ends in.

    Raises
    ------
    TargetError
        The name ends in something else, or the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise TargetError(f"not a figure's file name: {path}. End it in {', '.join(FORMATS)}.")
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise TargetError(f"cannot write {path} ({error.strerror}). Give a folder that exists.") from error
