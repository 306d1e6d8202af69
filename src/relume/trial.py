"""Trains a copy of a model for a few steps under watch; the model itself is never touched."""

import copy
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from relume.errors import TrialError, said
from relume.probe.begin import watch
from relume.types import PerUnit, Trial

Batch = Any  # whatever the loss takes: mostly (inputs, targets)
Loss = Callable[..., Tensor]

DEFAULT_LEARNING_RATE = 1e-3  # of Adam, where no optimiser is given: what most people try first
SEED = 0


@dataclass
class Patient:
    """What a remedy may change: always a copy, never the user's own."""

    model: nn.Module
    optimizer: Optimizer
    loss: Loss  # of the model and a batch
    batches: Sequence[Batch]

    def copied(self) -> "Patient":
        """A patient of its own: the copied optimiser updates the copied model."""
        model, optimizer = copy.deepcopy((self.model, self.optimizer))
        return Patient(model, optimizer, self.loss, self.batches)


def admit(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    optimizer: Optimizer | None = None,
    steps: int,
) -> Patient:
    """A copy of a model and of what trains it, with as many batches as steps, at most.

    Parameters
    ----------
    loss
        A criterion of torch (`nn.CrossEntropyLoss()`, `F.mse_loss`), for batches of inputs and targets; or a
        function of the model and a batch. It returns a scalar.
    optimizer
        The one that trains `model`; Adam with a learning rate of 0.001, if none is given.

    Raises
    ------
    TrialError
        If there is no batch, or the model cannot be copied.
    """
    taken = tuple(islice(batches, steps))
    if not taken:
        raise TrialError("there is no batch to train on: batches is empty. Give a DataLoader or a list.")
    if optimizer is None:
        optimizer = Adam((p for p in model.parameters() if p.requires_grad), lr=DEFAULT_LEARNING_RATE)
    patient = Patient(model, optimizer, _of_model_and_batch(loss), taken)
    try:
        return patient.copied()
    except Exception as error:
        raise TrialError(
            f"the model cannot be copied ({said(error)}): {type(model).__name__}. Trials run on copies; "
            "detach the tensors that it keeps."
        ) from error


def run_trial(patient: Patient, *, steps: int, seed: int = SEED) -> Trial:
    """Train a patient for some steps under watch, with the random numbers of a seed.

    It ends at the first loss that is not finite.

    Raises
    ------
    TrialError
        If the loss is not a scalar, or the training fails; the message says at which batch.
    """
    with watch(patient.model, optimizer=patient.optimizer, parameter_share=1.0) as watched:
        losses = trained(patient, steps=steps, seed=seed, see=watched.loss)
    return Trial(losses=losses, readings=watched.readings())


def trained(
    patient: Patient, *, steps: int, seed: int = SEED, see: Callable[[Tensor], None] | None = None
) -> PerUnit:
    """The losses of the same training, which nobody watches; `see` is told each."""
    losses: list[float] = []
    with random_state_restored():
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - augmentations of the user's may draw from it
        for step in range(steps):
            place = step % len(patient.batches)
            loss = _loss_of(patient, place)
            if see is not None:
                see(loss)
            losses.append(float(loss.detach()))
            _update(patient, loss, place)
            if not np.isfinite(losses[-1]):
                break
    return np.array(losses)


@contextmanager
def random_state_restored() -> Iterator[None]:
    """Leave every generator as it was found: torch's on all devices, Python's and NumPy's."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002


def _of_model_and_batch(loss: Loss) -> Loss:
    module = str(getattr(loss, "__module__", ""))
    if not isinstance(loss, nn.Module) and not module.startswith(("torch.nn", "torch._C")):
        return loss

    def criterion(model: nn.Module, batch: Batch) -> Tensor:
        *inputs, targets = batch
        return loss(model(*inputs), targets)

    return criterion


def _update(patient: Patient, loss: Tensor, place: int) -> None:
    patient.optimizer.zero_grad()
    try:
        loss.backward()  # type: ignore[no-untyped-call]
        patient.optimizer.step()
    except Exception as error:
        told = f"batch {place}: no step can be taken ({said(error)}). Try loss.backward() on that batch."
        raise TrialError(told) from error


def _loss_of(patient: Patient, place: int) -> Tensor:
    try:
        loss: object = patient.loss(patient.model, patient.batches[place])
    except Exception as error:
        told = f"batch {place}: the loss cannot be computed ({said(error)}). Try it on that batch."
        raise TrialError(told) from error
    if isinstance(loss, Tensor) and loss.numel() == 1:
        return loss
    what = (
        f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
    )
    raise TrialError(f"batch {place}: the loss is {what}, not a scalar. Return loss.mean().")
