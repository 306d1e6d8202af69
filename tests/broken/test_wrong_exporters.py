"""Wrong exporters that the conformance tests must reject."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.integrations.checks import check_no_target, check_round_trip
from tests.integrations.readers import Stored

from relume.integrations.exporters.exporter import Exporter, Write, no_target

Row = tuple[int, dict[str, float]]


def in_memory(
    keep: Callable[[int, dict[str, float]], Row | None],
) -> tuple[Exporter, Callable[[Path], Stored]]:
    """A tracker that keeps of each row what `keep` makes of it, and how to read it."""
    stored: Stored = {}

    @contextmanager
    def opened(target: str | None) -> Iterator[Write]:
        if target is None:
            raise no_target("memory", "any word")

        def write(step: int, series: Mapping[str, float]) -> None:
            row = keep(step, dict(series))
            for name, value in row[1].items() if row else ():
                stored.setdefault(name, []).append((row[0], value))

        yield write

    words = {
        "package": "os",
        "needs": "relume[memory]",
        "target": "any",
        "without_target": "-",
        "citation": "-",
    }
    return Exporter(name="memory", open=opened, **words), lambda target: stored


WRONG: dict[str, Callable[[int, dict[str, float]], Row | None]] = {
    "single precision": lambda step, row: (step, {name: float(np.float32(v)) for name, v in row.items()}),
    "steps counted anew": lambda step, row: (0, row),
    "drops zeros": lambda step, row: (step, {name: value for name, value in row.items() if value}),
    "drops the first row": lambda step, row: (step, row) if step > 4 else None,
    "at most 1,000 series": lambda step, row: (step, dict(list(row.items())[:1000])),
    "letters replaced": lambda step, row: (step, {name.replace(":", "_"): v for name, v in row.items()}),
}


@pytest.mark.parametrize("keep", WRONG.values(), ids=WRONG)
def test_a_wrong_exporter_is_rejected(keep: Callable[[int, dict[str, float]], Row | None]) -> None:
    exporter, read = in_memory(keep)
    with pytest.raises(AssertionError):
        check_round_trip(exporter, Path("any"), read)


def test_a_right_one_is_not() -> None:
    exporter, read = in_memory(lambda step, row: (step, row))
    check_round_trip(exporter, Path("any"), read)
    check_no_target(exporter)
