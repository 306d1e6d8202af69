"""What every exporter must do: all that is written can be read back, to the bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integrations.readers import Stored

from relume.errors import TargetError
from relume.integrations.exporters.exporter import Exporter

MANY = {
    f"relume/layer{n}.act:2/zero_fraction": n / 1100 for n in range(1100)
}  # more than MLflow takes at once
ROWS = [
    (4, {"relume/loss": 2.5, "relume/_model_/gradient_root_mean_square": 1e-300} | MANY),
    (9, {"relume/loss": -1 / 3}),
    (10**7, {"relume/loss": 1e30, "relume/findings/dead-units": 3.0, "relume/a-b.c d/weight_norm": 0.0}),
]


def check_round_trip(exporter: Exporter, target: Path, read: Callable[[Path], Stored]) -> None:
    with exporter.open(str(target)) as write:
        for step, series in ROWS:
            write(step, series)
    written: Stored = {}
    for step, series in ROWS:
        for name, value in series.items():
            written.setdefault(name, []).append((step, value))
    assert read(target) == written


def check_no_target(exporter: Exporter) -> None:
    with (
        pytest.raises(TargetError, match=rf"^{exporter.name} has no run at work in this process: no target"),
        exporter.open(None),
    ):
        pass
