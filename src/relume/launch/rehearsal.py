"""A repair tried on the first batches of a script, when that has ended: it is not run again."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import _get_current_function_mode_stack

from relume.errors import RelumeError, said
from relume.launch.tape import Tape, bytes_of, loss_of
from relume.remedies.attempts import final_loss
from relume.remedies.repair import STEPS, repair
from relume.types import Readings, Repair, Steps

MOST_BATCHES = 30
MOST_BYTES = 64 << 20  # of batches, and of the weights at the start: nobody misses as much
MOST_SECONDS = 180.0  # that all trials may take, as far as can be told before
USUAL_TRIALS = 60  # as long as which a repair takes, with its comparisons of rates: the median of ten faults
ELSEWHERE = "relume repair tries some on the script itself."


class Rehearsal:
    """The first batches of a model, how its loss was made of them, and its weights before the first step.

    Nothing is put on the model, which a script may copy or save while this goes on.
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer) -> None:
        self.model, self.optimizer = model, optimizer
        self.batches: list[tuple[Any, ...]] = []
        self.trouble = _why_not(model)
        self._bytes = 0  # that the batches hold
        self._start: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        self._tape: Tape | None = None  # in its place until the next step, or forward pass

    @property
    def is_over(self) -> bool:
        """Whether nothing more is recorded."""
        return bool(self.trouble) or len(self.batches) >= MOST_BATCHES or self._bytes >= MOST_BYTES

    def backward(self, loss: Tensor) -> None:
        """A backward pass begins at this tensor."""
        if self._tape is None or not self._tape.is_on:
            return
        batch = self._tape.ended(loss)
        if batch is None:
            self.trouble = "its loss is not made of its outputs alone"
        else:
            self.batches.append(batch)
            self._bytes += bytes_of(batch)

    def before_step(self) -> None:
        """Leave torch's functions alone until the next forward pass."""
        self._take_away()

    def close(self) -> None:
        """Record nothing more."""
        if self._tape is not None:
            self._tape.is_on = False
            self._take_away()

    def repaired(self) -> Repair:
        """Try repairs of the model as it was before the first step, on copies.

        Raises
        ------
        RelumeError
            If it cannot be: why, for people.
        """
        if self.trouble or not self.batches or self._start is None:
            raise RelumeError(self.trouble or "no step was recorded")
        model, optimizer = copy.deepcopy((self.model, self.optimizer))
        weights, settings = self._start
        with torch.no_grad():
            for name, value in _tensors(model):
                value.copy_(weights[name])
        optimizer.load_state_dict(settings)
        return repair(model, self.batches, loss_of, optimizer=optimizer)

    def before_forward(self) -> None:
        """A pass through the model is about to begin."""
        if self._start is None and not self.trouble and _is_training(self.model):
            with self._safely():
                weights = {name: value.detach().clone() for name, value in _tensors(self.model)}
                self._start = weights, copy.deepcopy(self.optimizer.state_dict())

    def after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        """One has ended: listen to what is made of its outputs."""
        if self.is_over or not _is_training(self.model):
            return
        self._take_away()
        if _modes() or torch.is_autocast_enabled():
            self.trouble = "it is called several times a step, or under autocast"
            return
        with self._safely():
            self._tape = Tape(self.model, args, kwargs, outputs)
            self._tape.__enter__()  # type: ignore[no-untyped-call]

    @contextmanager
    def _safely(self) -> Iterator[None]:
        """Whatever goes wrong in here must not reach the script, in whose forward pass it is."""
        try:
            yield
        except Exception as error:
            self.trouble = said(error)

    def _take_away(self) -> None:
        """Leave the stack of torch's modes, if nobody has put another one upon ours."""
        if self._tape is None or self._tape.is_on:
            return
        if _modes()[-1:] == [self._tape]:
            self._tape.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self._tape = None


def _modes() -> list[object]:
    """The modes of torch's functions that are in place, the innermost last."""
    found: list[object] = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    return found


def _is_training(module: nn.Module) -> bool:
    return module.training and torch.is_grad_enabled()


def told(rehearsal: Rehearsal, readings: Readings) -> list[str]:
    """What a repair came to, for people; or why none was tried."""
    expected = _seconds_a_step(readings.steps) * STEPS * USUAL_TRIALS
    if expected > MOST_SECONDS:
        return [f"No repair was tried: it would take {expected / 60:.0f} minutes. {ELSEWHERE}"]
    try:
        found = rehearsal.repaired()
    except Exception as error:  # of the script's model too, which was not made to be copied
        why = str(error) if isinstance(error, RelumeError) else said(error)
        return [f"No repair was tried: {why}. {ELSEWHERE}"]
    where = f"in {STEPS} steps on the first {len(rehearsal.batches)} batches"
    if not found.remedies:
        return [f"No remedy lowered the loss {where}. {ELSEWHERE}"]
    before, after = final_loss(found.before), final_loss(found.after)
    done = found.after.setting
    return [
        f"Repair, proved {where}: loss {before:.3g} as it is, {after:.3g} with",
        *(f"  {name}: {done[name]}" for name in found.remedies),
    ]


def _seconds_a_step(steps: Steps) -> float:
    known = steps.seconds[np.isfinite(steps.seconds)]
    return float(np.median(known)) if len(known) else 0.0


def _tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


def _why_not(model: nn.Module) -> str:
    if sum(value.numel() * value.element_size() for _, value in _tensors(model)) > MOST_BYTES:
        return "its weights are too many to keep a copy"
    if model._forward_hooks or model._forward_pre_hooks:
        return "it has forward hooks"
    return "it is compiled" if model._compiled_call_impl is not None else ""
