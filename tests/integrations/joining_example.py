"""Started by the tests: `python -m tests.integrations.joining_example TRACKER` trains beside a run at work.

Four times: by itself, with a run that relume begins, with the one at work, and with a tracker that fails on
the way.
"""

import json
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tests.integrations.readers import READERS
from torch import nn

import relume
from relume.errors import ExportWarning
from relume.integrations.export import exporting
from relume.probe.watch import Watch

STEPS, WINDOW = 30, 10
Log = Callable[[int, Mapping[str, float]], None]
Wrapped = Callable[[Watch], AbstractContextManager[None]]


def train(log: Log, around: Wrapped) -> list[Any]:
    """Weights and losses of a training that draws from every generator, and logs twice a step."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what a tracker may draw from
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with relume.watch(model, window=WINDOW) as watch, around(watch):
        for step in range(STEPS):
            shift = random.random() + np.random.random()  # noqa: NPY002
            loss = (model(torch.randn(16, 8)) - shift).square().mean()
            watch.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            log(step, {"own/before": float(step)})
            optimizer.step()
            losses.append(float(loss.detach()))
            log(step, {"own/after": losses[-1]})
    return [losses, random.random(), np.random.random(), torch.rand(1).item()] + [  # noqa: NPY002
        parameter.tolist() for parameter in model.parameters()
    ]


@contextmanager
def tensorboard(target: Path) -> Iterator[tuple[Log, Callable[[], None]]]:
    from torch.utils.tensorboard import SummaryWriter

    def fail() -> None:
        SummaryWriter.add_scalar = _full  # type: ignore[method-assign]

    with SummaryWriter(str(target)) as writer:
        own = writer.add_scalar  # bound, and so left as it is

        def log(step: int, row: Mapping[str, float]) -> None:
            for name, value in row.items():
                own(name, value, step, new_style=True, double_precision=True)

        yield log, fail


@contextmanager
def wandb(target: Path) -> Iterator[tuple[Log, Callable[[], None]]]:
    import wandb

    target.mkdir()
    run: Any = wandb.init(
        project="own", dir=str(target), mode="offline", settings=wandb.Settings(silent=True)
    )
    own = run.log

    def fail() -> None:
        type(run).log = _full

    yield lambda step, row: own(dict(row), step=step), fail
    assert wandb.run is run
    assert not run._is_finished
    run.finish()


@contextmanager
def mlflow(target: Path) -> Iterator[tuple[Log, Callable[[], None]]]:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{target}")
    mlflow.set_experiment("relume")
    run = mlflow.start_run()

    def fail() -> None:
        mlflow.MlflowClient.log_batch = _full

    yield lambda step, row: mlflow.log_metrics(dict(row), step=step), fail
    active = mlflow.active_run()
    assert active is not None
    assert active.info.run_id == run.info.run_id
    assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
    mlflow.end_run()


@contextmanager
def trackio(target: Path) -> Iterator[tuple[Log, Callable[[], None]]]:
    import trackio
    from trackio.context_vars import current_run

    run = trackio.init(project="relume", embed=False, auto_log_gpu=False, auto_log_cpu=False)
    own = run.log

    def fail() -> None:
        type(run).log = _full

    yield lambda step, row: own(dict(row), step=step), fail
    assert current_run.get() is run
    trackio.finish()


TRACKERS = {"tensorboard": tensorboard, "wandb": wandb, "mlflow": mlflow, "trackio": trackio}


def _full(*_: Any, **__: Any) -> None:
    raise OSError("the disk is full\nand so is the other one")


def _no_log(step: int, row: Mapping[str, float]) -> None:
    pass


def _nothing(_: Watch) -> AbstractContextManager[None]:
    return nullcontext()


def main(name: str) -> None:
    target = Path("runs.db" if name == "mlflow" else "runs").absolute()
    goal = str(target) if name == "tensorboard" else None
    alone = train(_no_log, _nothing)
    first = {"mlflow": "first.db", "trackio": "runs"}.get(
        name, "first"
    )  # trackio has one folder in a process
    begun = train(_no_log, lambda watch: exporting(watch, name, Path(first).absolute()))
    with TRACKERS[name](target) as (log, fail):
        with warnings.catch_warnings():
            warnings.simplefilter("error", ExportWarning)
            joined = train(log, lambda watch: exporting(watch, name, goal))
        log(STEPS, {"own/later": 1.0})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            failed = train(
                lambda step, row: fail() if step == WINDOW + 1 else None,
                lambda watch: exporting(watch, name, goal),
            )
    told = {
        "stored": READERS[name](target),
        "begun": begun == alone,
        "joined": joined == alone,
        "failed": failed == alone,
        "warnings": [str(each.message) for each in caught if each.category is ExportWarning],
        "losses": alone[0],
    }
    Path("told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
