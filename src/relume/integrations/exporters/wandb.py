"""Weights & Biases: a run kept offline, for `wandb sync`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relume.integrations.exporters.environment import variable
from relume.integrations.exporters.exporter import PROJECT, Exporter, Write, no_target

TARGET = "a folder for an offline run"
# A step axis of its own: W&B refuses rows behind the last step of a run that the training logs to as well.
STEP = "relume/step"


@contextmanager
def _open(target: str | None) -> Iterator[Write]:
    import wandb

    if target is None and wandb.run is None:
        raise no_target("wandb", TARGET)
    run = wandb.run if target is None else _begun(target)
    assert run is not None
    run.define_metric(STEP, hidden=True)
    run.define_metric("relume/*", step_metric=STEP)

    joined = target is None
    held: int | None = None  # the row of W&B's that holds our last one

    def write(step: int, series: Mapping[str, float]) -> None:
        nonlocal held
        if joined and held == run.step:  # nothing of the training's came since
            run.log({}, commit=True)
        # Into the training's own row, which is not ended: W&B drops what comes to a row that has ended.
        run.log({**series, STEP: step}, commit=not joined)
        held = run.step if joined else None

    try:
        yield write
    finally:
        if target is not None:
            run.finish()


def _begun(target: str) -> Any:
    import wandb

    Path(target).mkdir(parents=True, exist_ok=True)  # else W&B writes to a temporary folder
    settings = wandb.Settings(
        silent=True, console="off", x_disable_stats=True, disable_git=True, save_code=False, disable_code=True
    )
    mode: Any = os.environ.get("WANDB_MODE", "offline")
    cache = os.environ.get("WANDB_CACHE_DIR", str(Path(target).absolute() / "cache"))  # also of its own log
    with variable("WANDB_CACHE_DIR", cache):
        return wandb.init(project=PROJECT, dir=target, mode=mode, reinit="create_new", settings=settings)


wandb = Exporter(
    name="wandb",
    open=_open,
    package="wandb",
    needs="relume[wandb]",
    target=TARGET,
    without_target="the run at work, `wandb.run`",
    citation="https://docs.wandb.ai",
)
