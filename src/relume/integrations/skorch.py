"""A callback for the networks of skorch."""

from pathlib import Path
from typing import Any

from relume.errors import require

require("skorch", extra="skorch", purpose="relume.integrations.skorch")

from skorch.callbacks import Callback

from relume.integrations.course import Course
from relume.integrations.training import Training, Wanted
from relume.types import Diagnosis


class RelumeCallback(Callback):
    """Watches a network while `fit` trains it, and says what is wrong with it at the end.

    skorch copies callbacks: ask `net.callbacks_` for the one that was at work.

    Parameters
    ----------
    into, every
        As in `relume.watch`.
    to, target
        As in `relume.export`.
    """

    def __init__(
        self,
        into: Path | str | None = None,
        every: int = 1,
        to: str | None = None,
        target: Path | str | None = None,
    ) -> None:
        # As scikit-learn clones it: an attribute for each parameter, and an underscore behind all others.
        self.into, self.every, self.to, self.target = into, every, to, target
        self.course_ = Course()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with the network; None until the training has ended."""
        return self.course_.diagnosis

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **rest: Any) -> None:  # noqa: N803 - skorch's
        """Begin to watch."""
        wanted = Wanted(into=self.into, every=self.every, to=self.to, target=self.target)
        self.course_.begin(Training(net.module_, wanted))

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **rest: Any) -> None:  # noqa: N803 - skorch's
        """Stop watching, and diagnose."""
        self.course_.end()
