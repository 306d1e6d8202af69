"""A callback for Lightning's Trainer."""

from collections.abc import Mapping
from pathlib import Path

from relume.errors import require

require("lightning", extra="lightning", purpose="relume.integrations.lightning")

from lightning.pytorch import Callback, LightningModule, Trainer

from relume.integrations.course import Course
from relume.integrations.exporters.exporter import Write
from relume.integrations.training import Training, Wanted
from relume.types import Diagnosis

LOGGERS = "lightning"  # `to`: the Trainer's own loggers


class RelumeCallback(Callback):
    """Watches a LightningModule while `Trainer.fit` trains it, and says what is wrong with it at the end.

    Parameters
    ----------
    into, every
        As in `relume.watch`.
    to
        "lightning" writes the series to the Trainer's own loggers; the name of a tracker, to that one.
    target
        What that tracker writes to, as in `relume.export`.
    """

    def __init__(
        self,
        *,
        into: Path | str | None = None,
        every: int = 1,
        to: str | None = None,
        target: Path | str | None = None,
    ) -> None:
        tracker = None if to == LOGGERS else to
        self._wanted = Wanted(into=into, every=every, to=tracker, target=target)
        self._is_for_loggers = to == LOGGERS
        self._course = Course()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with the network; None until the training has ended."""
        return self._course.diagnosis

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to watch: optimisers are there, and what is validated before the training is over."""
        write = _to_loggers(trainer) if self._is_for_loggers else None
        self._course.begin(Training(pl_module, self._wanted, optimizers=trainer.optimizers, write=write))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop watching, and diagnose."""
        self._course.end()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Stop watching, and diagnose what was seen."""
        self._course.end(exception)


def _to_loggers(trainer: Trainer) -> Write:
    def write(step: int, series: Mapping[str, float]) -> None:
        for logger in trainer.loggers:
            logger.log_metrics(dict(series), step=step)

    return write
