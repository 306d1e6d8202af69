"""A callback for the Trainer of transformers."""

from pathlib import Path
from typing import Any

from relume.errors import require

require("transformers", "accelerate", extra="transformers", purpose="relume.integrations.transformers")

from transformers import TrainerCallback

from relume.integrations.course import Course
from relume.integrations.training import Training, Wanted
from relume.types import Diagnosis


class RelumeCallback(TrainerCallback):
    """Watches a model while `Trainer.train` trains it, and says what is wrong with it at the end.

    The Trainer tells no callback of an exception: the run file then stays open, and holds every window that
    was closed.

    Parameters
    ----------
    into, every
        As in `relume.watch`.
    to, target
        As in `relume.export`.
    """

    def __init__(
        self,
        *,
        into: Path | str | None = None,
        every: int = 1,
        to: str | None = None,
        target: Path | str | None = None,
    ) -> None:
        self._wanted = Wanted(into=into, every=every, to=to, target=target)
        self._course = Course()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with the network; None until the training has ended."""
        return self._course.diagnosis

    def on_train_begin(self, args: Any, state: Any, control: Any, *, model: Any, **rest: Any) -> None:
        """Begin to watch."""
        self._course.begin(Training(model, self._wanted))

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Stop watching, and diagnose."""
        self._course.end()
