"""Watches a model train: what its activations and parameters do at every step, without changing any of it."""

import itertools
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from rich.console import RenderableType
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from relume.errors import UnseenWarning, said
from relume.probe import scaling
from relume.probe.alarms import Alarms
from relume.probe.attachment import Attachment, Listener
from relume.probe.ends import ends_part
from relume.probe.modules import named_parameters
from relume.probe.parameters import ParameterMeters
from relume.probe.ranks import gathered
from relume.probe.record import ByPhase, Receiver, Record
from relume.probe.slots import INPUT, Slots
from relume.probe.steps import StepLog
from relume.probe.summary import as_text, readings_table
from relume.probe.updaters import Updaters, is_closure_in
from relume.probe.window import read_part
from relume.runfile.writer import Writer
from relume.types import Diagnosis, Phase, Readings

_numbers = itertools.count()


class Watch:
    """A model under watch; made by `relume.watch`."""

    def __init__(
        self,
        model: nn.Module,
        *,
        every: int,
        window: int,
        optimizers: Iterable[Optimizer] | None,
        slots: Slots,
        writer: Writer | None,
        parameter_share: float,
    ) -> None:
        self._model, self._every, self._window = model, every, window
        self._slots, self._writer = slots, writer
        self._receivers: list[Receiver] = []
        parameters = named_parameters(model)
        self._updaters = Updaters(parameters.values(), optimizers)
        self._meters = ParameterMeters(parameters, share=parameter_share)
        self._log = StepLog()
        self._step = self._part_start = self._watched = 0
        self._record = Record(window)
        self._settled_alarms = Alarms()
        self._scale: Tensor | None = None  # of the step at work, if a GradScaler takes it
        self._scaled_step = -1
        self._was_scaled = False  # whether any step was: all gradients are then settled step by step
        self._attachment = Attachment(model, slots, next(_numbers))
        self._hooks = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        scaling.listen(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(failure=said(error) if error else "")

    def __repr__(self) -> str:
        sites = sum(slot.site.path != INPUT for slot in self._slots.of_phase("training"))
        return f"<Watch of {type(self._model).__name__}: {sites} sites, {self._step} steps>"

    def __str__(self) -> str:
        return as_text(readings_table(self.readings()))

    def __rich__(self) -> RenderableType:
        return readings_table(self.readings())

    def loss(self, loss: Tensor | float) -> None:
        """Note the loss of the step at work; several of one step are averaged.

        Parameters
        ----------
        loss
            A scalar, of shape []; it stays on its device until the window closes.
        """
        if self._slots.is_on:
            self._log.note_loss(loss)

    def readings(self, phase: Phase = "training") -> Readings:
        """What was seen since the watch began; closes the window at work.

        Parameters
        ----------
        phase
            "training", or "evaluation": what passed while the model was in evaluation mode, or no graph was
            kept.
        """
        self._close_window()
        return self._record.total(phase)

    def diagnose(self) -> Diagnosis:
        """What is wrong with the network, judged by all that was seen of its training."""
        import relume  # by its public name, when it is asked for: rules stand above what they judge

        return relume.diagnose(self.readings())

    def report(self, path: Path | str) -> None:
        """Write a page on the training; with a run file (`into`), it shows every window.

        Parameters
        ----------
        path
            Of the page, one HTML file.

        Raises
        ------
        MissingExtraError
            bokeh or jinja2 is not installed.
        TargetError
            Nothing can be written there.
        """
        import relume  # by its public name, as for `diagnose`

        readings = self.readings()
        source = readings if self._writer is None else self._writer.path
        relume.write_report(source, path, readings=readings)

    def gathered(self, phase: Phase = "training") -> Readings:
        """What all ranks of a distributed run saw; every rank has to call it.

        Parameters
        ----------
        phase
            As in `readings`.

        Raises
        ------
        WatchError
            If torch.distributed has not been initialised.
        """
        return gathered(self.readings(phase))

    def before_step(self) -> None:
        """Say that a step is about to be taken, where no optimiser of torch.optim takes it.

        Then `step` measures the parameters too; without it, steps alone are counted.
        """
        if self._slots.is_on:
            self._meters.before_step(None, has_gradients=True)

    def step(self, learning_rate: float = float("nan")) -> None:
        """Say that a step has ended, where no optimiser of torch.optim takes it.

        Parameters
        ----------
        learning_rate
            The one it was taken with; nan if it is not known.
        """
        if self._slots.is_on:
            self._meters.after_step(has_gradients=True)
        self._end_step(learning_rate)

    def give_way(self) -> None:
        """Close by itself once somebody else watches the model, who would be refused otherwise."""
        self._attachment.gives_way = self.close

    def tell(self, listener: Listener | None) -> None:
        """Tell somebody of each pass through the whole model; nobody any more, if None."""
        self._attachment.listener = listener

    def on_window(self, receive: Receiver) -> None:
        """Call a function with every window of training or evaluation as it closes.

        Parameters
        ----------
        receive
            Called with the readings of the window, its phase, and the sum of all windows so far.
        """
        self._receivers.append(receive)

    def off_window(self, receive: Receiver) -> None:
        """Call a function no longer that was given to `on_window`.

        Parameters
        ----------
        receive
            The same one.
        """
        self._receivers.remove(receive)

    def close(self) -> None:
        """Stop watching, and leave the model as it was found. What was seen can still be read."""
        self._close(failure="")

    def _close(self, *, failure: str) -> None:
        if self._attachment.is_closed:
            return
        self._attachment.close()
        for hook in self._hooks:
            hook.remove()
        scaling.stop_listening(self)
        self._close_window()
        if self._writer is not None:
            self._writer.close(failure=failure)

    def begin_scaled_step(self, optimizer: Optimizer, scale: Tensor) -> None:
        """Heed a GradScaler: see `relume.probe.scaling`."""
        if optimizer in self._updaters:
            self._scale, self._scaled_step = scale, self._step
            self._was_scaled = True

    def end_scaled_step(self, optimizer: Optimizer) -> None:
        """Forget the gradients of a step that overflowed: the scaler lowers its factor; nothing is wrong."""
        if self._scale is not None and self._step == self._scaled_step:
            self._settle(kept=torch.tensor(False))
        self._scale = None

    def _before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._slots.is_on and optimizer in self._updaters:
            scale: Tensor | None = getattr(optimizer, "grad_scale", None)  # set while a fused kernel unscales
            self._meters.before_step(scale, has_gradients=not is_closure_in(args, kwargs))

    def _after_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if optimizer not in self._updaters:
            return
        if self._slots.is_on:
            self._meters.after_step(has_gradients=not is_closure_in(args, kwargs))
        if self._was_scaled:
            found: Tensor | None = getattr(optimizer, "found_inf", None)  # a fused kernel skips by itself
            self._settle(kept=None if found is None else found.reshape(()) == 0)
        learning_rate = optimizer.param_groups[0]["lr"]
        self._end_step(float("nan") if isinstance(learning_rate, Tensor) else float(learning_rate))

    def _settle(self, kept: Tensor | None) -> None:
        scale = torch.ones(()) if self._scale is None else self._scale
        for slot in self._slots.by_call.values():
            slot.gradient.settle(scale, kept)
            slot.passed.settle(scale, kept)
        self._settled_alarms.settle(self._slots.gradient_alarms, kept)

    def _end_step(self, learning_rate: float) -> None:
        slots = self._slots
        self._log.end_step(
            self._step, examples=slots.examples, learning_rate=learning_rate, is_watched=slots.is_on
        )
        self._step += 1
        self._watched += slots.is_on
        slots.examples = 0
        slots.is_on = self._step % self._every == 0
        if slots.is_on:
            for alarms in (slots.value_alarms, slots.gradient_alarms):
                alarms.start_step(self._step)
        if len(self._log) + self._record.steps_at_work >= self._window:
            self._close_window()
        elif self._watched < self._window and ends_part(self._watched):
            self._read_part()

    def _read_part(self) -> None:
        """Take over what has added up since the last time."""
        self._record.add(self._read())
        self._part_start = self._step

    def _close_window(self) -> None:
        self._read_part()
        receivers = [*([self._writer.write] if self._writer is not None else ()), *self._receivers]
        for phase, readings in self._record.close_window().items():
            for receive in receivers if readings or len(readings.steps) else ():
                receive(readings, phase=phase, total=self._record.so_far(phase))

    def _read(self) -> ByPhase:
        slots = self._slots
        part = read_part(
            slots,
            range(self._part_start, max(self._step, self._part_start + 1)),
            alarms=(slots.value_alarms, slots.gradient_alarms, self._settled_alarms),
            parameters=self._meters.read(self._updaters.learning_rates(), self._updaters.left_out()),
            steps=self._log.read(),
            settings=self._updaters.settings(),
        )
        training = part["training"]
        is_seen = training.readings or training.input is not None or slots.not_seen
        if len(training.steps) and not is_seen:
            warnings.warn(_unseen(self._model, len(training.steps)), UnseenWarning, stacklevel=4)
        return part


def _unseen(model: nn.Module, steps: int) -> str:
    return (
        f"{steps} optimiser steps were watched, but no activation of {type(model).__name__} was seen. "
        "Watch the very model that is trained: not a copy, and not one whose forward was replaced since."
    )
