"""What listens while a script trains: it meets the optimisers, and has the models they update watched."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from weakref import WeakSet

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from relume.errors import RelumeError, UnseenWarning, WatchError, said
from relume.launch.changes import Changes
from relume.launch.changing import Changing, FirstCall
from relume.launch.files import RunFiles
from relume.launch.owners import models_of
from relume.launch.program import EnoughSteps
from relume.launch.rehearsal import Rehearsal
from relume.probe.begin import watch
from relume.probe.losses import Losses, listening, replaced
from relume.probe.modules import inner_of
from relume.probe.watch import Watch
from relume.types import Readings


@dataclass(eq=False)
class Watched:
    """A model under watch."""

    model: nn.Module
    name: str
    path: Path
    optimizers: "WeakSet[Optimizer]"
    watch: Watch | None = None  # none until its first forward pass, where it is changed there
    rehearsal: Rehearsal | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a model."""

    name: str
    path: Path
    readings: Readings
    rehearsal: Rehearsal | None = None  # where a repair can be tried


@dataclass
class Session:
    """All that is watched while one script runs."""

    files: RunFiles
    changes: Changes
    every: int = 1
    stop_after: int | None = None  # steps of one model
    on_step: Callable[["Session"], None] | None = None
    rehearses: bool = False  # keeps what a repair can be tried on at the end
    watched: list[Watched] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)  # what could not be watched, and why
    losses: Losses = field(default_factory=Losses)

    def __post_init__(self) -> None:
        self.changing = Changing(self.changes)
        self._process = os.getpid()
        self._met: WeakSet[Optimizer] = WeakSet()
        self.losses.then = self._on_backward

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Meet every optimiser that is made from now on."""
        init = Optimizer.__init__

        @wraps(init)
        def meeting_init(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            init(optimizer, *args, **kwargs)
            self._meet(optimizer)

        with ExitStack() as stack:
            stack.enter_context(replaced(Optimizer, "__init__", meeting_init))
            stack.enter_context(listening(self.losses))
            # Before any watch's: it ends a step in its hook, and the loss has to be there by then.
            for hook in (
                register_optimizer_step_pre_hook(self._before_step),
                register_optimizer_step_post_hook(self._after_step),
            ):
                stack.callback(hook.remove)
            os.register_at_fork(after_in_child=self._leave_to_the_parent)
            # A model without activations is no fault of the script's.
            warnings.filterwarnings("ignore", category=UnseenWarning)
            yield

    def finish(self, error: BaseException | None) -> None:
        """Close all watches; what was seen is in `seen`."""
        while self.watched:
            self._close(self.watched[0], error)

    def _meet(self, optimizer: Optimizer) -> None:
        """Watch the models of a new optimiser."""
        if os.getpid() != self._process:
            return  # nothing of a forked process is told
        self._met.add(optimizer)
        with self._safely():
            self.changing.meet(optimizer)
            for each in [each for each in self.watched if not each.optimizers]:
                self._close(each, None)  # a model whose training is over, as of a search over settings
            self._watch_models()

    def _watch_models(self) -> None:
        models = models_of(self._met)
        inner = {id(inner_of(model)) for model in models}
        for each in [each for each in self.watched if each.steps == 0 and id(each.model) not in inner]:
            self._close(each, None)  # another optimiser has come: its parts are watched apart
        for model in models:
            known = next((each for each in self.watched if each.model is inner_of(model)), None)
            owners = [each for each in self._met if _updates(each, model)]
            if known is not None:
                known.optimizers.update(owners)
            elif not self._is_within_watched(model):
                self._take(model, owners)

    def _is_within_watched(self, model: nn.Module) -> bool:
        inside = {id(module) for each in self.watched for module in each.model.modules()}
        return any(id(module) in inside for module in model.modules())

    def _take(self, model: nn.Module, owners: list[Optimizer]) -> None:
        inner = inner_of(model)
        name = type(inner).__name__
        taken = Watched(inner, name, self.files.path_for(name), WeakSet(owners))
        self.watched.append(taken)
        if not self.changing.need_a_batch:
            self._watch(taken)
            self._rehearse(taken, model)
            return

        def change(args: Any, kwargs: Any) -> None:
            with self._safely():
                self.changing.change(inner, owners[0], args, kwargs)
            with self._safely():
                self._watch(taken)
                self._rehearse(taken, model)

        FirstCall(model, change).put()

    def _watch(self, taken: Watched) -> None:
        try:
            taken.watch = watch(taken.model, every=self.every, optimizer=taken.optimizers, into=taken.path)
            taken.watch.give_way()
        except WatchError:  # the script watches it by itself
            self.watched.remove(taken)
            taken.path.unlink(missing_ok=True)

    def _rehearse(self, taken: Watched, model: nn.Module) -> None:
        """Where it is one plain model with one optimiser, in one process."""
        is_plain = model is taken.model and len(taken.optimizers) == 1 and self.files.rank is None
        if self.rehearses and is_plain and taken.watch is not None:
            taken.rehearsal = Rehearsal(taken.model, next(iter(taken.optimizers)))
            taken.watch.tell(taken.rehearsal)

    def _on_backward(self, loss: Tensor) -> None:
        for each in self.watched:
            if each.rehearsal is not None:
                with self._safely():
                    each.rehearsal.backward(loss)

    @contextmanager
    def _safely(self) -> Iterator[None]:
        """Whatever goes wrong in here must not reach the script."""
        try:
            yield
        except Exception as error:
            self.troubles.append(str(error) if isinstance(error, RelumeError) else said(error))

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        if self.stop_after is not None and any(each.steps >= self.stop_after for each in self.watched):
            raise EnoughSteps
        for each in self.watched:
            if each.rehearsal is not None:
                with self._safely():
                    each.rehearsal.before_step()
                    if each.rehearsal.is_over and each.watch is not None:
                        each.watch.tell(None)
        return self.changing.before_step(optimizer, args, kwargs)

    def _after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        loss = self.losses.total()
        for each in self.watched:
            if optimizer in each.optimizers and each.watch is not None:
                each.steps += 1
                if loss is not None:
                    each.watch.loss(loss)
        self.losses.used()
        if self.on_step is not None:
            self.on_step(self)

    def _close(self, watched: Watched, error: BaseException | None) -> None:
        self.watched.remove(watched)
        if watched.rehearsal is not None:
            watched.rehearsal.close()
        if watched.watch is not None:
            with self._safely():
                readings = watched.watch.readings()
                if watched.steps:
                    self.seen.append(Seen(watched.name, watched.path, readings, watched.rehearsal))
            with self._safely():
                watched.watch.__exit__(type(error) if error else None, error, None)
        if not watched.steps:
            watched.path.unlink(missing_ok=True)

    def _leave_to_the_parent(self) -> None:
        """In a forked process: write nothing. Hooks stay, for torch must not be called here."""
        for each in self.watched:
            if each.watch is not None:
                each.watch._writer = None  # which would refuse, in the middle of the script's step
        self.watched.clear()
        self.stop_after = None


def _updates(optimizer: Optimizer, model: nn.Module) -> bool:
    ids = {id(parameter) for parameter in model.parameters()}
    return any(id(parameter) in ids for group in optimizer.param_groups for parameter in group["params"])
