"""A callback for Keras 3 on its torch backend."""

from functools import wraps
from pathlib import Path
from typing import Any

from relume.errors import WatchError, require

require("keras", extra="keras", purpose="relume.integrations.keras")

import keras

from relume.integrations.course import Course
from relume.integrations.training import Training, Wanted
from relume.types import Diagnosis


class RelumeCallback(keras.callbacks.Callback):
    """Watches a model while `fit` trains it, and says what is wrong with it at the end.

    Keras tells no callback of an exception: the run file then stays open, and holds every window that was
    closed.

    Parameters
    ----------
    into, every
        As in `relume.watch`.
    to, target
        As in `relume.export`.

    Raises
    ------
    WatchError
        If Keras runs on another backend than torch.
    """

    def __init__(
        self,
        *,
        into: Path | str | None = None,
        every: int = 1,
        to: str | None = None,
        target: Path | str | None = None,
    ) -> None:
        super().__init__()
        if (backend := keras.backend.backend()) != "torch":
            raise WatchError(
                f"Keras runs on {backend}: relume watches PyTorch. Set KERAS_BACKEND=torch before Keras is "
                "imported."
            )
        self._wanted = Wanted(into=into, every=every, to=to, target=target)
        self._course = Course()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with the network; None until the training has ended."""
        return self._course.diagnosis

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin to watch."""
        _notify(self.model.optimizer, self._course.begin(Training(self.model, self._wanted)))

    def on_train_end(self, logs: Any = None) -> None:
        """Stop watching, and diagnose."""
        vars(self.model.optimizer).pop("apply", None)
        self._course.end()


def _notify(optimizer: Any, training: Training) -> None:
    """Have the steps of an optimiser of Keras told: it is none of torch's, and takes them in `apply`."""
    apply = type(optimizer).apply

    @wraps(apply)
    def noting_apply(*args: Any, **kwargs: Any) -> Any:
        training.watch.before_step()
        result = apply(optimizer, *args, **kwargs)
        training.note_loss()
        training.watch.step(float(optimizer.learning_rate))
        return result

    vars(optimizer)["apply"] = noting_apply  # past Keras's own tracking of attributes
