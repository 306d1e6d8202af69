"""One training under watch, from its first step to a diagnosis: what every framework's callback holds."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch.distributed as dist
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from relume.diagnosis.diagnose import diagnose
from relume.integrations.export import exporting, streaming
from relume.integrations.exporters.exporter import Write
from relume.probe.begin import watch
from relume.probe.losses import Losses, listening
from relume.probe.modules import inner_of, named_parameters
from relume.probe.updaters import Updaters
from relume.probe.watch import Watch
from relume.types import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user asks of a watched training."""

    into: Path | str | None = None  # the run file; of each rank, `-rank0` and so on, where there are several
    every: int = 1  # watch one step of so many
    to: str | None = None  # the name of a tracker
    target: Path | str | None = None  # what the tracker writes to


class Training:
    """A context in which a model is trained: its steps, losses and parameters are noted.

    The loss of a step is what `backward()` was called on, the sum where it was called several times.
    """

    def __init__(
        self,
        model: nn.Module,
        wanted: Wanted,
        *,
        optimizers: Iterable[Optimizer] | None = None,
        write: Write | None = None,
    ) -> None:
        self.watch: Watch
        self.diagnosis: Diagnosis | None = None  # from the end on
        self._model, self._wanted, self._write = model, wanted, write
        self._optimizers = None if optimizers is None else list(optimizers)
        self._losses = Losses()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        wanted = self._wanted
        with ExitStack() as stack:
            stack.enter_context(listening(self._losses))
            updaters = Updaters(named_parameters(inner_of(self._model)).values(), self._optimizers)

            def note(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
                if optimizer in updaters:
                    self.note_loss()

            # Before the watch's own hook, which ends the step: the loss has to be there by then.
            stack.callback(register_optimizer_step_post_hook(note).remove)
            self.watch = stack.enter_context(
                watch(self._model, every=wanted.every, optimizer=self._optimizers, into=_of_rank(wanted.into))
            )
            if wanted.to is not None and _rank() == 0:
                stack.enter_context(exporting(self.watch, wanted.to, wanted.target))
            if self._write is not None and _rank() == 0:
                stack.enter_context(streaming(self.watch, self._write))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A rank that failed must not wait for the others, nor they for it.
        are_ranks_at_hand = error is None and _ranks() > 1
        try:
            readings = self.watch.gathered() if are_ranks_at_hand else self.watch.readings()
            self.diagnosis = diagnose(readings)
        finally:
            self._stack.__exit__(kind, error, trace)

    def note_loss(self) -> None:
        """Give the watch the loss of the step that ends."""
        loss = self._losses.total()
        if loss is not None:
            self.watch.loss(loss)
        self._losses.used()


def _of_rank(into: Path | str | None) -> Path | str | None:
    if into is None or _ranks() == 1:
        return into
    path = Path(into)
    return path.with_name(f"{path.stem}-rank{_rank()}{path.suffix}")


def _ranks() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def _rank() -> int:
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0
