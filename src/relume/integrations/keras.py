"""A callback for Keras 3 on its torch backend."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
        with _as_a_tree(self.model):
            training = self._course.begin(Training(self.model, self._wanted))
        _notify(self.model.optimizer, training)

    def on_train_end(self, logs: Any = None) -> None:
        """Stop watching, and diagnose."""
        vars(self.model.optimizer).pop("apply", None)
        self._course.end()


@contextmanager
def _as_a_tree(model: Any) -> Iterator[None]:
    """Show layers and variables as torch's modules and parameters: Keras keeps them in lists of its own.

    A watch looks at them once, when it begins.
    """
    layers = model._flatten_layers()
    kept = [(layer, layer._modules, layer._parameters) for layer in layers]
    for layer in layers:
        children = layer._flatten_layers(include_self=False, recursive=False)
        own = layer._trainable_variables
        vars(layer)["_modules"] = _by_name((child.name, child) for child in children)
        vars(layer)["_parameters"] = _by_name((variable.name, variable.value) for variable in own)
    try:
        yield
    finally:
        for layer, modules, parameters in kept:
            vars(layer).update(_modules=modules, _parameters=parameters)


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Of several of one name, the later ones with a number behind it; a path has no further dots."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        word = name.replace(".", "_")
        names = itertools.chain([word], (f"{word}_{number}" for number in itertools.count(2)))
        found[next(each for each in names if each not in found)] = value
    return found


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
