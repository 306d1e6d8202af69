"""What the page of a run draws, as JSON can hold it and in no more than there is room for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from relume.report.history import QUANTITIES, History
from relume.report.packing import fitted
from relume.report.run_view import Histogram, RunView, histograms, rounded

ROOM = 1_620_000  # characters for what is of the run; BokehJS takes 1.27 million of 3, the page itself 0.06
ROOM_OF_A_SITE = 1_100  # characters of its names, histograms and row in the table, taken from that
LOSSES = 1000  # points of the curve of losses: about one for each pixel
LETTERS = ("A", "B")


def payload(views: Sequence[RunView]) -> dict[str, Any]:
    """What the page draws, as JSON can hold it."""
    room = ROOM - sum(ROOM_OF_A_SITE * len(view.history.sites) for view in views)
    packed = fitted([view.history for view in views], room)
    return {
        "quantities": [asdict(quantity) for quantity in QUANTITIES],
        "runs": [
            _run(view, history, texts, letter)
            for view, (history, texts), letter in zip(views, packed, LETTERS, strict=False)
        ],
    }


def _run(view: RunView, history: History, texts: Mapping[str, str], letter: str) -> dict[str, Any]:
    names = {str(site): site for site in history.sites}
    return {
        "letter": letter,
        "name": view.name,
        "is_finished": view.is_finished,
        "windows": history.windows,
        "start": history.start.tolist(),
        "stop": history.stop.tolist(),
        "sites": [
            {"name": name, "activation": site.activation, "source": site.source, "fed_by": site.fed_by}
            for name, site in names.items()
        ],
        "packed": texts,
        "loss": _losses(view),
        "units": [
            {key: _bins(each) for key, each in histograms(view.readings[name]).items()}
            if name in view.readings
            else None
            for name in names
        ],
    }


def _bins(histogram: Histogram) -> dict[str, Any]:
    low, high = rounded(float(histogram.edges[0])), rounded(float(histogram.edges[-1]))
    return {"low": low, "high": high, "units": histogram.units.tolist(), "apart": histogram.apart}


def _losses(view: RunView) -> dict[str, list[float | None]]:
    """The losses that were given, in at most `LOSSES` points, each the mean of so many steps."""
    given = ~np.isnan(view.steps.losses)
    steps, losses = view.steps.numbers[given], view.steps.losses[given]
    parts = np.array_split(np.arange(len(steps)), min(LOSSES, max(len(steps), 1)))
    parts = [part for part in parts if len(part)]
    return {
        "x": [rounded(float(steps[part].mean())) for part in parts],
        "y": [rounded(float(losses[part].mean())) for part in parts],
    }
