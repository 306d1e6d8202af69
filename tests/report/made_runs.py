"""Run files made by hand: a few sites, one of which is named after a script element."""

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from relume.report.history import QUANTITIES, History
from relume.report.run_view import RunView
from relume.runfile.writer import Writer, open_for_writing
from relume.types import Diagnosis, NonFinite, ParameterReading, Reading, Readings, Site, Steps, Sums

SCRIPT = "<script>document.title='taken'</script>"
WINDOW = 10  # steps
UNITS = 8
SITES = (
    Site(path="first", activation="sigmoid", source="net.py:10", fed_by="one"),
    Site(path=SCRIPT, activation="relu", source="net.py:12", fed_by="two"),
    Site(path="last", activation="relu", source="net.py:14", fed_by="three"),
)


def sums(scale: float, fired: Sequence[int], count: int = 100) -> Sums:
    seen = np.full(len(fired), count)
    squares = np.linspace(0.1, 1.9, len(fired))  # units that are not all alike, of mean square 1
    return Sums(
        count=seen,
        sum=np.zeros(len(fired)),
        sum_of_squares=seen * squares * scale**2,
        zeros=seen - fired,
        fired=np.array(fired, dtype=np.int64),
        flat=np.full(len(fired), count // 4),
        largest=np.full(len(fired), scale),
    )


def window(number: int, *, sites: Sequence[Site] = SITES, fall: float = 1e-6) -> Readings:
    """The gradient falls by `fall` from the last site to the first; a unit of each rectifier is dead.

    Where it falls by more than a thousand, there is a NaN too: an error, whatever else the rules say.
    """
    steps = range(WINDOW * number, WINDOW * (number + 1))
    readings, parameters = {}, {}
    for place, site in enumerate(sites):
        gradient = fall ** ((len(sites) - 1 - place) / max(len(sites) - 1, 1)) * (1 + 0.1 * number)
        fired = [0 if site.activation == "relu" else 100, *[50 + number % 10] * (UNITS - 1)]
        readings[str(site)] = Reading(
            site=site, steps=steps, examples=100, value=sums(0.5, fired), gradient=sums(gradient, fired)
        )
        name = f"{site.fed_by}.weight"
        parameters[name] = ParameterReading(
            name=name, shape=(8, 8), measured=2, unused=0, gradient=1.0, weight=8.0, update=8e-6
        )
    fault = NonFinite(site=str(sites[0]), step=3, direction="forward") if fall < 1e-3 else None
    return Readings(readings=readings, parameters=parameters, steps=_steps(steps), non_finite=fault)


def write_windows(run: Writer, numbers: range, **options: float) -> None:
    for number in numbers:
        total = reduce(add, [window(each, **options) for each in range(number + 1)])  # type: ignore[arg-type]
        run.write(window(number, **options), phase="training", total=total)  # type: ignore[arg-type]


def write_run(path: Path, *, windows: int = 3, **options: float) -> Path:
    with open_for_writing(path, model="Network") as run:
        write_windows(run, range(windows), **options)
    return path


def large_view(*, sites: int, windows: int) -> RunView:
    """A run of that size, with noise from window to window as there is in training."""
    random = np.random.default_rng(0)
    named = tuple(
        Site(
            path=f"encoder.layers.{i}.feed_forward.activation",
            activation="relu",
            source=f"transformer.py:{i}",
            fed_by=f"encoder.layers.{i}.feed_forward.linear",
        )
        for i in range(sites)
    )
    noise = {
        quantity.name: np.exp(0.2 * random.normal(size=(sites, windows)) - 5)
        if quantity.scale == "log"
        else np.clip(0.5 + 0.1 * random.normal(size=(sites, windows)), 0, 1)
        for quantity in QUANTITIES
    }
    start = np.arange(windows) * 50
    readings = {
        str(site): Reading(
            site=site,
            steps=range(50 * windows),
            examples=10_000,
            value=sums(0.5, random.integers(1, 100, 64).tolist()),
            gradient=sums(0.1, random.integers(1, 100, 64).tolist()),
        )
        for site in named
    }
    return RunView(
        name="large.sqlite",
        model="Transformer",
        state="finished",
        is_finished=True,
        started="",
        windows=windows,
        judged_windows=windows,
        readings=Readings(readings=readings),
        steps=_steps(range(50 * windows)),
        diagnosis=Diagnosis(findings=(), steps=50 * windows, examples=10_000),
        history=History(sites=named, start=start, stop=start + 50, quantities=noise),
    )


def _steps(steps: range) -> Steps:
    numbers = np.array(steps)
    return Steps(
        numbers=numbers,
        seconds=np.full(len(numbers), 0.01),
        examples=np.full(len(numbers), 10),
        losses=2.3 * np.exp(-numbers / 1000),
        learning_rates=np.full(len(numbers), 0.1),
    )
