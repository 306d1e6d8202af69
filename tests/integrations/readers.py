"""What a tracker stored, read by its own means: series by name, each a list of steps and values."""

import json
import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Stored = dict[str, list[tuple[int, float]]]


def tensorboard(target: Path) -> Stored:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(target), size_guidance={"tensors": 0})
    events.Reload()
    return {
        name: [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(name)]
        for name in events.Tags()["tensors"]
    }


def wandb(target: Path) -> Stored:
    from wandb.proto import wandb_internal_pb2

    [file] = target.glob("wandb/offline-run-*/*.wandb")
    records: list[wandb_internal_pb2.Record] = []
    until = time.monotonic() + 60
    # W&B's service still writes when `finish` returns; the last record says that the run has ended.
    while not any(record.HasField("exit") for record in records) and time.monotonic() < until:
        records = [wandb_internal_pb2.Record.FromString(data) for data in _records(file.read_bytes())]
    rows = [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in records
        if record.HasField("history")
    ]
    # The training's own rows have steps of W&B's; where relume's stand in such a row, both count the same.
    return _by_name((int(row.pop("relume/step", row["_step"])), row) for row in rows)


def _records(log: bytes) -> Iterator[bytes]:
    """The records of a LevelDB log, which W&B keeps a run in: pieces of blocks, behind seven bytes each.

    https://github.com/google/leveldb/blob/main/doc/log_format.md, after seven bytes of W&B's own.
    """
    block, head = 32768, 7
    assert log[:4] == b":W&B"
    place, record = head, b""
    while place + head <= len(log):  # a piece at the end may be written in part
        if block - place % block < head:  # no room for another piece: zeros
            place += block - place % block
            continue
        length, kind = struct.unpack_from("<HB", log, place + 4)  # behind a checksum
        if place + head + length > len(log):
            return
        record += log[place + head : place + head + length]
        place += head + length
        if kind in (1, 4):  # whole, or the last piece
            yield record
            record = b""


def mlflow(target: Path) -> Stored:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{target}")
    experiment = client.get_experiment_by_name("relume")
    assert experiment is not None
    [run] = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    return {
        name: [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
    }


def trackio(target: Path) -> Stored:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(target / "relume.db")) as database:
        rows = database.execute("SELECT step, metrics FROM metrics ORDER BY id").fetchall()
    return _by_name((int(step), json.loads(metrics)) for step, metrics in rows)


def _by_name(rows: Any) -> Stored:
    stored: Stored = defaultdict(list)
    for step, row in rows:
        for name, value in row.items():
            if not name.startswith("_"):  # the trackers' own: times, row numbers
                stored[name].append((step, float(value)))
    return dict(stored)


READERS: Mapping[str, Any] = {
    "mlflow": mlflow,
    "tensorboard": tensorboard,
    "trackio": trackio,
    "wandb": wandb,
}
