"""MLflow: a run in a tracking store, such as a file of SQLite."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relume.integrations.exporters.exporter import PROJECT, Exporter, Write, no_target

TARGET = "the path of an SQLite file, or a tracking URI"
BATCH = 1000  # metrics: more are refused at once


@contextmanager
def _open(target: str | None) -> Iterator[Write]:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing of relume's reports to anyone
    import mlflow
    from mlflow.entities import Metric

    active = mlflow.active_run()
    if target is None and active is None:
        raise no_target("mlflow", TARGET)
    client = mlflow.MlflowClient(None if target is None else _uri(target))
    run = active.info.run_id if target is None else _begun(client, target)

    def write(step: int, series: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in series.items()]
        for start in range(0, len(metrics), BATCH):
            client.log_batch(run, metrics[start : start + BATCH])

    status = "FAILED"
    try:
        yield write
        status = "FINISHED"
    finally:
        if target is not None:
            client.set_terminated(run, status)


def _uri(target: str) -> str:
    return target if "://" in target else f"sqlite:///{Path(target).absolute()}"


def _begun(client: Any, target: str) -> str:
    """A new run; its experiment keeps artifacts beside the file, not in the current folder."""
    experiment = client.get_experiment_by_name(PROJECT)
    if experiment is None:
        artifacts = None if "://" in target else Path(target).absolute().with_name("mlartifacts").as_uri()
        number = client.create_experiment(PROJECT, artifact_location=artifacts)
    else:
        number = experiment.experiment_id
    return str(client.create_run(number).info.run_id)


mlflow = Exporter(
    name="mlflow",
    open=_open,
    package="mlflow",
    needs="relume[mlflow]",
    target=TARGET,
    without_target="the run at work, `mlflow.active_run()`",
    citation="https://mlflow.org/docs/latest/ml/tracking",
)
