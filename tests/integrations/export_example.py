"""Started by the tests: `python -m tests.integrations.export_example TRACKER` checks it and runs its example.

In a process of its own: what trackers import warns of itself, keeps threads, and remembers its folder.
"""

import json
import runpy
import sys
from pathlib import Path

from tests.integrations.checks import check_no_target, check_round_trip
from tests.integrations.readers import READERS

from relume.integrations.exporters import exporters

EXAMPLES = Path(__file__).parents[2] / "examples"
TARGETS = {"tensorboard": "runs/sigmoid", "mlflow": "runs.db"}  # of the examples; `runs` of the others


def main(name: str) -> None:
    runpy.run_path(str(EXAMPLES / f"with_{name}.py"))
    stored = READERS[name](Path(TARGETS.get(name, "runs")).absolute())
    Path("stored.json").write_text(json.dumps(stored), encoding="utf-8")
    if name != "tensorboard":  # which always has a folder
        check_no_target(exporters[name])
    if name != "trackio":  # which has one folder in a process
        check_round_trip(exporters[name], Path("round").absolute(), READERS[name])


def round_trip(name: str) -> None:
    check_round_trip(exporters[name], Path("round").absolute(), READERS[name])


if __name__ == "__main__":
    (round_trip if sys.argv[2:] else main)(sys.argv[1])
